"""MiniStack as a child process on a free loopback port."""

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tools.local_cloud import emulator_speed
from tools.local_cloud.processes import (
    ROOT,
    LocalCloudError,
    aws_env,
    end_group,
    shown,
    tail,
)

READY_SECONDS = 60.0
# Saving takes seconds, and many on a busy machine. Who is ended in it loses what was new.
SAVE_SECONDS = 180.0
# More than the minute between two runs of a schedule, whose worker would else start each time.
IDLE_SECONDS = 90


class Emulator(NamedTuple):
    endpoint_url: str
    process: subprocess.Popen[bytes]
    log: Path


@contextmanager
def start_ministack(
    directory: Path,
    *,
    persist: bool = False,
    enforce_roles: bool = False,
    idle_seconds: int = IDLE_SECONDS,
    smtp: str | None = None,
    authorities: Path | None = None,
    api_url: str | None = None,
) -> Iterator[Emulator]:
    """MiniStack, ready to answer.

    With `persist` its state in `directory` outlives a clean stop; with `enforce_roles` a function
    may do what its role allows, and nothing else. A worker that nobody needs for `idle_seconds`
    ends. What SES takes goes on to `smtp`, a host and a port. Functions trust the `authorities` of
    a file. They are told that the API is at `api_url`.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    settings = _settings(directory, persist, enforce_roles, idle_seconds)
    told = {"SMTP_HOST": smtp, "API_URL": api_url, "SSL_CERT_FILE": authorities}
    known = {name: f"{value}" for name, value in told.items() if value is not None}
    emulator = _launch(directory, settings | known)
    try:
        _wait_until_ready(emulator)
        yield emulator
    finally:
        _stop(emulator)
        shutil.rmtree(directory / "tmp", ignore_errors=True)


def _launch(directory: Path, settings: dict[str, str]) -> Emulator:
    log = directory / "ministack.log"
    shutil.rmtree(directory / "tmp", ignore_errors=True)
    (directory / "tmp").mkdir()
    emulator_speed.turn_over(directory / "unpacked")
    _rewind_streams(directory / "state" / "lambda.json")
    first_port = _first_port(directory / "port")
    with _listener(first_port) as listener, log.open("wb") as output:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        child = subprocess.Popen(
            [sys.executable, "-m", "tools.local_cloud.emulator_child", str(listener.fileno())],
            cwd=ROOT,
            env=aws_env(endpoint) | settings | {"GATEWAY_PORT": str(first_port)},
            pass_fds=[listener.fileno()],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Emulator(endpoint, child, log)


def _listener(first: int) -> socket.socket:
    """On the port of the first run if it is free, so that addresses people noted stay good."""
    try:
        listener = socket.create_server(("127.0.0.1", first))
    except OSError:
        listener = socket.create_server(("127.0.0.1", 0))
    # Accepted connections inherit it; without it each answer on a kept connection waits 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _first_port(remembered: Path) -> int:
    """The port in the names of this state's queues, which are their keys: it must never change."""
    if not remembered.exists():
        with socket.create_server(("127.0.0.1", 0)) as free:
            remembered.write_text(str(free.getsockname()[1]))
    return int(remembered.read_text())


def _rewind_streams(state: Path) -> None:
    """Let functions read tables' streams again after a restart.

    MiniStack keeps how far each function has read but not the records, so it would wait for as
    many new records as there were old ones.
    """
    if not state.exists():
        return
    kept = json.loads(state.read_text())
    positions = kept["payload"]["dynamodb_stream_positions"].get("data", {})
    positions.update(dict.fromkeys(positions, 0))
    fresh = state.with_suffix(".new")
    fresh.write_text(json.dumps(kept))
    fresh.replace(state)


def _settings(
    directory: Path, persist: bool, enforce_roles: bool, idle_seconds: int
) -> dict[str, str]:
    kept = "1" if persist else "0"
    return {
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": "us-east-1",
        "PERSIST_STATE": kept,
        "STATE_DIR": str(directory / "state"),
        "S3_PERSIST": kept,
        "S3_DATA_DIR": str(directory / "s3"),
        "TMPDIR": str(directory / "tmp"),
        emulator_speed.UNPACKED_DIR: str(directory / "unpacked"),
        # Listeners of services we do not use, and on all interfaces.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # It would remove the containers of other MiniStacks on this machine when it starts.
        "DOCKER_HOST": f"unix://{directory}/no-docker",
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_WARM_TTL_SECONDS": str(idle_seconds),
        "AUTH": "true" if enforce_roles else "false",
    }


def _wait_until_ready(emulator: Emulator) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if emulator.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(  # noqa: S310  # our own http://127.0.0.1 address
                f"{emulator.endpoint_url}/_ministack/health", timeout=READY_SECONDS
            ) as answer:
                json.load(answer)
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise LocalCloudError(
        f"MiniStack did not start; the end of {shown(emulator.log)}:\n{tail(emulator.log)}"
    )


def _stop(emulator: Emulator) -> None:
    """End it and wait: it saves its state after the signal, and its workers end with it."""
    emulator.process.terminate()
    if emulator.process.stdin is not None:
        emulator.process.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        emulator.process.wait(SAVE_SECONDS)
    end_group(emulator.process)
