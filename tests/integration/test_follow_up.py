"""What follows an ended call: its transcript in full, its recording, its analysis; a hang-up."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, jobs, media
from linkwright.egress import Answer
from linkwright.jobs import FOLLOW_UP, HANG_UP, RECORDING, Work
from linkwright.providers import telephony
from linkwright.providers.telephony import CarrierNotConfigured, NotFound
from linkwright.table import Item, Key, Table, get, update
from linkwright.transaction import Transaction
from linkwright.voice.calls import follow_ups, items, said, turn_log
from linkwright.voice.calls.models import CallSummary
from linkwright.voice.follow_up import worker
from tests import pump
from tests.carrier import Exchange, Killed, about, die, unreachable
from tests.client import Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import CALLEE, Workspace
from tests.stack import Stack
from tests.switchboard import Reply, Sent, deliver_to_functions
from tools.carrier.callees import SCRIPTS, Callee
from tools.carrier.recordings import mp3
from tools.jobs import given_up, redo

VOICEMAIL = "+15005550003"
YES, NO = "כן, בבקשה.", "לא."
# Four bytes each: eight of these are too much for an item, and are said within an hour.
LONG = "🙂" * 3_900
_AFTER_THE_END = {"call.analyzed", "call.recording_ready"}


def _place(workspace: Workspace, *, recording: bool = True, **body: Any) -> str:
    return str(workspace.place(workspace.agent(recording=recording), **body).json["id"])


def _ended(stack: Stack, workspace: Workspace, **options: Any) -> str:
    """A call that has ended, and nothing has followed yet."""
    call_id = _place(workspace, **options)
    pump.settle(stack, workspace.id, "call")
    return call_id


def _analysis(workspace: Workspace, call_id: str) -> Work:
    return Work(FOLLOW_UP, *follow_ups.analysis_key(workspace.partition, call_id))


def _recording(workspace: Workspace, call_id: str, exchange: Exchange) -> Work:
    (sid,) = exchange.live.recordings
    return Work(RECORDING, *follow_ups.recording_key(workspace.partition, call_id, sid))


def _is_done(job: Work) -> bool:
    return not jobs.is_waiting(Key(job.pk, job.sk))


def _deliver(*works: Work) -> list[str]:
    """Give the worker these messages. Returns those of which it says that they failed."""
    event = queue_event([work.message() for work in works])
    answer = invoke("follow_up_call", event, Context(60_000))
    return [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]


def _events(stack: Stack, workspace: Workspace) -> list[Item]:
    """The events that follow the end, in their order."""
    found = [i for i in stack.rows("CoreTable", workspace.id) if "sequence" in i]
    found.sort(key=lambda event: event["sequence"])
    return [event for event in found if event["type"] in _AFTER_THE_END]


def _types(stack: Stack, workspace: Workspace) -> list[str]:
    return [event["type"] for event in _events(stack, workspace)]


def _heard(call: Item) -> list[str]:
    return [turn["text"] for turn in call["transcript"] if turn["role"] == "callee"]


def _speak(exchange: Exchange, *lines: str) -> None:
    exchange.live.callees[CALLEE] = Callee(lines=lines)


def test_200_analysed_and_recorded(stack: Stack, workspace: Workspace, exchange: Exchange) -> None:
    call_id = _ended(stack, workspace)
    before = workspace.call(call_id)
    assert (before["analysis"], before["recording_url"]) == (None, None)
    assert before["recording_expires_at"] is None
    (at_carrier,) = exchange.live.recordings.values()
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    length = f"The call took {call['duration_s']} s; the agent ended it."
    assert call["analysis"] == {
        "summary": f"A person answered. {length} Turns: 7 of the agent, 6 of the callee."
        f' The callee last said: "{SCRIPTS["he"][-1]}"',
        "outcome": "conversation",
        "sentiment": None,
        "custom": {},
    }
    consent = call["recording_consent"]
    assert consent["type"] == "verbal"
    assert call["answered_at"] <= consent["granted_at"] <= call["ended_at"]
    assert stack.opened(call["recording_url"]) == ("audio/mpeg", mp3(at_carrier))
    # Ours is the only copy.
    assert exchange.live.recordings == {}


def test_words_that_crossed_with_the_end_are_in_the_transcript(
    stack: Stack, workspace: Workspace
) -> None:
    call_id = _ended(stack, workspace)
    before = workspace.call(call_id)
    item = items.find(workspace.partition, call_id)
    assert item is not None
    turn_log.hear(item, 90, "אל תתקשרו אליי יותר.")
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    texts = [turn["text"] for turn in before["transcript"]]
    assert [turn["text"] for turn in call["transcript"]] == [*texts, "אל תתקשרו אליי יותר."]
    assert call["analysis"]["outcome"] == "opted_out"


def test_the_address_is_fresh_at_each_look(stack: Stack, workspace: Workspace) -> None:
    call_id = _place(workspace)
    pump.settle(stack, workspace.id)
    before = clock.now().replace(microsecond=0)
    expires = clock.parse(workspace.call(call_id)["recording_expires_at"])
    assert before <= expires - timedelta(seconds=media.LINK_S) <= clock.now()
    kind, _ = stack.opened(workspace.call(call_id)["recording_url"])
    assert kind == "audio/mpeg"


def test_only_a_call_by_its_id_shows_the_address(stack: Stack, workspace: Workspace) -> None:
    call_id = _place(workspace)
    pump.settle(stack, workspace.id)
    assert workspace.call(call_id)["recording_url"] is not None
    (listed,) = workspace.client.get("/v1/voice/calls").json["data"]
    assert (listed["id"], listed["recording_url"]) == (call_id, None)
    assert listed["analysis"] is not None
    events = _events(stack, workspace)
    assert len(events) == 2
    for event in events:
        assert CallSummary.model_validate(event["object"]).recording_url is None


def test_a_canceled_call_is_answered_without_an_address(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    """The reply of a POST is kept, and an address in it would outlive itself."""
    call_id = _place(workspace)
    path = f"/v1/voice/calls/{call_id}"
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    placed = exchange.talk(call_id)
    while not placed.recorded:
        exchange.advance(placed)
    assert workspace.client.post(f"{path}/cancel").json["status"] == "canceled"
    pump.settle(stack, workspace.id)
    assert placed.ended_by == "api"
    assert workspace.call(call_id)["recording_url"] is not None
    assert workspace.client.post(f"{path}/cancel").json["recording_url"] is None
    assert exchange.live.recordings == {}


def test_events_tell_of_each_step_once_and_in_order(stack: Stack, workspace: Workspace) -> None:
    call_id = _place(workspace)
    pump.settle(stack, workspace.id)
    events = _events(stack, workspace)
    assert sorted(event["type"] for event in events) == ["call.analyzed", "call.recording_ready"]
    call = items.find(workspace.partition, call_id) or {}
    assert [event["sequence"] for event in events] == [call["v"] - 1, call["v"]]
    assert events[-1]["object"] == call["view"]


def test_no_recording_unless_the_agent_says_so(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    call_id = _place(workspace, recording=False)
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert (call["recording_url"], call["recording_consent"]) == (None, None)
    assert _types(stack, workspace) == ["call.analyzed"]
    assert not exchange.call(call_id).recorded


def test_no_recording_where_the_callee_says_no(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    _speak(exchange, NO, YES)
    call_id = _place(workspace)
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert call["recording_consent"] == {"type": "refused", "granted_at": None}
    assert call["recording_url"] is None
    assert _types(stack, workspace) == ["call.analyzed"]
    assert not exchange.call(call_id).recorded


def test_recorded_from_the_answer_where_the_agent_does_not_ask(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    _speak(exchange, NO)
    agent = workspace.agent(recording=True, recording_consent=False)
    call_id = workspace.place(agent).json["id"]
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    placed = exchange.call(call_id)
    exchange.run_to(placed, "answer")
    assert placed.recorded
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert call["recording_consent"] == {"type": "not_asked", "granted_at": None}
    assert stack.opened(call["recording_url"])
    assert exchange.live.recordings == {}


def test_what_was_recorded_without_consent_is_not_kept(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the carrier recorded: it is to forget it, and nobody fetches it."""
    call_id = _ended(stack, workspace)
    job = _recording(workspace, call_id, exchange)
    where = items.key(workspace.partition, call_id)
    view = (get(Table.CORE, where) or {})["view"] | {"recording_consent": {"type": "refused"}}
    update(Table.CORE, where, "SET #view = :view", values={"view": view})
    asked: list[str] = []
    fetch = exchange.live.fetch

    def note(url: str, **options: Any) -> Any:
        asked.append(options["method"])
        return fetch(url, **options)

    monkeypatch.setattr(exchange.live, "fetch", note)
    worker.run(job)
    assert asked == ["DELETE"]
    assert exchange.live.recordings == {}
    assert workspace.call(call_id)["recording_url"] is None


def test_no_recording_of_a_voicemail_that_was_hung_up(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    call_id = _place(workspace, to=VOICEMAIL)
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert (call["analysis"]["outcome"], call["recording_url"]) == ("voicemail", None)
    assert not exchange.call(call_id).recorded


def test_nothing_follows_a_call_that_nobody_answered(stack: Stack, workspace: Workspace) -> None:
    call_id = _place(workspace, to="+15005550002")
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert (call["status"], call["analysis"]) == ("no_answer", None)
    assert get(Table.CORE, follow_ups.analysis_key(workspace.partition, call_id)) is None


def test_done_where_the_carrier_says_that_there_is_no_recording(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    exchange.live.account.recordings_absent = True
    call_id = _ended(stack, workspace)
    assert exchange.call(call_id).recorded
    worker.run(_analysis(workspace, call_id))
    assert _is_done(_analysis(workspace, call_id))
    assert _types(stack, workspace) == ["call.analyzed"]
    assert workspace.call(call_id)["recording_url"] is None
    kinds = {item["pk"].rpartition("#")[2] for item in stack.rows("CoreTable", workspace.id)}
    assert "REC" not in kinds


def _not_found(fetch: Any, times: int, method: str = "") -> Any:
    """So many requests by this method are about what the carrier does not know yet."""
    left = [times]

    def answer(url: str, **options: Any) -> Answer:
        if left[0] and method in ("", options["method"]):
            left[0] -= 1
            return Answer(404, {}, b'{"code": 20404}', url)
        found: Answer = fetch(url, **options)
        return found

    return answer


@pytest.mark.parametrize("times", [1, 4])
def test_a_recording_that_is_not_found_at_first_is_asked_for_again(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    times: int,
) -> None:
    """One 404 destroyed both copies once."""
    call_id = _ended(stack, workspace)
    job = _recording(workspace, call_id, exchange)
    monkeypatch.setattr(exchange.live, "fetch", _not_found(exchange.live.fetch, times))
    for _ in range(times):
        with pytest.raises(NotFound):
            worker.run(job)
        assert not _is_done(job)
        assert len(exchange.live.recordings) == 1
    worker.run(job)
    assert workspace.call(call_id)["recording_url"] is not None
    assert exchange.live.recordings == {}
    assert _is_done(job)


def test_a_recording_that_is_never_found_is_given_up_and_left(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _ended(stack, workspace)
    job = _recording(workspace, call_id, exchange)
    hand = Hand(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(exchange.live, "fetch", _not_found(exchange.live.fetch, 1_000))
        for _ in range(26):
            assert _deliver(job) == []
            hand.move(3600)
    assert [work for work, _ in given_up([RECORDING], workspace.id)] == [job]
    assert len(exchange.live.recordings) == 1
    # Somebody has mended what was wrong, and has it done again.
    assert redo(job)
    worker.run(job)
    assert exchange.live.recordings == {}
    assert workspace.call(call_id)["recording_url"] is not None


def test_a_recording_that_was_refused_is_deleted_though_it_is_not_found_at_first(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _ended(stack, workspace)
    job = _recording(workspace, call_id, exchange)
    where = items.key(workspace.partition, call_id)
    view = (get(Table.CORE, where) or {})["view"] | {"recording_consent": {"type": "refused"}}
    update(Table.CORE, where, "SET #view = :view", values={"view": view})
    # The request to delete it, and the question whether it is deleted.
    monkeypatch.setattr(exchange.live, "fetch", _not_found(exchange.live.fetch, 2))
    with pytest.raises(NotFound):
        worker.run(job)
    assert not _is_done(job)
    worker.run(job)
    assert (exchange.live.recordings, _is_done(job)) == ({}, True)


def test_what_is_deleted_already_is_done(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the carrier has forgotten it, and before that is written down."""
    call_id = _ended(stack, workspace)
    job = _recording(workspace, call_id, exchange)
    with monkeypatch.context() as patch:
        patch.setattr(worker, "_close", die)
        with pytest.raises(Killed):
            worker.run(job)
    assert exchange.live.recordings == {}
    worker.run(job)
    assert _is_done(job)
    assert _types(stack, workspace) == ["call.recording_ready"]


def test_a_second_recording_of_a_call_is_left_where_it_is(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    call_id = _ended(stack, workspace)
    (kept,) = exchange.live.recordings.values()
    worker.run(_recording(workspace, call_id, exchange))
    other = replace(kept, sid=f"RE{'7' * 32}")
    exchange.live.recordings[other.sid] = other
    tx = Transaction(workspace.partition, "")
    follow_ups.request_recording(workspace.partition, call_id, other.sid, tx)
    tx.commit()
    job = _recording(workspace, call_id, exchange)
    with pytest.raises(worker.NotKept):
        worker.run(job)
    assert list(exchange.live.recordings) == [other.sid]
    assert not _is_done(job)


def test_what_an_account_is_needed_for_waits_for_one(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> None:
        raise CarrierNotConfigured

    call_id = _ended(stack, workspace)
    job = _recording(workspace, call_id, exchange)
    with monkeypatch.context() as patch:
        patch.setattr(telephony, "carrier", refuse)
        with pytest.raises(CarrierNotConfigured):
            worker.run(job)
    assert len(exchange.live.recordings) == 1
    worker.run(job)
    assert _is_done(job)
    assert workspace.call(call_id)["recording_url"] is not None


def test_one_of_each_for_five_deliveries(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    """Of the callback that tells of the recording, and of each message."""

    def five_times(sent: Sent) -> Reply:
        reply = deliver_to_functions(sent)
        if about(sent) == "recording":
            again = [deliver_to_functions(sent) for _ in range(4)]
            assert {one.status for one in [reply, *again]} == {204}
        return reply

    exchange.deliver = five_times
    call_id = _ended(stack, workspace)
    ours = [_analysis(workspace, call_id), _recording(workspace, call_id, exchange)]
    partitions = [item["pk"] for item in stack.rows("CoreTable", workspace.id)]
    assert partitions.count(ours[1].pk) == 1
    for job in ours:
        for _ in range(5):
            assert _deliver(job) == []
    assert _types(stack, workspace) == ["call.analyzed", "call.recording_ready"]
    for job in ours:
        item = get(Table.CORE, Key(job.pk, job.sk)) or {}
        assert "gsi2pk" not in item
        assert item["ttl"] > clock.epoch()


def test_a_recording_that_comes_before_the_end_waits_for_it(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    """Callbacks come in any order: that the call is over is told last here."""
    late: list[Sent] = []

    def deliver(sent: Sent) -> Reply:
        if sent.kind == "status" and sent.fields["CallStatus"] == "completed":
            late.append(sent)
            return Reply(204, "", b"")
        return deliver_to_functions(sent)

    exchange.deliver = deliver
    call_id = _ended(stack, workspace)
    job = _recording(workspace, call_id, exchange)
    assert _deliver(job) == []
    assert not _is_done(job)
    assert deliver_to_functions(late[0]).status == 204
    assert _deliver(job) == []
    assert workspace.call(call_id)["recording_url"] is not None


@pytest.mark.parametrize("when", ["after the object", "before the carrier forgets it"])
def test_killed_between_two_steps(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    stored: list[str] = []
    store, fetch = said.store_recording, exchange.live.fetch

    def store_and_die(key: str, *what: Any) -> None:
        store(key, *what)
        stored.append(key)
        raise Killed

    def die_at_delete(url: str, **options: Any) -> Any:
        if options["method"] == "DELETE":
            raise Killed
        return fetch(url, **options)

    call_id = _ended(stack, workspace)
    job = _recording(workspace, call_id, exchange)
    with monkeypatch.context() as patch:
        if when == "after the object":
            patch.setattr(said, "store_recording", store_and_die)
        else:
            patch.setattr(exchange.live, "fetch", die_at_delete)
        with pytest.raises(Killed):
            worker.run(job)
    for key in stored:
        (at_carrier,) = exchange.live.recordings.values()
        assert media.get(key) == mp3(at_carrier)
    shown = workspace.call(call_id)["recording_url"] is not None
    assert shown is (when == "before the carrier forgets it")
    assert not _is_done(job)
    worker.run(job)
    assert workspace.call(call_id)["recording_url"] is not None
    assert _types(stack, workspace) == ["call.recording_ready"]
    assert exchange.live.recordings == {}
    assert _is_done(job)


def test_a_change_meanwhile_is_kept(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _ended(stack, workspace)
    where, store = items.key(workspace.partition, call_id), said.store_recording
    changes = iter([True])

    def store_while_another_writes(*what: Any) -> None:
        if next(changes, False):
            update(Table.CORE, where, "SET #note = :x ADD #v :one", values={"x": "kept", "one": 1})
        store(*what)

    monkeypatch.setattr(said, "store_recording", store_while_another_writes)
    worker.run(_recording(workspace, call_id, exchange))
    worker.run(_analysis(workspace, call_id))
    assert (get(Table.CORE, where) or {})["note"] == "kept"
    assert _types(stack, workspace) == ["call.recording_ready", "call.analyzed"]


def test_a_carrier_that_does_not_answer_is_asked_again(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _ended(stack, workspace)
    job = _recording(workspace, call_id, exchange)
    with monkeypatch.context() as patch:
        patch.setattr(exchange.live, "fetch", unreachable)
        assert _deliver(job) == []
    assert not _is_done(job)
    assert _deliver(job) == []
    assert _types(stack, workspace) == ["call.recording_ready"]


def test_a_hang_up_is_tried_until_the_call_is_over(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _place(workspace)
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    placed = exchange.talk(call_id)
    assert workspace.client.post(f"/v1/voice/calls/{call_id}/cancel").status == 200
    job = Work(HANG_UP, *follow_ups.hang_up_key(workspace.partition, placed.sid))
    with monkeypatch.context() as patch:
        patch.setattr(exchange.live, "fetch", unreachable)
        assert _deliver(job) == []
    assert not _is_done(job)
    assert not placed.hung_up
    for _ in range(5):
        assert _deliver(job) == []
    assert placed.hung_up
    assert _is_done(job)
    exchange.finish(placed)
    assert placed.ended_by == "api"


def test_a_hang_up_that_is_answered_404_at_first_is_ordered_again(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the first seconds of a call: who is there rings, and nobody else would end it."""
    call_id = _place(workspace)
    workspace.dial(call_id)
    placed = exchange.ring(call_id)
    assert workspace.client.post(f"/v1/voice/calls/{call_id}/cancel").status == 200
    job = Work(HANG_UP, *follow_ups.hang_up_key(workspace.partition, placed.sid))
    monkeypatch.setattr(exchange.live, "fetch", _not_found(exchange.live.fetch, 1))
    with pytest.raises(NotFound):
        worker.run(job)
    assert not _is_done(job)
    worker.run(job)
    assert placed.hung_up
    assert _is_done(job)


def test_a_hang_up_of_a_call_that_is_over_is_done(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    call_id = _place(workspace)
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    placed = exchange.talk(call_id)
    assert workspace.client.post(f"/v1/voice/calls/{call_id}/cancel").status == 200
    # Before we come to it.
    exchange.finish(placed)
    job = Work(HANG_UP, *follow_ups.hang_up_key(workspace.partition, placed.sid))
    assert _deliver(job) == []
    assert _is_done(job)
    assert not placed.hung_up
    assert workspace.call(call_id)["status"] == "canceled"


def test_a_message_about_nothing_fails_and_is_delivered_again(workspace: Workspace) -> None:
    bodies = [
        Work(FOLLOW_UP, f"W#{workspace.id}#FLW", "call_01HF").message(),
        Work(RECORDING, f"W#{workspace.id}#REC", "call_01HF#RE0").message(),
        Work(HANG_UP, f"W#{workspace.id}#HUP", "CA0").message(),
        "not json",
    ]
    answer = invoke("follow_up_call", queue_event(bodies), Context(60_000))
    failed = [failed["itemIdentifier"] for failed in answer["batchItemFailures"]]
    assert failed == ["m0", "m1", "m2", "m3"]


@pytest.mark.slow
def test_200_a_transcript_too_long_for_an_item_is_shown_whole(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    lines = (*(f"{LONG} {at}" for at in range(8)), "אל תתקשרו אליי יותר")
    _speak(exchange, *lines)
    call_id = workspace.place(workspace.agent(max_duration_s=3600)).json["id"]
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert _heard(call) == list(lines)
    assert len(call["transcript"]) == 2 * len(lines) + 1
    assert call["transcript_status"] == "ready"
    assert call["analysis"]["outcome"] == "opted_out"
    item = items.find(workspace.partition, call_id) or {}
    assert "transcript" not in item
    assert len(json.dumps(item, default=str)) < 5_000


def test_200_text_from_right_to_left_is_kept_as_it_is(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    lines = ("שָׁלוֹם \u200fLinkwright\u200f!", "להתקשר 👋🏽", "السَّلامُ عليكم، ١٢٣")
    _speak(exchange, *lines)
    call_id = _place(workspace)
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert _heard(call) == list(lines)
    assert lines[-1] in call["analysis"]["summary"]


@pytest.mark.slow
def test_what_the_bucket_has_forgotten_is_not_shown(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    _speak(exchange, YES, *[LONG] * 8)
    agent = workspace.agent(recording=True, max_duration_s=3600)
    call_id = workspace.place(agent).json["id"]
    pump.settle(stack, workspace.id)
    shown = workspace.call(call_id)
    assert shown["recording_url"] is not None
    assert len(_heard(shown)) == 9
    where = items.key(workspace.partition, call_id)
    view = (get(Table.CORE, where) or {})["view"]
    view["ended_at"] = clock.timestamp(clock.now() - timedelta(days=365))
    update(Table.CORE, where, "SET #view = :view", values={"view": view})
    call = workspace.call(call_id)
    assert (call["recording_url"], call["transcript"]) == (None, [])
    assert call["analysis"]["summary"] is None
    assert call["analysis"]["outcome"] == "conversation"
