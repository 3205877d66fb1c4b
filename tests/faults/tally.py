"""What the fault tests ran, for the end of the report; a plugin, which adds up what workers ran."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass
class Tally:
    """Runs by what was struck, a function or a route, and by leg; and how many calls it makes."""

    runs: Counter[tuple[str, str]] = field(default_factory=Counter)
    calls: dict[str, int] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        for name in sorted({name for name, _ in self.runs}):
            legs = {leg: count for (of, leg), count in sorted(self.runs.items()) if of == name}
            each = ", ".join(f"{count} {leg}" for leg, count in legs.items())
            calls = f"{self.calls[name]} calls" if name in self.calls else "no call"
            yield f"faults: {sum(legs.values()):5} runs of {name} ({calls}): {each}"
        if self.runs:
            yield f"faults: {self.runs.total():5} runs in all"


TALLY = Tally()


def pytest_sessionfinish(session: pytest.Session) -> None:
    told: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["faults"] = (dict(TALLY.runs), TALLY.calls)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    # A worker that crashed tells nothing.
    runs, calls = getattr(node, "workeroutput", {}).get("faults", ({}, {}))
    TALLY.runs.update(runs)
    TALLY.calls.update(calls)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in TALLY.lines():
        terminalreporter.write_line(line)
