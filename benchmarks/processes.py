"""Whole processes under Lambda's environment, measured by what they cost, not by how long it took.

The machine's speed drifts, so nothing absolute is kept: see `rounds.py`.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tools.local_cloud.deployment import uv
from tools.template import ROOT, Function, functions, template

WORK = ROOT / ".local" / "bench"
_TASKS = WORK / "tasks"
_PROBE = ROOT / "benchmarks" / "probe.py"
_PEERS = ROOT / "benchmarks" / "peers"
# Nothing of this machine's Python is in reach but the standard library: packages are the layers'.
_PYTHON = [sys.executable, "-S", "-P"]


class NotCompiled(Exception):
    """Modules without bytecode: a floor that compiles would flatter everything."""


@dataclass(frozen=True)
class Layers:
    """The layers as Lambda mounts them, compiled, for this machine's interpreter.

    `peers` is what the peers run on: whole packages, with boto3 as Lambda's runtime has it, where
    our own layer's is pruned.
    """

    dependencies: Path
    shared: Path
    peers: Path


@dataclass(frozen=True)
class Reading:
    """CPU seconds: to the end of init, to the end of the first request, of each warm request."""

    init: float
    first: float = 0
    warm: float = 0


Events = Callable[[int], list[Mapping[str, Any]]]


@dataclass(frozen=True)
class Subject:
    """What is measured: a handler's module with all that its process needs.

    `init` is Python, `events` makes so many that are answered well; none, and only init counts.
    """

    name: str
    module: str
    init: str
    env: Mapping[str, str] = field(repr=False)
    events: Events | None = None

    @property
    def command(self) -> list[str]:
        return [*_PYTHON, str(_PROBE)]

    def job(self, requests: int = 0) -> str:
        """What the probe is told on its standard input."""
        events = self.events(requests) if self.events and requests else []
        return json.dumps({"module": self.module, "init": self.init, "events": events})

    def run(self, requests: int = 0) -> Reading:
        done = subprocess.run(
            self.command,
            input=self.job(requests),
            env=dict(self.env),
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{self.name} failed: {done.stderr[-2000:]}")
        found = json.loads(done.stderr.strip().splitlines()[-1])
        if found["uncompiled"]:
            raise NotCompiled(f"{self.name}: {', '.join(found['uncompiled'])}")
        if any(status >= 400 for status in found.get("statuses", [])):
            raise RuntimeError(f"{self.name} answered {found['statuses']}: {done.stdout[-2000:]}")
        return Reading(found["init"], found.get("first", 0), found.get("warm", 0))


def build() -> Layers:
    """Layers and functions by their own Makefiles: what is measured is what is deployed."""
    shutil.rmtree(WORK, ignore_errors=True)
    for folder, target in (("dependencies", "DependenciesLayer"), ("shared", "SharedLayer")):
        _make(ROOT / "layers" / folder, target, WORK / folder)
    pointer = next((WORK / "dependencies").rglob("dependencies.pth")).read_text()
    # Without bytecode: as a function's folder is packed.
    without = shutil.ignore_patterns("__pycache__")
    for folder in {function.source.parent for function in functions()}:
        shutil.copytree(folder, _TASKS / folder.name, ignore=without)
    shutil.copytree(_PEERS, _TASKS / "peers", ignore=without)
    for function in functions():
        if function.has_makefile:
            _make(function.source.parent, function.logical_id, _task(function))
    return Layers(Path(pointer.split("'")[1]), WORK / "shared" / "python", _build_peers())


def _task(function: Function) -> Path:
    """What Lambda mounts: its folder, or what its Makefile makes."""
    return _TASKS / (function.logical_id if function.has_makefile else function.folder)


def _make(folder: Path, target: str, artifacts: Path) -> None:
    artifacts.mkdir(parents=True)
    env = {
        **os.environ,
        "LINKWRIGHT_ROOT": str(ROOT),
        "LAYER_TARGET": "host",
        "HOST_PYTHON": sys.executable,
        "UV": uv(),
    }
    command = ["make", "-s", f"build-{target}", f"ARTIFACTS_DIR={artifacts}"]
    subprocess.run(command, cwd=folder, env=env, check=True)


def _build_peers() -> Path:
    """What the peers need, from the lock as the layer is, compiled as that is, and kept as that."""
    groups = [f"--only-group={group}" for group in ("bench", "console", "layer")]
    export = [uv(), "export", "--quiet", "--project", str(ROOT), "--frozen", "--no-header", *groups]
    wanted = subprocess.run(export, check=True, capture_output=True, text=True).stdout
    kept = ROOT / ".local" / "peers" / sha256((wanted + sys.version).encode()).hexdigest()[:16]
    if not kept.exists():
        work = kept.with_suffix(".new")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        _install(wanted, work)
        work.rename(kept)
    return kept


def _install(wanted: str, target: Path) -> None:
    listed = target / "requirements.txt"
    listed.write_text(wanted)
    install = [uv(), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    into = ["--python", sys.executable, "--target", str(target), "--link-mode", "copy"]
    subprocess.run([*install, *into, "-r", str(listed)], check=True)
    compiler = [sys.executable, "-m", "compileall", "--invalidation-mode", "unchecked-hash"]
    env = {name: os.environ[name] for name in os.environ if name != "PYTHONPYCACHEPREFIX"}
    subprocess.run([*compiler, "-q", "-j", "0", str(target)], env=env, check=True)


def our_environment(layers: Layers, function: Function, stack: Mapping[str, str]) -> dict[str, str]:
    """A function's own variables: those of the template that are values, and of the stack."""
    declared = [template()["Globals"]["Function"], function.properties]
    told = {
        name: value
        for properties in declared
        for name, value in properties.get("Environment", {}).get("Variables", {}).items()
        if isinstance(value, str)
    }
    path = (_task(function), layers.shared, layers.dependencies)
    return _environment(path) | told | dict(stack)


def peer_environment(layers: Layers, stack: Mapping[str, str]) -> dict[str, str]:
    return _environment((_TASKS / "peers", layers.peers)) | dict(stack)


def _environment(path: Sequence[Path]) -> dict[str, str]:
    """Lambda's own variables; some libraries import more without them."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "PYTHONHASHSEED": "0",
        # Lambda's disk is read-only.
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(path[0]),
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/bench",
        "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
    }
