"""Functions started as Lambda does it, many from one process: see `nursery.py`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.sample_events import sample
from tests.stack import REGION, Stack
from tools.template import ROOT, Function

_NURSERY = ROOT / "tests" / "integration" / "nursery.py"
# What makes a handler: all functions of a kind import it, whatever else they do.
_KINDS = ("linkwright.endpoint", "linkwright.worker")


@dataclass(frozen=True)
class Start:
    """How it is when it is ready: with `loaded` modules, and maybe the secret.

    `later` are the modules that its first event loaded besides.
    """

    ready: Mapping[str, bool]
    has_secret: bool
    loaded: frozenset[str]
    later: frozenset[str]
    answer: Any


class ColdStarts:
    def __init__(self, stack: Stack, processes: ExitStack) -> None:
        self._processes = processes
        self._kinds: dict[str, subprocess.Popen[str]] = {}
        self._known: dict[Function, Start] = {}
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "layers/shared/python"),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_LAMBDA_FUNCTION_NAME": "Function",
            **stack.environment(),
        }

    def of(self, function: Function) -> Start:
        """With its sample event, and once."""
        if function not in self._known:
            self._known[function] = self.start(function, sample(function))
        return self._known[function]

    def start(self, function: Function, event: Mapping[str, Any], **variables: str) -> Start:
        job = {"source": str(function.source), "event": event, "variables": variables}
        nursery = self._nursery(_kind(function))
        assert nursery.stdin
        assert nursery.stdout
        nursery.stdin.write(json.dumps(job) + "\n")
        nursery.stdin.flush()
        told = json.loads(nursery.stdout.readline())
        assert "failure" not in told, told["failure"]
        loaded, later = frozenset(told["loaded"]), frozenset(told["later"])
        return Start(told["ready"], told["has_secret"], loaded, later, told["answer"])

    def _nursery(self, kind: str) -> "subprocess.Popen[str]":
        if kind not in self._kinds:
            nursery = subprocess.Popen(
                [sys.executable, "-P", str(_NURSERY), kind],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment,
                text=True,
            )
            self._kinds[kind] = self._processes.enter_context(nursery)
        return self._kinds[kind]


def _kind(function: Function) -> str:
    source = Path(function.source).read_text()
    return next((kind for kind in _KINDS if f"from {kind} import" in source), "linkwright")


@contextmanager
def cold_starts(stack: Stack) -> Iterator[ColdStarts]:
    with ExitStack() as processes:
        yield ColdStarts(stack, processes)
