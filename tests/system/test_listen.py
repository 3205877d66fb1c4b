"""`make listen`: what happens in the cloud reaches a program on this machine, without a tunnel."""

import os
import signal
import subprocess
import sys
import threading
import time

from standardwebhooks import Webhook as Verifier

from tests.system.calls import END_S, events, placed
from tests.system.conftest import Api
from tests.unit.egress_network import Server
from tools.local_cloud.cloud import Cloud
from tools.template import ROOT

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
TYPES = ["call.queued", "call.ringing", "call.answered", "call.ended", "call.analyzed"]


def test_each_event_of_a_call_is_forwarded_signed_and_once(api: Api, cloud: Cloud) -> None:
    receiver = Server(TAKEN)
    url = f"http://localhost:{receiver.port}/in"
    env = {"BASE_URL": str(api.http.base_url), "TOKEN": api.demo["TOKEN"]}
    with subprocess.Popen(
        [sys.executable, "-m", "tools.listen", url, "--events", ",".join(TYPES)],
        cwd=ROOT,
        env=os.environ | env,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout
        _, told, waits = (running.stdout.readline() for _ in range(3))
        secret = told.removeprefix("secret ").strip()
        assert waits == "waiting for events\n"
        lines: list[str] = []
        reader = threading.Thread(target=lines.extend, args=(running.stdout,))
        reader.start()
        call_id = placed(api)
        give_up_at = time.monotonic() + END_S
        while time.monotonic() < give_up_at:
            # What is forwarded is told once it is answered. That it rang may be overtaken.
            told_of = events(cloud, call_id)
            has_all = TYPES[-1] in told_of and len(_of(call_id, receiver)) >= len(told_of)
            if has_all and _taken(lines) == len(receiver.requests):
                break
            time.sleep(0.2)
        running.send_signal(signal.SIGINT)
        reader.join()
    receiver.close()
    assert running.returncode == 0
    got = []
    for request in _of(call_id, receiver):
        head, _, body = request.partition(b"\r\n\r\n")
        parts = (one.partition(": ") for one in head.decode().split("\r\n")[1:])
        headers = {name.lower(): value for name, _, value in parts}
        got.append(Verifier(secret).verify(body, headers)["type"])
    assert sorted(got) == sorted(told_of)
    assert set(TYPES) - set(got) <= {"call.ringing"}
    assert _taken(lines) == len(receiver.requests)


def _taken(lines: list[str]) -> int:
    return sum("204" in line.split() for line in lines)


def _of(call_id: str, receiver: Server) -> list[bytes]:
    """What came of one call: others may end meanwhile."""
    return [request for request in receiver.requests if call_id.encode() in request]
