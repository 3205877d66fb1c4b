"""The rules for calls over HTTP: settings, consent, the do-not-call list, and who is next."""

import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.system.calls import new_number
from tests.system.conftest import Api

AGENT = "agt_5fd1a02b"
NUMBER = "+972541112223"
CONSENT = {"type": "express", "source": "web form", "at": "2026-01-05T10:00:00Z"}
SETTINGS = "/v1/workspace/settings"
LIST = "/v1/voice/do-not-call"
# Test mode has settings of its own, so nothing here disturbs the other tests.
TOKEN = "TOKEN_TEST"


def _place(api: Api, **body: Any) -> httpx.Response:
    wanted = {"agent_id": AGENT, "to": NUMBER, **body}
    return api.send("POST", "/v1/voice/calls", token=TOKEN, json=wanted)


def _change(api: Api, **settings: Any) -> None:
    version = api.send("GET", SETTINGS, token=TOKEN).json()["version"]
    headers = {"If-Match": str(version)}
    answer = api.send("PATCH", SETTINGS, token=TOKEN, json=settings, headers=headers)
    assert answer.status_code == 200, answer.text


def _wait_for_ends(api: Api, placed: list[str]) -> list[dict[str, Any]]:
    """The calls once all of them are over."""
    # A busy machine starts workers slowly.
    give_up_at = time.monotonic() + 240
    while time.monotonic() < give_up_at:
        calls = [api.send("GET", f"/v1/voice/calls/{call}", token=TOKEN).json() for call in placed]
        if all(call["ended_at"] for call in calls):
            return calls
        time.sleep(0.2)
    raise AssertionError("not all of the calls are over")


@pytest.fixture
def _restored(api: Api) -> Iterator[None]:
    before = api.send("GET", SETTINGS, token=TOKEN).json()
    yield
    _change(api, **{name: before[name] for name in before if name not in {"version", "updated_at"}})


@pytest.mark.usefixtures("_restored")
def test_409_and_400_by_settings_that_hold_at_the_next_request(api: Api) -> None:
    assert _place(api).status_code == 201
    _change(api, consent="enforce", allowed_countries=["IL"], calls_per_callee_per_day=1)
    refused = _place(api)
    assert (refused.status_code, refused.json()["error"]["reason"]) == (409, "consent_required")
    refused = _place(api, to="+18765550100", consent=CONSENT)
    assert (refused.status_code, refused.json()["error"]["field"]) == (400, "to")
    number = new_number()
    _wait_for_ends(api, [_place(api, to=number, consent=CONSENT).json()["id"]])
    refused = _place(api, to=number, consent=CONSENT)
    assert (refused.status_code, refused.json()["error"]["reason"]) == (409, "callee_limit")
    live = api.send("POST", "/v1/voice/calls", json={"agent_id": AGENT, "to": NUMBER})
    assert live.status_code == 201


@pytest.mark.usefixtures("_restored")
def test_scheduled_where_it_is_night(api: Api) -> None:
    _change(api, quiet_hours={"start": "00:00", "end": "23:59"})
    hour = time.strftime("%H:%M", time.gmtime())
    placed = _place(api).json()
    # But for one minute of each day.
    assert placed["status"] == "scheduled" or hour in {"20:59", "21:59"}
    refused = _place(api, on_quiet_hours="reject")
    assert refused.status_code == 409 or hour in {"20:59", "21:59"}


def test_a_number_is_listed_refused_and_taken_off_again(api: Api) -> None:
    number = "+972541112224"
    listed = api.send("POST", LIST, token=TOKEN, json={"number": number})
    assert listed.status_code == 201
    refused = _place(api, to=number)
    assert (refused.status_code, refused.json()["error"]["reason"]) == (409, "do_not_call")
    path = f"{LIST}/%2B{number[1:]}"
    assert api.send("DELETE", path, token=TOKEN).status_code == 204
    assert api.send("DELETE", path, token=TOKEN).status_code == 404
    assert _place(api, to=number).status_code == 201


def test_an_agent_that_takes_one_call_takes_them_one_after_the_other(api: Api) -> None:
    body = {"name": "One", "prompt": "Be brief.", "voice": "dana", "language": "en-US"}
    agent = api.send("POST", "/v1/voice/agents", token=TOKEN, json=body | {"concurrency": 1})
    placed = [_place(api, agent_id=agent.json()["id"]).json()["id"] for _ in range(3)]
    calls = _wait_for_ends(api, placed)
    assert [call["status"] for call in calls] == ["completed"] * 3
    assert [call["id"] for call in calls] == placed
    # On a busy machine the first that is heard of is not always the first that was placed.
    in_order = sorted(calls, key=lambda call: str(call["attempts"][0]["started_at"]))
    for before, after in pairwise(in_order):
        assert before["ended_at"] <= after["attempts"][0]["started_at"]
