"""`make run` as a newcomer meets it: started, stopped at any moment, started again."""

import fcntl
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.system import clouds, processes
from tests.system.make_run import PATIENCE_S, READY, Run, start
from tools.local_cloud import mail
from tools.local_cloud.processes import ROOT
from tools.template import functions

# Whoever is first has to build and deploy, for which a busy machine may take minutes.
pytestmark = pytest.mark.timeout(600)

# What it may take of a laptop's memory, whatever was called before.
MOST_MB = 1024
ROUTES = [route for function in functions() for route in function.routes]
SCHEDULED = [
    function
    for function in functions()
    for event in function.properties.get("Events", {}).values()
    if event["Type"].startswith("Schedule")
]


@pytest.fixture(scope="module")
def directory(deployed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the first start left it, which built and deployed."""
    return clouds.copied(deployed, tmp_path_factory.mktemp("run") / "local")


def test_the_next_start_has_the_tokens_and_the_data_of_the_one_before(directory: Path) -> None:
    with start(directory) as run:
        run.wait_until_it_says(READY)
        first = run.demo()
        agent = {"name": "Noa", "prompt": "Say hello.", "voice": "noa", "language": "he-IL"}
        made = _send(run, "POST", "/v1/voice/agents", json=agent)
        run.mail("owner@example.com")
        _wait_until(lambda: run.letters("owner@example.com"))
        assert "Stopped; the data is kept" in run.end()
        assert run.process.returncode == 0
    with start(directory, int(first["BASE_URL"].rpartition(":")[2])) as run:
        run.wait_until_it_says(READY)
        assert run.demo() == first
        assert _send(run, "GET", f"/v1/voice/agents/{made.json()['id']}").status_code == 200
        assert run.letters("owner@example.com")[0]["from"] == mail.MAIL_FROM
        run.end(interrupts=3)
        assert run.process.returncode == 0


def test_a_gigabyte_is_enough_after_every_route_was_called(directory: Path) -> None:
    with start(directory) as run:
        run.wait_until_it_says(READY)
        for method, path in ROUTES:
            # Nothing has this id; who answers so has started.
            assert _send(run, method, re.sub(r"{\w+}", "1", path)).status_code < 500
        worker_mb = processes.megabytes(run.workers()) / len(run.workers())
        _wait_until(lambda: not run.workers())
        rest_mb = processes.megabytes(processes.tree(run.process.pid))
        run.end()
    # Those that a schedule wakes are never idle for long; the sweeper has one for each shard.
    kept = len(SCHEDULED) + len({function.file for function in SCHEDULED})
    assert rest_mb + kept * worker_mb < MOST_MB, (rest_mb, worker_mb)


@pytest.mark.parametrize(
    ("begun", "interrupts"), [("lock", 2), ("ministack.log", 1), ("sam-build.log", 2)]
)
def test_nothing_is_left_of_a_start_that_was_interrupted(
    begun: str, interrupts: int, tmp_path: Path
) -> None:
    with start(tmp_path) as run:
        _wait_until((tmp_path / begun).exists)
        said = run.end(interrupts=interrupts)
    assert run.process.returncode == 0, said
    assert "Stopping" in said
    assert "Traceback" not in said


def test_one_line_where_the_port_or_the_directory_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start(tmp_path, port) as run:
            (line,) = run.process.communicate(timeout=PATIENCE_S)[0].splitlines()
    assert line.startswith(f"Port {port} cannot be used (Address already in use): choose another")
    assert run.process.returncode == 1
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with start(tmp_path) as run:
            (line,) = run.process.communicate(timeout=PATIENCE_S)[0].splitlines()
    assert line == f"Another local cloud is running on {tmp_path}: stop it first."
    assert run.process.returncode == 1


def test_it_ends_at_once_when_all_is_said(tmp_path: Path) -> None:
    """Whatever the interpreter has left to tidy up: the prompt waited for seconds of that."""
    late = "import atexit, runpy, time; atexit.register(time.sleep, 600); "
    code = f"{late}runpy.run_module('tools.local', run_name='__main__')"
    asked = ["--port", "70000", "--directory", str(tmp_path)]
    ended = subprocess.run(
        [sys.executable, "-c", code, *asked], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    said = (ended.returncode, ended.stdout, ended.stderr)
    assert said == (1, "", "There is no port 70000: choose another with PORT=.\n")


def _send(run: Run, method: str, path: str, **options: Any) -> httpx.Response:
    demo = run.demo()
    return httpx.request(
        method,
        demo["BASE_URL"] + path,
        headers={"Authorization": f"Bearer {demo['TOKEN']}", "Idempotency-Key": str(uuid4())},
        timeout=PATIENCE_S,
        **options,
    )


def _wait_until(true: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < give_up_at, f"not within {PATIENCE_S} s"
        time.sleep(0.1)
