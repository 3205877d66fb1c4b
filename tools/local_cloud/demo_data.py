"""The demo workspaces and their tokens, kept in `demo.env` beside the local cloud's data."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.local_cloud.processes import ROOT, LocalCloudError, aws_env, end_group

FILE = "demo.env"
# What is there is not made again, and a busy machine answers the first calls of a start late.
_TRIES = 3
# Runs as a child, because the credentials of the emulator belong in a child's environment only.
SEED = (
    "import json, sys; from tools.demo import seed; "
    "asked = json.load(sys.stdin); print(json.dumps(seed(**asked)))"
)


def read(directory: Path) -> dict[str, str]:
    file = directory / FILE
    if not file.exists():
        return {}
    lines = [line for line in file.read_text().splitlines() if "=" in line]
    return dict(line.split("=", 1) for line in lines)


def write(directory: Path, values: Mapping[str, str]) -> None:
    file = directory / FILE
    fresh = file.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    fresh.replace(file)


def seed(endpoint: str, outputs: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Make the demo data, or what of it is missing; the tokens that are known stay."""
    asked = {"aws_endpoint": endpoint, "outputs": dict(outputs), "known": dict(known)}
    for _ in range(_TRIES):
        code, answer, trouble = _seeded(endpoint, json.dumps(asked).encode())
        if code == 0:
            made: dict[str, str] = json.loads(answer.decode().splitlines()[-1])
            return made
    raise LocalCloudError(f"The demo data could not be made:\n{trouble.decode()[-2000:]}")


def _seeded(endpoint: str, asked: bytes) -> tuple[int, bytes, bytes]:
    paths = f"{ROOT}:{ROOT / 'layers' / 'shared' / 'python'}"
    child = subprocess.Popen(
        [sys.executable, "-c", SEED],
        cwd=ROOT,
        env=aws_env(endpoint) | {"PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        answer, trouble = child.communicate(asked)
    finally:
        end_group(child)
    return child.returncode, answer, trouble
