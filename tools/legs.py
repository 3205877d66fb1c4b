"""The suite, leg by leg, with what each took at the end: `python -m tools.legs test`, or `quick`.

Seconds are noise, counts are not: `tests/legs.py` counts what a leg does and judges it.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass

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
PART = ("-m", "not emulator and not slow", "--part", "12")


@dataclass(frozen=True)
class Leg:
    name: str
    command: tuple[str, ...]

    def run(self, *options: str) -> "Result":
        print(f"\n---- {self.name}", flush=True)
        with tempfile.NamedTemporaryFile("r") as counts:
            began, before = time.monotonic(), _cpu_s()
            env = {**os.environ, COUNTS: counts.name}
            done = subprocess.run([*self.command, *options], cwd=ROOT, env=env, check=False)
            counted = json.loads(counts.read() or "{}")
        wall_s, cpu_s = time.monotonic() - began, _cpu_s() - before
        return Result(self.name, done.returncode, wall_s, cpu_s, counted)


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


def _tests(name: str, *arguments: str, dist: tuple[str, ...] = TOGETHER) -> Leg:
    return Leg(name, (sys.executable, *PYTEST, *dist, "--leg", name, *arguments))


_CHECKS = (Leg("lint", ("make", "-s", "lint")), Leg("types", ("make", "-s", "types")))
_TESTS = (
    _tests("template", "tests/template"),
    _tests("unit", "tests/unit", dist=ALONE),
    _tests("integration", "tests/integration", "--store", "ministack"),
    _tests("faults", "tests/faults", dist=APART),
    _tests("simulation", "tests/simulation", dist=APART),
    _tests("system", "tests/system", dist=LONGEST_FIRST),
)
LEGS = {
    "quick": (
        *_CHECKS,
        _tests("unit", "tests/unit", *PART, dist=ALONE),
        _tests("in memory", "tests/integration", *PART),
        _tests("routes", "tests/faults/test_routes.py", *PART),
        Leg("seeds", (sys.executable, "-m", "tests.simulation", "--seeds", f"0-{SEEDS - 1}")),
    ),
    "test": (*_CHECKS, Leg("sam", ("make", "-s", "validate")), *_TESTS),
    "baseline": _TESTS,
}


def main(name: str) -> int:
    """Run the legs until one fails. Answers an exit code."""
    options = ["--accept"] if name == "baseline" else []
    results = []
    for leg in LEGS[name]:
        results.append(leg.run(*options))
        if results[-1].code:
            break
    wall_s, cpu_s = sum(one.wall_s for one in results), sum(one.cpu_s for one in results)
    print(f"\n---- {name}")
    for one in (*results, Result("in all", results[-1].code, wall_s, cpu_s, {})):
        print(one)
    return results[-1].code


def _cpu_s() -> float:
    """Of all the processes that were started here and are over."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
