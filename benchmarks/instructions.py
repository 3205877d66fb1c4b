"""Instruction counts by callgrind: the same on every run, so a regression cannot hide in noise.

A count depends on the interpreter, so what is kept is its ratio to the floor's in the same run.
Counts understate what a framework costs in time: they guard, they do not measure.
"""

import json
import re
import shutil
import subprocess
import sys

from benchmarks import subjects
from benchmarks.processes import WORK, Layers, Subject
from tools.template import ROOT

BASELINE = ROOT / "benchmarks" / "instructions.json"
TOLERANCE = 0.05
GUARDED = ("follow_link", "get_call", "place_call", "take_turn")
# Init calls nobody: where everything would be does not matter.
_NOWHERE = {
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "STAGE": "local",
    "CORE_TABLE": "CoreTable",
    "ACCESS_TABLE": "AccessTable",
    "IDEM_TABLE": "IdemTable",
    "CLICKS_TABLE": "ClicksTable",
    "METRICS_TABLE": "MetricsTable",
    "LEDGER_TABLE": "LedgerTable",
    "DOCS_URL": "https://docs.example.com",
}


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
    floor = count(subjects.floor(layers, _NOWHERE))
    guarded = [function for function in subjects.measured() if function.file in GUARDED]
    return {
        function.file: round(count(subjects.ours(layers, function, _NOWHERE)) / floor, 3)
        for function in guarded
    }


def count(subject: Subject) -> int:
    """Of init alone: the process ends as soon as that is over."""
    output = WORK / "callgrind.out"
    subject.run()  # which complains of what is not compiled
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}", *subject.command],
        input=subject.job(),
        env=dict(subject.env),
        check=True,
        capture_output=True,
        text=True,
    )
    total = re.search(r"Collected : (\d+)", done.stderr)
    if total is None:
        raise RuntimeError(done.stderr[-2000:])
    return int(total[1])
