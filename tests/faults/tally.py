"""What the fault tests ran, for the end of the report; a plugin, which adds up what workers ran."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass
class Tally:
    runs: Counter[str] = field(default_factory=Counter)
    calls: dict[str, int] = field(default_factory=dict)

    def lines(self) -> Iterator[str]:
        for name, count in sorted(self.runs.items()):
            calls = f" ({self.calls[name]} calls)" if name in self.calls else ""
            yield f"faults: {count:5} runs of {name}{calls}"
        if self.runs:
            yield f"faults: {sum(self.runs.values()):5} runs in all"


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
