"""What a leg of the suite does: counted over all its workers, and judged if the leg was whole.

A leg that does a tenth more for each function of the template than the baseline says has failed,
and one that has lost a tenth of its tests.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import shapes
from tests.faults.tally import TALLY
from tools.legs import COUNTS
from tools.template import functions

BASELINE = Path(__file__).with_suffix(".json")
TOLERANCE = 0.1
# The leg that uses all the expressions there are.
INTEGRATION = "integration"


class Counts:
    """What a leg does, over all its workers."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.problems: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.done["tests"] += report.when == "call"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        # A worker that crashed tells nothing.
        told = getattr(node, "workeroutput", {}).get("leg", {"requests": 0, "shapes": {}})
        self.done["requests"] += told["requests"]
        shapes.SEEN.update({name: shapes.Use(**use) for name, use in told["shapes"].items()})

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        told: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if told is not None:
            seen = {name: vars(use) for name, use in shapes.SEEN.items()}
            told["leg"] = {"requests": shapes.CALLS.total(), "shapes": seen}
            return
        self.done["requests"] += shapes.CALLS.total()
        self.done["fault runs"] += TALLY.runs.total()
        if path := os.environ.get(COUNTS):
            Path(path).write_text(json.dumps(+self.done))
        leg = session.config.getoption("leg")
        if leg and session.config.getoption("accept"):
            # Of a leg that failed, or was collected in part, nothing becomes the baseline.
            if session.exitstatus == pytest.ExitCode.OK:
                accept(leg, self.done)
        elif leg and session.exitstatus == pytest.ExitCode.OK:
            self.problems = [*grown(leg, self.done), *unused(leg)]
            if self.problems:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self.problems:
            terminalreporter.write_line(line, red=True)


def grown(leg: str, done: Mapping[str, int]) -> Iterator[str]:
    """In what a leg does more for each function than it did, if it has a baseline."""
    known = baseline().get(leg)
    if known is None:
        return
    for what in sorted(what for what, count in done.items() if count):
        now, before = per_function(done[what]), known.get(what)
        if before is None:
            yield f"nothing is known of the {what} of the leg {leg!r}: run `make baseline`"
        elif what == "tests" and now < before * (1 - TOLERANCE):
            yield f"the leg {leg!r} has {now} tests per function, and had {before}: are some lost?"
        elif now > before * (1 + TOLERANCE):
            yield (
                f"the leg {leg!r} does {now} {what} per function, {now / before - 1:.0%} more than"
                f" the baseline's {before}: make it do less, or accept it with `make baseline`"
            )


def unused(leg: str) -> Iterator[str]:
    """The expressions that moto judges for nobody."""
    if leg == INTEGRATION:
        for shape in sorted(shapes.listed().keys() - shapes.SEEN.keys()):
            yield f"no test uses this any more, `make baseline` forgets it: {shape}"


def accept(leg: str, done: Mapping[str, int]) -> None:
    counts = {what: per_function(count) for what, count in sorted(done.items()) if count}
    BASELINE.write_text(json.dumps(baseline() | {leg: counts}, indent=2, sort_keys=True) + "\n")
    if leg == INTEGRATION:
        shapes.write(shapes.SEEN)


def baseline() -> dict[str, dict[str, float]]:
    known: dict[str, dict[str, float]] = json.loads(BASELINE.read_text())
    return known


def per_function(count: int) -> float:
    return round(count / len(functions()), 1)
