"""`python -m tests.simulation.credits`: what `make test` looks at. More with `--faults 2`."""

import argparse
import os
import sys
import time
from dataclasses import replace

os.environ |= {"POWERTOOLS_TRACE_DISABLED": "true", "AWS_DEFAULT_REGION": "us-east-1"}
sys.path.insert(0, "layers/shared/python")

from tests.simulation.credits import scenarios  # noqa: E402 -- reads what is set above
from tests.simulation.credits.enumeration import Enumeration, Found  # noqa: E402


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _show(found: Found, seconds: float) -> None:
    _say(
        f"{found.scenario:36} {found.states:8} states {found.ends:7} ends"
        f" {seconds:6.1f} s {'complete' if found.is_whole else 'cut'}"
    )
    if found.problems:
        _say("   " + "\n   ".join([*found.problems, *found.trace]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, help="how many strike at most")
    parser.add_argument("--failures", type=int, help="of how much of the work")
    parser.add_argument("--most", type=int, default=1_000_000, help="states of each scenario")
    parser.add_argument("--only", default="", help="the scenarios with this in their name")
    asked = parser.parse_args()
    depth = {name: n for name in ("faults", "failures") if (n := getattr(asked, name)) is not None}
    failed = False
    for scenario in scenarios.ALL:
        if asked.only in scenario.name:
            began = time.process_time()
            found = Enumeration(replace(scenario, **depth)).run(asked.most)
            _show(found, time.process_time() - began)
            failed |= bool(found.problems)
    sys.exit(failed)


if __name__ == "__main__":
    main()
