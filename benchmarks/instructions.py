"""Instruction counts by callgrind: the same on every run, so a regression cannot hide in noise.

A count depends on the interpreter, so what is kept is its ratio to the floor's in the same run.
Counts understate what a framework costs in time: they guard, they do not measure.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping

from benchmarks import init
from benchmarks.processes import FLOOR, WORK, Layers, environment, floor_environment
from tools.template import ROOT

BASELINE = ROOT / "benchmarks" / "instructions.json"
TOLERANCE = 0.05
GUARDED = ("get_whoami", "place_call")


def check(layers: Layers, *, accept: bool) -> int:
    """Compare with the baseline, or make it. Answers an exit code."""
    if shutil.which("valgrind") is None:
        print("Counting instructions needs valgrind: install it.", file=sys.stderr)
        return 1
    found = ratios(layers)
    if accept:
        BASELINE.write_text(json.dumps(found, indent=2) + "\n")
    expected: dict[str, float] = json.loads(BASELINE.read_text())
    worse = [name for name, value in found.items() if value > expected[name] * (1 + TOLERANCE)]
    for name, value in found.items():
        mark = "  MORE THAN THE BASELINE" if name in worse else ""
        print(f"{name}: {value:.3f} of the floor's instructions, baseline {expected[name]}{mark}")
    return 1 if worse else 0


def ratios(layers: Layers) -> dict[str, float]:
    floor = count(FLOOR, floor_environment(layers))
    guarded = [function for function in init.measured() if function.file in GUARDED]
    return {
        function.file: round(
            count(init.code(function), environment(layers, function.folder)) / floor, 3
        )
        for function in guarded
    }


def count(code: str, env: Mapping[str, str]) -> int:
    output = WORK / "callgrind.out"
    # Once without, so that all bytecode is there.
    subprocess.run([sys.executable, "-c", code], env=dict(env), check=True)
    tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}"]
    done = subprocess.run(
        [*tool, sys.executable, "-c", code],
        env=dict(env),
        check=True,
        capture_output=True,
        text=True,
    )
    total = re.search(r"Collected : (\d+)", done.stderr)
    if total is None:
        raise RuntimeError(done.stderr[-2000:])
    return int(total[1])
