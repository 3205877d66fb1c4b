"""Conversations over HTTP: the deployed functions on one side, the carrier on the other."""

import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from tests.system.calls import ended, events, new_agent, new_number, placed, shown
from tests.system.conftest import Api
from tools.carrier import Behaviour, Call, Callee, Carrier, Fault, Kind, Operation, sign
from tools.carrier.callees import SCRIPTS
from tools.demo import OTHER_AGENT_ID
from tools.local_cloud.cloud import Cloud

WITHIN_S = 90.0
TOLD = ["call.queued", "call.answered", "call.ended", "call.analyzed"]
OPENINGS = {
    "he": "שלום, כאן Noa, עוזר דיגיטלי מבוסס בינה מלאכותית."
    " כדי לא לקבל מאיתנו עוד שיחות, הקישו 9. האם זה זמן טוב לדבר?",
    "ar": "مرحبا، معك Noa، مساعد آلي يعمل بالذكاء الاصطناعي."
    " لعدم تلقي مكالمات أخرى منا، اضغط 9. هل الوقت مناسب؟",
}
# A third of a minute in real time.
LONG_STORY = "ועוד דבר אחד. " * 400


# Known, and not set up here: nobody has given it a key.
ABSENT_MODEL = "anthropic/claude-haiku-4-5"


@pytest.fixture
def carrier(cloud: Cloud) -> Iterator[Carrier]:
    yield cloud.carrier
    cloud.carrier.behave(Behaviour())


def _choose_model(api: Api, model: str | None) -> None:
    """In a workspace that no other test calls from; test mode would ask no model."""
    path, token = "/v1/workspace/settings", "TOKEN_OTHER"
    headers = {"If-Match": str(api.send("GET", path, token=token).json()["version"])}
    changed = api.send("PATCH", path, token=token, json={"model": model}, headers=headers)
    assert changed.status_code == 200, changed.text


@pytest.fixture
def _absent_model(api: Api) -> Iterator[None]:
    _choose_model(api, ABSENT_MODEL)
    yield
    _choose_model(api, None)


def _the_call(carrier: Carrier, to: str) -> Call:
    """The carrier was asked for one call, and no more; it is over."""
    assert carrier.dials(to) == 1
    return carrier.wait_until_over(carrier.calls(to)[0].sid, WITHIN_S)


def _wait_for(held: Callable[[], object]) -> None:
    give_up_at = time.monotonic() + WITHIN_S
    while not held():
        assert time.monotonic() < give_up_at
        time.sleep(0.05)


def _told(cloud: Cloud, call_id: str) -> list[str]:
    """What was told of a call once it is analysed, in order; whether it rang may be overtaken."""
    _wait_for(lambda: "call.analyzed" in events(cloud, call_id))
    return [event for event in events(cloud, call_id) if event != "call.ringing"]


@pytest.mark.parametrize(("language", "locale"), [("he", "he-IL"), ("ar", "ar-IL")])
def test_completed_after_a_conversation_of_six_turns(
    api: Api, cloud: Cloud, language: str, locale: str
) -> None:
    to = new_number()
    call_id = placed(api, agent_id=new_agent(api, language=locale), to=to)
    call, heard = ended(api, call_id), _the_call(cloud.carrier, to)
    assert (call["status"], call["ended_reason"]) == ("completed", "agent_ended")
    assert call["answered_by"] == "human"
    lines = call["transcript"]
    assert [line["role"] for line in lines] == ["agent", *["callee", "agent"] * 6]
    assert lines[0]["text"] == OPENINGS[language]
    assert tuple(line["text"] for line in lines[1::2]) == SCRIPTS[language]
    assert [line["text"] for line in lines[0::2]] == heard.said("agent")
    assert {line["lang"] for line in lines} == {language}
    assert {turn.language for turn in heard.turns if turn.who == "callee"} == {locale}
    # By the call's own clock, which runs faster here.
    assert call["duration_s"] == heard.duration_s > 25
    assert _told(cloud, call_id) == TOLD


MAGIC = [
    ("+15005550001", "busy", "busy", None),
    ("+15005550002", "no_answer", "no_answer", None),
    ("+15005550003", "voicemail", "voicemail", "voicemail"),
    ("+15005550004", "failed", "carrier_failed", None),
    ("+15005550005", "completed", "agent_ended", "human"),
    ("+15005550006", "completed", "call_screening", "call_screening"),
]


@pytest.mark.parametrize("token", ["TOKEN", "TOKEN_TEST"])
@pytest.mark.parametrize(("to", "status", "reason", "answered_by"), MAGIC)
def test_a_magic_number_ends_as_it_says(
    api: Api, token: str, to: str, status: str, reason: str, answered_by: str | None
) -> None:
    call = ended(api, placed(api, token, to=to), token)
    found = (call["status"], call["ended_reason"], call["answered_by"])
    assert found == (status, reason, answered_by)


def test_a_message_is_left_where_the_plan_says_so(api: Api, carrier: Carrier) -> None:
    to, message = new_number(), "נא לחזור אלינו."
    carrier.callees[to] = Callee(kind=Kind.MACHINE, lines=(LONG_STORY,), hangs_up=False)
    plan = {"action": "leave_message", "message": message}
    call = ended(api, placed(api, agent_id=new_agent(api, voicemail=plan), to=to))
    assert (call["status"], call["ended_reason"]) == ("voicemail", "voicemail")
    assert _the_call(carrier, to).said("agent") == [OPENINGS["he"], message]
    assert [line["text"] for line in call["transcript"]] == [OPENINGS["he"], message]


@pytest.mark.usefixtures("_absent_model")
def test_connected_with_a_person_where_no_model_answers(api: Api, carrier: Carrier) -> None:
    to = new_number()
    call_id = placed(api, "TOKEN_OTHER", agent_id=OTHER_AGENT_ID, to=to)
    call = ended(api, call_id, "TOKEN_OTHER")
    assert (call["status"], call["ended_reason"]) == ("completed", "transferred")
    assert call["transcript"][-1]["text"] == "השיחה מועברת עכשיו לנציג אנושי. רק רגע, בבקשה."
    heard = _the_call(carrier, to)
    (connected,) = [one for one in carrier.calls() if one.parent_sid == heard.sid]
    # The number of the demo agent's rule.
    assert (connected.order.to, connected.status) == ("+972541230000", "completed")


def test_canceled_in_the_middle_of_a_talk_and_hung_up(api: Api, carrier: Carrier) -> None:
    to = new_number()
    carrier.callees[to] = Callee(lines=("כן, זה זמן טוב.", LONG_STORY))
    call_id = placed(api, to=to)
    _wait_for(lambda: carrier.calls(to) and len(carrier.calls(to)[0].said("callee")) == 2)
    canceled = api.send("POST", f"/v1/voice/calls/{call_id}/cancel", json={})
    assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")
    heard = _the_call(carrier, to)
    assert (heard.status, heard.ended_by) == ("completed", "api")
    call = shown(api, call_id)
    assert (call["status"], call["ended_reason"]) == ("canceled", "canceled")
    # What was said by then; the story had not come to its end.
    assert [line["text"] for line in call["transcript"]] == [
        OPENINGS["he"].replace("Noa", "Dana"),
        "כן, זה זמן טוב.",
        "תודה.",
    ]


def test_dialled_once_though_the_carriers_answer_was_lost(api: Api, carrier: Carrier) -> None:
    carrier.behave(Behaviour(faults={Operation.PLACE: Fault.DROP}))
    to = new_number()
    call = ended(api, placed(api, to=to))
    assert (call["status"], call["ended_reason"]) == ("completed", "agent_ended")
    assert len(call["transcript"]) == 13
    assert _the_call(carrier, to).said("agent") == [
        line["text"] for line in call["transcript"][0::2]
    ]


@pytest.mark.parametrize("at_once", [False, True])
def test_one_call_though_all_is_told_and_asked_five_times(
    api: Api, cloud: Cloud, carrier: Carrier, at_once: bool
) -> None:
    carrier.behave(Behaviour(copies=5, at_once=at_once, page_copies=5))
    to = new_number()
    call_id = placed(api, agent_id=new_agent(api), to=to)
    call, heard = ended(api, call_id), _the_call(carrier, to)
    assert (call["status"], call["ended_reason"]) == ("completed", "agent_ended")
    lines = call["transcript"]
    assert tuple(line["text"] for line in lines[1::2]) == SCRIPTS["he"]
    assert [line["text"] for line in lines[0::2]] == heard.said("agent")
    assert len(carrier.posts("page", heard.sid)) == 5 * 7
    assert len(carrier.posts("completed", heard.sid)) == 5
    assert [alert for alert in carrier.alerts if alert.call_sid == heard.sid] == []
    assert {post.status for post in carrier.posts(call_sid=heard.sid)} == {200, 204}
    assert _told(cloud, call_id) == TOLD


def test_403_for_what_the_carrier_did_not_sign(api: Api, carrier: Carrier) -> None:
    to = new_number()
    ended(api, placed(api, to=to))
    heard = _the_call(carrier, to)
    (told,) = carrier.posts("completed", heard.sid)
    path = urlsplit(told.url).path

    def send(signature: str) -> int:
        headers = {"X-Twilio-Signature": signature} if signature else {}
        return api.http.post(path, data=dict(told.params), headers=headers).status_code

    def signed(url: str, token: str) -> str:
        return sign(url, told.params.items(), token)

    assert send(signed(told.url, carrier.auth_token)) == 204
    for wrong in (
        "",
        "c2lnbmF0dXJl",
        signed(told.url, carrier.auth_token[::-1]),
        # As it is reached, which is not where it was sent.
        signed(f"{api.http.base_url}{path}", carrier.auth_token),
        signed(told.url.replace("/1/", "/2/"), carrier.auth_token),
    ):
        assert send(wrong) == 403
