"""`make bench`: measure, hold the budgets, and write docs/performance.md."""

import argparse
import io
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import budgets, instructions, life, report, rounds, subjects
from benchmarks.processes import WORK, Layers, build
from benchmarks.results import BEFORE, Results, results
from benchmarks.rounds import Ratios
from benchmarks.routes import routes
from tests import stack as stacks
from tests.stack import EmulatedStack
from tools.local_cloud.emulator import start_ministack
from tools.template import ROOT

TARGET = ROOT / "docs" / "performance.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--instructions", action="store_true", help="only count instructions")
    parser.add_argument("--accept", action="store_true", help="make the counts the new baseline")
    parser.add_argument(
        "--only", nargs="+", metavar="FUNCTION", help="measure these, write nothing"
    )
    asked = parser.parse_args()
    # The emulator takes any credentials; the caller's own have no business here.
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    os.environ |= {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    layers = build()
    if asked.instructions or asked.accept:
        return instructions.check(layers, accept=asked.accept)
    with _emulator() as endpoint:
        if asked.only:
            return _show(layers, endpoint, asked.only)
        now = _measured(layers, endpoint)
    now.write(WORK / "results.json")
    before = Results.read(BEFORE)
    TARGET.write_text(report.text(now, before, layers))
    over = list(budgets.exceeded(now, before))
    print("\n".join(over) or f"Within all budgets; see {TARGET.relative_to(ROOT)}")
    return 1 if over else 0


@contextmanager
def _emulator() -> Iterator[str]:
    with (
        tempfile.TemporaryDirectory() as directory,
        start_ministack(Path(directory)) as emulator,
    ):
        yield emulator.endpoint_url


def _show(layers: Layers, endpoint: str, names: list[str]) -> int:
    found, _ = _ratios(layers, endpoint, names)
    for name, ratios in found.items():
        print(name, *(f"{kind} {value:.3f}" for kind, value in ratios.medians().items()))
    return 0


def _ratios(
    layers: Layers, endpoint: str, names: Collection[str] = ()
) -> tuple[dict[str, Ratios], dict[str, str]]:
    """Of all functions or some; and which route those serve that were asked."""
    stack = EmulatedStack(endpoint, "bench")
    stacks.use(stack)
    # The handlers that run in this process log as they always do.
    with redirect_stdout(io.StringIO()):
        asked = routes()
        groups = subjects.groups(layers, stack.environment(), asked)
        chosen = [one for one in groups if not names or not set(names).isdisjoint(one.names)]
        served = {route.function.file: route.name for route in asked}
        found = rounds.measure(
            chosen,
            subjects.floor(layers, stack.environment()),
            lambda name, ratios: budgets.is_known(name, ratios, served),
        )
    return found, served


def _measured(layers: Layers, endpoint: str) -> Results:
    found, served = _ratios(layers, endpoint)
    with redirect_stdout(io.StringIO()):
        # Where nothing else waits for a queue.
        lived = life.cost(EmulatedStack(endpoint, "life"))
    commit = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return results(
        found,
        served,
        lived,
        unclear=[name for name, one in found.items() if not budgets.is_clear(name, one, served)],
        commit=subprocess.check_output(commit, text=True).strip(),
        day=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    )


if __name__ == "__main__":
    sys.exit(main())
