"""The front door of the local cloud, before a cloud that does not answer."""

import socket
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tools.local_cloud import front_door


def test_503_for_who_waits_when_it_ends_and_nothing_is_said_of_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Ctrl-C at `make run`, while a function is at work."""
    monkeypatch.setattr(front_door, "ENDING_SECONDS", 0.1)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        front_door.open_port(0) as listener,
        ThreadPoolExecutor(1) as client,
    ):
        endpoint, url = f"http://127.0.0.1:{silent.getsockname()[1]}", front_door.base_url(listener)
        with front_door.serve(listener, endpoint, "api"):
            waiting = client.submit(httpx.get, f"{url}/v1/whoami", timeout=30)
            connection, _ = silent.accept()
        connection.close()
        answer = waiting.result()
    assert (answer.status_code, answer.json()) == (503, {"message": "Service Unavailable"})
    assert [one.getMessage() for one in caplog.records if one.name.startswith("uvicorn")] == []
