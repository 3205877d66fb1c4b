"""`make bench`: measure, hold the budgets, and write docs/performance.md."""

import argparse
import io
import os
import platform
import sys
import tempfile
import zipfile
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import init, instructions, warm
from benchmarks.aws_calls import COSTS
from benchmarks.processes import Layers, build_layers
from tools.local_cloud import start_ministack
from tools.template import ROOT, functions

TARGET = ROOT / "docs" / "performance.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--instructions", action="store_true", help="only count instructions")
    parser.add_argument("--accept", action="store_true", help="make the counts the new baseline")
    asked = parser.parse_args()
    # The emulator takes any credentials; the caller's own have no business here.
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    os.environ |= {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
    layers = build_layers()
    if asked.instructions or asked.accept:
        return instructions.check(layers, accept=asked.accept)
    cold = init.ratios(layers)
    with (
        tempfile.TemporaryDirectory() as directory,
        start_ministack(Path(directory)) as emulator,
        # The handlers that prepare the data log as they always do.
        redirect_stdout(io.StringIO()),
    ):
        hot = warm.ratios(layers, emulator.endpoint_url)
    TARGET.write_text(_report(cold, hot, layers))
    over = _over_budget(cold, hot)
    print("\n".join(over) or f"Within all budgets; see {TARGET.relative_to(ROOT)}")
    return 1 if over else 0


def _over_budget(cold: dict[str, float], hot: dict[str, float]) -> list[str]:
    budgets = {function.file: init.budget(function) for function in functions()}
    found = [
        f"{name}: init {value:.2f} of the floor, budget {budgets[name]}"
        for name, value in cold.items()
        if value > budgets[name]
    ]
    return found + [
        f"{route}: warm {value:.2f} of a bare boto3 handler, budget {warm.BUDGET}"
        for route, value in hot.items()
        if value > warm.BUDGET
    ]


def _report(cold: dict[str, float], hot: dict[str, float], layers: Layers) -> str:
    budgets = {function.file: init.budget(function) for function in functions()}
    cores = os.cpu_count() or 1
    machine = f"{platform.machine()}, {cores} cores, Python {platform.python_version()}"
    lines = [
        "# Performance",
        "",
        f"Measured by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {machine}. Not on Lambda. Only",
        "ratios within one run carry over to another machine.",
        "",
        "## Cold start",
        "",
        "CPU of a process that imports the function and makes its client, as a ratio to one that",
        'does `import boto3; boto3.client("dynamodb")`. Bytecode compiled, Lambda\'s environment.',
        "",
        "| function | ratio | budget |",
        "|---|---|---|",
        *[f"| {name} | {value:.2f} | {budgets[name]} |" for name, value in cold.items()],
        "",
        "## Warm request",
        "",
        "CPU of a request as a ratio to a bare boto3 handler making the same calls, without any",
        "check, validation, log context or metrics.",
        "",
        "| route | ratio | budget |",
        "|---|---|---|",
        *[f"| `{route}` | {value:.2f} | {warm.BUDGET} |" for route, value in hot.items()],
        "",
        "## AWS calls and capacity",
        "",
        "Counted and asserted by `tests/integration/test_costs.py`. Each request authenticates:",
        "one UpdateItem more, whose unit the write units include.",
        "",
        "| request | calls besides | read units | write units |",
        "|---|---|---|---|",
        *[
            f"| `{route}`{f' {case.note}' if case.note else ''} | {', '.join(case.calls) or 'none'}"
            f" | {case.read_units} | {case.write_units} |"
            for route, cases in COSTS.items()
            for case in cases
        ],
        "",
        "## Layers",
        "",
        "| layer | unpacked | zipped |",
        "|---|---|---|",
        _size("dependencies, for this machine", layers.dependencies),
        _size("shared", layers.shared),
    ]
    return "\n".join(lines) + "\n"


def _size(name: str, folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    with tempfile.TemporaryFile() as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in files:
                packed.write(path, path.relative_to(folder))
        zipped = target.tell()
    unpacked = sum(path.stat().st_size for path in files)
    return f"| {name} | {unpacked / 1e6:.1f} MB | {zipped / 1e6:.1f} MB |"


if __name__ == "__main__":
    sys.exit(main())
