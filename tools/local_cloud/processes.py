"""Child processes: their environment, their output and their end."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
# What a child may see of the caller's environment: nothing of theirs reaches AWS or a function.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "UV_CACHE_DIR", "XDG_CACHE_HOME")
TERM_GRACE_SECONDS = 8.0
SHOWN_LOG_LINES = 25


class LocalCloudError(Exception):
    """Something a person has to put right; the text is one clear line, or one and a log's end."""


def base_env() -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def build_env() -> dict[str, str]:
    """The caller's own, since installing packages needs their proxy, mirror and certificates."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


def aws_env(endpoint: str) -> dict[str, str]:
    """The environment of a child that talks to the emulator, and cannot reach real AWS."""
    return base_env() | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def run(command: Sequence[str], env: Mapping[str, str], log: Path, *, what: str) -> None:
    """Run to the end with all output in `log`; on failure raise with the log's last lines."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = child.wait()
        finally:
            end_group(child)
    if code != 0:
        raise LocalCloudError(f"{what} failed ({code}); the end of {shown(log)}:\n{tail(log)}")


def end_group(child: subprocess.Popen[bytes], grace: float = TERM_GRACE_SECONDS) -> None:
    """End a child that leads its own process group, and whatever it started."""
    if child.poll() is None:
        _signal_group(child.pid, signal.SIGTERM)
        try:
            child.wait(grace)
        except subprocess.TimeoutExpired:
            _signal_group(child.pid, signal.SIGKILL)
            child.wait()
    _signal_group(child.pid, signal.SIGKILL)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def is_free(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


def tail(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join(lines[-SHOWN_LOG_LINES:])


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
