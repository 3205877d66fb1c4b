"""What follows an ended call: its transcript in full, its recording, its analysis."""

import io
import json
import wave
from datetime import timedelta
from typing import Any

import httpx
import pytest

from linkwright import clock, media
from linkwright.outbox import FOLLOW_UP, Work
from linkwright.providers import telephony
from linkwright.providers.telephony import CarrierNotConfigured, Simulator
from linkwright.table import Item, Table, get, update
from linkwright.voice import after_call, follow_up, lifecycle, recordings
from linkwright.voice.models import CallSummary
from tests import pump
from tests.client import Context, invoke, queue_event
from tests.factories import Workspace
from tests.stack import Stack

VOICEMAIL = "+15005550003"
_AFTER_THE_END = {"call.analyzed", "call.recording_ready"}


class Killed(BaseException):
    pass


def _place(workspace: Workspace, *, recording: bool = True, **body: Any) -> str:
    return str(workspace.place(workspace.agent(recording=recording), **body).json["id"])


def _ended(stack: Stack, workspace: Workspace, **options: Any) -> str:
    """A call that has ended, and nothing has followed yet."""
    call_id = _place(workspace, **options)
    pump.settle(stack, workspace.id, "call")
    return call_id


def _show(workspace: Workspace, call_id: str) -> Item:
    call: Item = workspace.client.get(f"/v1/voice/calls/{call_id}").json
    return call


def _work(workspace: Workspace, call_id: str) -> Work:
    return Work(FOLLOW_UP, *follow_up.key(workspace.partition, call_id))


def _events(stack: Stack, workspace: Workspace) -> list[Item]:
    """The events that follow the end, in their order."""
    found = [i for i in pump.items(stack, "CoreTable", workspace.id) if "sequence" in i]
    found.sort(key=lambda event: event["sequence"])
    return [event for event in found if event["type"] in _AFTER_THE_END]


def _types(stack: Stack, workspace: Workspace) -> list[str]:
    return [event["type"] for event in _events(stack, workspace)]


def _speak(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    monkeypatch.setitem(telephony._SCRIPT, "he", texts)


def test_200_analysed_and_recorded(stack: Stack, workspace: Workspace) -> None:
    call_id = _ended(stack, workspace)
    before = _show(workspace, call_id)
    assert (before["analysis"], before["recording_url"]) == (None, None)
    assert before["recording_expires_at"] is None
    pump.settle(stack, workspace.id)
    call = _show(workspace, call_id)
    assert call["analysis"] == {
        "summary": "A person answered. The call took 2 s; the agent ended it."
        ' Turns: 2 of the agent, 1 of the callee. The callee last said: "כן, בבקשה."',
        "outcome": "conversation",
        "sentiment": None,
        "custom": {},
    }
    with wave.open(io.BytesIO(httpx.get(call["recording_url"]).content)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000)
        assert sound.getnframes() == 8000 * call["duration_s"]


def test_the_address_is_fresh_at_each_look(stack: Stack, workspace: Workspace) -> None:
    call_id = _place(workspace)
    pump.settle(stack, workspace.id)
    before = clock.now().replace(microsecond=0)
    expires = clock.parse(_show(workspace, call_id)["recording_expires_at"])
    assert before <= expires - timedelta(seconds=media.LINK_S) <= clock.now()
    answer = httpx.get(_show(workspace, call_id)["recording_url"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")


def test_only_a_call_by_its_id_shows_the_address(stack: Stack, workspace: Workspace) -> None:
    call_id = _place(workspace)
    pump.settle(stack, workspace.id)
    (listed,) = workspace.client.get("/v1/voice/calls").json["data"]
    assert (listed["id"], listed["recording_url"]) == (call_id, None)
    assert listed["analysis"] is not None
    for event in _events(stack, workspace):
        assert CallSummary.model_validate(event["object"]).recording_url is None


def test_a_canceled_call_is_answered_without_an_address(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reply of a POST is kept, and an address in it would outlive itself."""
    conversation = Simulator._conversation
    call_id = _place(workspace)
    path = f"/v1/voice/calls/{call_id}"

    def cancel_first(self: Simulator, dial: Any) -> Any:
        workspace.client.post(f"{path}/cancel")
        return conversation(self, dial)

    monkeypatch.setattr(Simulator, "_conversation", cancel_first)
    pump.settle(stack, workspace.id)
    assert _show(workspace, call_id)["recording_url"] is not None
    assert workspace.client.post(f"{path}/cancel").json["recording_url"] is None


def test_events_tell_of_each_step_once_and_in_order(stack: Stack, workspace: Workspace) -> None:
    call_id = _place(workspace)
    pump.settle(stack, workspace.id)
    events = _events(stack, workspace)
    assert [event["type"] for event in events] == ["call.analyzed", "call.recording_ready"]
    call = lifecycle.find(workspace.partition, call_id) or {}
    assert [event["sequence"] for event in events] == [call["v"] - 1, call["v"]]
    assert [event["object"] for event in events] == [call["view"]] * 2


def test_no_recording_unless_the_agent_says_so(stack: Stack, workspace: Workspace) -> None:
    call_id = _place(workspace, recording=False)
    pump.settle(stack, workspace.id)
    assert _show(workspace, call_id)["recording_url"] is None
    assert _types(stack, workspace) == ["call.analyzed"]


def test_no_recording_of_a_voicemail_that_was_hung_up(stack: Stack, workspace: Workspace) -> None:
    call_id = _place(workspace, to=VOICEMAIL)
    pump.settle(stack, workspace.id)
    call = _show(workspace, call_id)
    assert (call["analysis"]["outcome"], call["recording_url"]) == ("voicemail", None)


def test_nothing_follows_a_call_that_nobody_answered(stack: Stack, workspace: Workspace) -> None:
    call_id = _place(workspace, to="+15005550002")
    pump.settle(stack, workspace.id)
    assert _show(workspace, call_id)["analysis"] is None
    assert get(Table.CORE, follow_up.key(workspace.partition, call_id)) is None


@pytest.mark.parametrize("nothing", ["no recording", "no carrier"])
def test_done_where_the_carrier_has_no_recording(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, nothing: str
) -> None:
    def refuse(_: str) -> None:
        raise CarrierNotConfigured

    call_id = _ended(stack, workspace)
    if nothing == "no carrier":
        monkeypatch.setattr(telephony, "carrier", refuse)
    else:
        monkeypatch.setattr(Simulator, "recording", lambda *_: None)
    after_call.run(_work(workspace, call_id))
    assert _types(stack, workspace) == ["call.analyzed"]
    assert "gsi2pk" not in (get(Table.CORE, follow_up.key(workspace.partition, call_id)) or {})


def test_one_of_each_for_five_deliveries(stack: Stack, workspace: Workspace) -> None:
    call_id = _ended(stack, workspace)
    body = _work(workspace, call_id).message()
    for _ in range(5):
        answer = invoke("follow_up_call", queue_event([body]), Context(60_000))
        assert answer == {"batchItemFailures": []}
    assert _types(stack, workspace) == ["call.analyzed", "call.recording_ready"]
    job = get(Table.CORE, follow_up.key(workspace.partition, call_id)) or {}
    assert "gsi2pk" not in job
    assert job["ttl"] > clock.epoch()


def test_killed_between_the_object_and_its_item(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, stored = recordings.store, []

    def store_and_die(*what: Any) -> str:
        stored.append(store(*what))
        raise Killed

    call_id = _ended(stack, workspace)
    with monkeypatch.context() as patch:
        patch.setattr(recordings, "store", store_and_die)
        with pytest.raises(Killed):
            after_call.run(_work(workspace, call_id))
    assert media.get(stored[0]).startswith(b"RIFF")
    assert _show(workspace, call_id)["recording_url"] is None
    after_call.run(_work(workspace, call_id))
    assert _show(workspace, call_id)["recording_url"] is not None
    assert _types(stack, workspace) == ["call.analyzed", "call.recording_ready"]


def test_a_change_meanwhile_is_kept(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _ended(stack, workspace)
    where, store = lifecycle.key(workspace.partition, call_id), recordings.store
    changes = iter([True])

    def store_while_another_writes(*what: Any) -> str:
        if next(changes, False):
            update(Table.CORE, where, "SET #note = :x ADD #v :one", values={"x": "kept", "one": 1})
        return store(*what)

    monkeypatch.setattr(recordings, "store", store_while_another_writes)
    after_call.run(_work(workspace, call_id))
    assert (get(Table.CORE, where) or {})["note"] == "kept"
    assert _types(stack, workspace) == ["call.analyzed", "call.recording_ready"]


def test_a_message_about_nothing_fails_and_is_delivered_again(workspace: Workspace) -> None:
    bodies = [Work(FOLLOW_UP, f"W#{workspace.id}#FLW", "call_01HF").message(), "not json"]
    answer = invoke("follow_up_call", queue_event(bodies), Context(60_000))
    assert [failed["itemIdentifier"] for failed in answer["batchItemFailures"]] == ["m0", "m1"]


def test_200_a_transcript_too_long_for_an_item_is_shown_whole(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = (*("מילה " * 2000 + f"{at}" for at in range(11)), "אל תתקשרו אליי יותר")
    _speak(monkeypatch, *texts)
    call_id = _place(workspace)
    pump.settle(stack, workspace.id)
    call = _show(workspace, call_id)
    assert [turn["text"] for turn in call["transcript"]] == list(texts)
    assert call["transcript_status"] == "ready"
    assert call["analysis"]["outcome"] == "opted_out"
    item = lifecycle.find(workspace.partition, call_id) or {}
    assert "transcript" not in item
    assert len(json.dumps(item, default=str)) < 5_000


def test_200_text_from_right_to_left_is_kept_as_it_is(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ("שָׁלוֹם \u200fLinkwright\u200f!", "السَّلامُ عليكم، ١٢٣", "להתראות 👋🏽")
    _speak(monkeypatch, *texts)
    call_id = _place(workspace)
    pump.settle(stack, workspace.id)
    call = _show(workspace, call_id)
    assert [turn["text"] for turn in call["transcript"]] == list(texts)
    assert texts[1] in call["analysis"]["summary"]


def test_what_the_bucket_has_forgotten_is_not_shown(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _speak(monkeypatch, *("word " * 30_000 for _ in range(3)))
    call_id = _place(workspace)
    pump.settle(stack, workspace.id)
    where = lifecycle.key(workspace.partition, call_id)
    view = (get(Table.CORE, where) or {})["view"]
    view["ended_at"] = clock.timestamp(clock.now() - media.RETENTION)
    update(Table.CORE, where, "SET #view = :view", values={"view": view})
    call = _show(workspace, call_id)
    assert (call["recording_url"], call["transcript"]) == (None, [])
    assert call["analysis"] is not None
