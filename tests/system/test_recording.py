"""A recording in the local cloud, where roles, policies and signatures are enforced."""

import re
import time
from typing import Any

import httpx

from tests.system.calls import ended, new_agent, new_number, placed, shown
from tests.system.conftest import Api
from tools.carrier import Callee, Carrier
from tools.local_cloud.cloud import Cloud

READY_S = 60.0


def _with_recording(api: Api, call_id: str) -> dict[str, Any]:
    give_up_at = time.monotonic() + READY_S
    while time.monotonic() < give_up_at:
        call = shown(api, call_id)
        if call["recording_url"]:
            return call
        time.sleep(0.2)
    raise AssertionError(f"no recording of {call}")


def _is_forgotten(carrier: Carrier, to: str) -> bool:
    """Whether the carrier was given the call, and deletes its recording."""
    (call,) = carrier.calls(to)
    give_up_at = time.monotonic() + READY_S
    while any(one.call_sid == call.sid for one in list(carrier.recordings.values())):
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.2)
    return True


def test_200_for_whoever_has_the_address_and_403_for_one_like_it(api: Api, cloud: Cloud) -> None:
    to = new_number()
    call = _with_recording(api, placed(api, agent_id=new_agent(api, recording=True), to=to))
    assert call["recording_consent"]["type"] == "verbal"
    assert call["answered_at"] <= call["recording_consent"]["granted_at"] <= call["ended_at"]
    address = call["recording_url"]
    sound = httpx.get(address)
    assert (sound.status_code, sound.headers["content-type"]) == (200, "audio/mpeg")
    assert sound.content.startswith(b"\xff\xe3")
    for other in (
        address.partition("?")[0],
        address.replace(".mp3", ".wav"),
        re.sub(r"(?<=Signature=)..", "zz", address),
        re.sub(r"(?<=X-Amz-Date=)\d{8}", "20200101", address),
        address.replace("X-Amz-Expires=900", "X-Amz-Expires=901"),
    ):
        assert httpx.get(other).status_code == 403
    assert _is_forgotten(cloud.carrier, to)


def test_recorded_unasked_where_the_agent_need_not_ask(api: Api) -> None:
    agent = new_agent(api, recording=True, recording_consent=False)
    call = _with_recording(api, placed(api, agent_id=agent, to=new_number()))
    assert call["recording_consent"]["type"] == "not_asked"
    assert httpx.get(call["recording_url"]).headers["content-type"] == "audio/mpeg"


def test_not_recorded_where_the_callee_says_no(api: Api, cloud: Cloud) -> None:
    to = new_number()
    cloud.carrier.callees[to] = Callee(lines=("לא, אל תקליטו.", "במה מדובר?", "תודה, להתראות."))
    call = ended(api, placed(api, agent_id=new_agent(api, recording=True), to=to))
    assert (call["status"], call["recording_consent"]["type"]) == ("completed", "refused")
    (heard,) = cloud.carrier.calls(to)
    cloud.carrier.wait_until_over(heard.sid, READY_S)
    assert cloud.carrier.posts("recording", heard.sid) == []
    assert shown(api, call["id"])["recording_url"] is None
