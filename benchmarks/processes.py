"""Whole processes under Lambda's environment, timed by what they cost, not by how long they took.

The machine's speed drifts, so nothing absolute is kept: the floor and the measured process run in
turn, and what counts is the ratio.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tools.local_cloud.deployment import uv
from tools.template import ROOT

WORK = ROOT / ".local" / "bench"
FLOOR = "import boto3; boto3.client('dynamodb')"
ROUNDS = 9


@dataclass(frozen=True)
class Layers:
    """The layers as Lambda mounts them, compiled, for this machine's interpreter."""

    dependencies: Path
    shared: Path

    @property
    def python_path(self) -> str:
        return os.pathsep.join(map(str, (self.shared, self.dependencies)))


def build_layers() -> Layers:
    """Both layers by their own Makefiles: what is measured is what is deployed."""
    shutil.rmtree(WORK, ignore_errors=True)
    env = {
        **os.environ,
        "LINKWRIGHT_ROOT": str(ROOT),
        "LAYER_TARGET": "host",
        "HOST_PYTHON": sys.executable,
        "UV": uv(),
    }
    for folder, target in (("dependencies", "Dependencies"), ("shared", "Shared")):
        artifacts = WORK / folder
        artifacts.mkdir(parents=True)
        command = ["make", "-s", f"build-{target}Layer", f"ARTIFACTS_DIR={artifacts}"]
        subprocess.run(command, cwd=ROOT / "layers" / folder, env=env, check=True)
    pointer = next((WORK / "dependencies").rglob("dependencies.pth")).read_text()
    return Layers(Path(pointer.split("'")[1]), WORK / "shared" / "python")


def environment(layers: Layers, folder: str = "", endpoint: str = "") -> dict[str, str]:
    """Lambda's own variables, and those of the template; some libraries import more without."""
    paths = [layers.python_path, str(ROOT / "functions" / folder)]
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONHASHSEED": "0",
        # Bytecode of what is no layer is kept apart, and made by the round that is not counted.
        "PYTHONPYCACHEPREFIX": str(WORK / "pycache"),
        "LAMBDA_TASK_ROOT": "/var/task",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "STAGE": "local",
        "CORE_TABLE": "bench-CoreTable",
        "ACCESS_TABLE": "bench-AccessTable",
        "IDEM_TABLE": "bench-IdemTable",
        "DOCS_URL": "https://docs.example.com",
        "TOKIO_WORKER_THREADS": "1",
        **({"AWS_ENDPOINT_URL": endpoint} if endpoint else {}),
    }


def floor_environment(layers: Layers) -> dict[str, str]:
    """boto3 as Lambda's runtime has it, whole: our layer's copy is pruned."""
    return environment(layers) | {"PYTHONPATH": ""}


def cpu_seconds(code: str, env: Mapping[str, str]) -> float:
    """User and system time of one process, all its threads included."""
    child = subprocess.Popen([sys.executable, "-c", code], env=dict(env), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"the measured process failed: {code}")
    return used.ru_utime + used.ru_stime


def ratio(
    code: str,
    env: Mapping[str, str],
    floor: str,
    floor_env: Mapping[str, str],
    rounds: int = ROUNDS,
) -> float:
    """The median of the ratios, round by round, after one that fills the caches."""
    cpu_seconds(floor, floor_env)
    cpu_seconds(code, env)
    found = [cpu_seconds(code, env) / cpu_seconds(floor, floor_env) for _ in range(rounds)]
    return median(found)
