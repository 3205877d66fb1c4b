"""A recording in the local cloud, where roles, policies and signatures are enforced."""

import re
import time
from typing import Any
from uuid import uuid4

import httpx

from tests.system.conftest import Api

READY_S = 60.0
AGENT = {
    "name": "Noa",
    "prompt": "Say hello.",
    "voice": "noa",
    "language": "he-IL",
    "recording": True,
}


def _recorded(api: Api) -> str:
    """The address of the recording of a new call."""
    agent = _post(api, "/v1/voice/agents", AGENT)["id"]
    call = _post(api, "/v1/voice/calls", {"agent_id": agent, "to": "+972541234567"})["id"]
    give_up_at = time.monotonic() + READY_S
    while time.monotonic() < give_up_at:
        shown = api.send("GET", f"/v1/voice/calls/{call}").json()
        if shown["recording_url"]:
            return str(shown["recording_url"])
        time.sleep(0.2)
    raise AssertionError(f"no recording of {shown}")


def _post(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.send("POST", path, json=body, headers={"Idempotency-Key": str(uuid4())})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_200_for_whoever_has_the_address_and_403_for_one_like_it(api: Api) -> None:
    address = _recorded(api)
    sound = httpx.get(address)
    assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/wav")
    assert sound.content.startswith(b"RIFF")
    for other in (
        address.partition("?")[0],
        address.replace(".wav", ".mp3"),
        re.sub(r"(?<=Signature=)..", "zz", address),
        re.sub(r"(?<=X-Amz-Date=)\d{8}", "20200101", address),
        address.replace("X-Amz-Expires=900", "X-Amz-Expires=901"),
    ):
        assert httpx.get(other).status_code == 403
