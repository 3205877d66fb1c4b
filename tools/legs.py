"""The suite, leg by leg, with what each took at the end: `python -m tools.legs test`, or `quick`.

Seconds are noise, counts are not: `tests/legs.py` counts what a leg does and judges it.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from tools.template import ROOT

# Where a leg of tests leaves its counts.
COUNTS = "LEG_COUNTS"
PYTEST = ("-m", "pytest", "-q", "--numprocesses", "auto", "--maxprocesses", "4")
# A file's tests stay together, since they share what is made once for them: or, where a file is
# most of its leg, those that say what they share.
TOGETHER, APART = ("--dist", "loadfile"), ("--dist", "loadgroup")
# Who shares nothing is for whoever is free at the end.
ALONE = ("--dist", "worksteal")
# As collected, which `tests/system/conftest.py` begins with the files that take longest; else the
# file of most tests is first, and a long test may begin when all others are over.
LONGEST_FIRST = (*TOGETHER, "--no-loadscope-reorder")
SEEDS = 80
# What takes half a second is left out, and of several cases one in so many is asked.
PART = ("-m", "not emulator and not slow", "--part", "18")
# The process groups of what runs now, and whether it was told to end.
_running: set[int] = set()
_stopped = threading.Event()


@dataclass(frozen=True)
class Leg:
    name: str
    command: tuple[str, ...]
    # A check of one process that takes long: it has what this leg leaves idle.
    beside: "Leg | None" = None

    def run(self, *options: str) -> "list[Result]":
        """Results: its own, and of what ran beside it, which printed nothing until then."""
        print(f"\n---- {self.name}", flush=True)
        with ThreadPoolExecutor() as threads, tempfile.TemporaryFile("w+") as said:
            beside = threads.submit(self.beside._done, said) if self.beside else None
            results = [self._done(None, *options)]
            if beside is not None:
                results.append(beside.result())
                said.seek(0)
                print(f"\n---- {results[-1].name}\n{said.read()}", end="", flush=True)
        return results

    def _done(self, said: TextIO | None, *options: str) -> "Result":
        with tempfile.NamedTemporaryFile("r") as counts:
            began = time.monotonic()
            command, env = [*self.command, *options], {**os.environ, COUNTS: counts.name}
            process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=said, stderr=said, process_group=0
            )
            _running.add(process.pid)
            if _stopped.is_set():
                _stop()  # told while it began
            # With what it and all that it has waited for have used.
            _, status, used = os.wait4(process.pid, 0)
            _running.discard(process.pid)
            process.returncode = os.waitstatus_to_exitcode(status)
            counted = json.loads(counts.read() or "{}")
        wall_s, cpu_s = time.monotonic() - began, used.ru_utime + used.ru_stime
        return Result(self.name, process.returncode, wall_s, cpu_s, counted)


@dataclass(frozen=True)
class Result:
    name: str
    code: int
    wall_s: float
    cpu_s: float
    counts: Mapping[str, int]

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {what}" for what, count in self.counts.items())
        mark = "FAILED" if self.code else counts
        return f"{self.name:12} {self.wall_s:7.1f} s {self.cpu_s:7.1f} CPU s  {mark}".rstrip()


def _tests(
    name: str, *arguments: str, dist: tuple[str, ...] = TOGETHER, beside: Leg | None = None
) -> Leg:
    return Leg(name, (sys.executable, *PYTEST, *dist, "--leg", name, *arguments), beside)


_LINT, _TYPES, _SAM = (
    Leg(name, ("make", "-s", target))
    for name, target in (("lint", "lint"), ("types", "types"), ("sam", "validate"))
)
_TESTS = (
    _tests("template", "tests/template", beside=_SAM),
    _tests("unit", "tests/unit", dist=ALONE, beside=_TYPES),
    _tests("integration", "tests/integration", "--store", "ministack"),
    _tests("faults", "tests/faults", dist=APART),
    _tests("simulation", "tests/simulation", dist=APART),
    _tests("system", "tests/system", dist=LONGEST_FIRST),
)
LEGS = {
    "quick": (
        _LINT,
        _tests("units", "tests/unit", *PART, dist=ALONE, beside=_TYPES),
        _tests("in memory", "tests/integration", *PART),
        _tests("routes", "tests/faults/test_routes.py", *PART),
        Leg("seeds", (sys.executable, "-m", "tests.simulation", "--seeds", f"0-{SEEDS - 1}")),
    ),
    "test": (_LINT, *_TESTS),
    "baseline": _TESTS,
}


def main(name: str) -> int:
    """Run the legs until one fails, or a signal asks for the end. Answers an exit code."""
    options = ["--accept"] if name == "baseline" else []
    results: list[Result] = []
    began = time.monotonic()
    for leg in LEGS[name]:
        results += leg.run(*options)
        if _stopped.is_set() or any(one.code for one in results):
            break
    wall_s, cpu_s = time.monotonic() - began, sum(one.cpu_s for one in results)
    code = next((one.code for one in results if one.code), int(_stopped.is_set()))
    print(f"\n---- {name}")
    for one in (*results, Result("in all", code, wall_s, cpu_s, {})):
        print(one)
    return code


def run(name: str) -> int:
    """Run the legs as a command does. Told to end, it has what runs tidy up and end: then its
    figures are told, and no traceback.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    return main(name)


def _stop(*_: object) -> None:
    _stopped.set()
    for group in tuple(_running):
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGINT)


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
