"""`make run` as a process, without the make."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.system import processes
from tools.local_cloud import demo_data, mail
from tools.local_cloud.deployment import session
from tools.local_cloud.processes import ROOT

READY = "Ctrl-C stops it"
IDLE_S = 5
PATIENCE_S = 240.0
KILLED_S = 10.0


@dataclass
class Run:
    """One that was started."""

    directory: Path
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def wait_until_it_says(self, text: str) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line)
            if text in line:
                return
        raise AssertionError(f"it ended without {text!r}: {''.join(self.said)}")

    def end(self, *, interrupts: int = 1) -> str:
        """Ctrl-C, once or again and again; what it said to the end, with nothing left behind."""
        started: set[int] = set()
        for _ in range(interrupts):
            started |= processes.tree(self.process.pid)
            self.process.send_signal(signal.SIGINT)
            time.sleep(0.1)
        rest, _ = self.process.communicate(timeout=PATIENCE_S)
        # Who was killed ends once it is given a moment to: a busy machine has none at once.
        give_up_at = time.monotonic() + KILLED_S
        while (left := processes.alive(started)) and time.monotonic() < give_up_at:
            time.sleep(0.05)
        assert left == set()
        return "".join(self.said) + rest

    def workers(self) -> set[int]:
        """The processes of functions: what the emulator started."""
        (emulator,) = processes.children(self.process.pid)
        return processes.tree(emulator) - {emulator}

    def demo(self) -> dict[str, str]:
        return demo_data.read(self.directory)

    def mail(self, to: str) -> None:
        ses = session().client("sesv2", endpoint_url=self.demo()["AWS_ENDPOINT_URL"])
        ses.send_email(
            FromEmailAddress=mail.MAIL_FROM,
            Destination={"ToAddresses": [to]},
            Content={"Raw": {"Data": f"From: {mail.MAIL_FROM}\nTo: {to}\n\nt".encode()}},
        )

    def letters(self, to: str) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.demo()['MAIL_URL']}/messages", params={"to": to})
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found


@contextmanager
def start(directory: Path, port: int = 0) -> Iterator[Run]:
    command = [sys.executable, "-m", "tools.local", "--port", str(port)]
    command += ["--directory", str(directory), "--idle-seconds", str(IDLE_S)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield Run(directory, process)
    finally:
        # Whatever a test that failed left: all of it ends when this one does.
        process.kill()
        process.communicate()
