"""Replay: `python -m tests.simulation --seed 1234`, or `--seeds 0-999` to look for more.

`--bugs` notes anew by which seed each seeded bug is seen.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

os.environ |= {"POWERTOOLS_TRACE_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1"}
sys.path.insert(0, "layers/shared/python")

from tests.simulation import search  # noqa: E402 -- reads what is set above
from tests.simulation.world import Run, simulate  # noqa: E402

PROCESSES = 4


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _show(run: Run) -> None:
    _say(
        f"seed {run.seed}, {run.weather}: {run.dials} dials, {run.faults} faults,"
        f" {len(run.problems)} problems, lasted {run.lasted}, trace {run.digest[:12]}"
    )


def _search(seeds: Iterable[int]) -> int:
    failed, began, tried = 0, time.monotonic(), 0
    with ProcessPoolExecutor(min(os.cpu_count() or 1, PROCESSES)) as processes:
        for run in processes.map(simulate, seeds):
            tried += 1
            if run.problems:
                failed += 1
                _show(run)
                _say("   " + "\n   ".join(run.problems[:5]))
    _say(f"{failed} of {tried} seeds failed, {time.monotonic() - began:.1f} s")
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seeds", type=_seeds, default=range(100))
    parser.add_argument("--bugs", action="store_true")
    asked = parser.parse_args()
    if asked.bugs:
        search.renew()
        return
    if asked.seed is None:
        sys.exit(bool(_search(asked.seeds)))
    run = simulate(asked.seed)
    _say("\n".join(run.trace))
    _show(run)
    sys.exit(bool(run.problems))


if __name__ == "__main__":
    main()
