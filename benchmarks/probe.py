"""Runs in the measured process, and by itself: what a function costs until it has answered.

The job comes in as JSON, the readings go out as JSON on standard error; standard output is the
function's, for its log. The clock is the CPU time of the whole process, from its first instruction.
It ends as Lambda ends an environment: nothing is torn down.
"""

import json
import os
import sys
import time
from importlib import import_module
from types import ModuleType
from typing import Any

WARM_UP = 20


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 25_000


def main() -> None:
    job = json.load(sys.stdin)
    readings: dict[str, Any] = {}
    exec(job["init"])  # noqa: S102 -- the benchmark's own
    readings["init"] = time.process_time()
    if job["events"]:
        serve = import_module(job["module"]).handler
        first, *events = job["events"]
        answers = [serve(first, Context())]
        readings["first"] = time.process_time()
        answers += [serve(event, Context()) for event in events[:WARM_UP]]
        began = time.process_time()
        answers += [serve(event, Context()) for event in events[WARM_UP:]]
        readings["warm"] = (time.process_time() - began) / len(events[WARM_UP:])
        readings["statuses"] = sorted({answer["statusCode"] for answer in answers})
    readings["uncompiled"] = [name for name, module in sys.modules.items() if _lacks_code(module)]
    sys.stdout.flush()
    sys.stderr.write("\n" + json.dumps(readings) + "\n")
    sys.stderr.flush()
    os._exit(0)


def _lacks_code(module: ModuleType) -> bool:
    """Whether it was compiled on the way, which Lambda does for the function's own file alone."""
    spec = getattr(module, "__spec__", None)
    file, cached = getattr(spec, "origin", None), getattr(spec, "cached", None)
    if not cached or not file.endswith(".py"):
        return False
    if file.rpartition(os.sep)[0] == os.environ["LAMBDA_TASK_ROOT"]:
        return False
    return not os.access(cached, os.R_OK)


main()
