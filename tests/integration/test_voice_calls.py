"""Calls from the request to their end."""

from datetime import timedelta

import pytest

from linkwright import clock, jobs
from linkwright.jobs import Work
from linkwright.table import Item, Key
from linkwright.voice.calls.models import CallSummary
from linkwright.voice.dialling import claims, dialler
from tests import pump
from tests.carrier import Exchange, Killed, die, then_die, unreachable
from tests.client import Answer, Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import CALLEE, Workspace
from tests.stack import Stack
from tools.carrier.callees import SCRIPTS


def _ended(stack: Stack, workspace: Workspace, to: str = CALLEE) -> Item:
    call_id = workspace.place(workspace.agent(), to=to).json["id"]
    pump.settle(stack, workspace.id)
    return workspace.call(call_id)


def _events(stack: Stack, workspace: Workspace) -> list[Item]:
    found = [item for item in stack.rows("CoreTable", workspace.id) if "sequence" in item]
    return sorted(found, key=lambda event: event["sequence"])


def test_201_queues_the_call(workspace: Workspace) -> None:
    agent = workspace.agent()
    answer = workspace.place(agent, metadata={"lead_id": "lead_9182"})
    call = answer.json
    assert answer.status == 201
    assert answer.headers["Location"] == f"/v1/voice/calls/{call['id']}"
    assert {name: call[name] for name in ("agent_id", "to", "status", "metadata")} == {
        "agent_id": agent,
        "to": CALLEE,
        "status": "queued",
        "metadata": {"lead_id": "lead_9182"},
    }
    assert clock.parse(call["created_at"]) <= clock.now()
    assert workspace.client.get(answer.headers["Location"]).json == call


def test_200_completed_with_a_transcript(stack: Stack, workspace: Workspace) -> None:
    call = _ended(stack, workspace)
    assert (call["status"], call["ended_reason"]) == ("completed", "agent_ended")
    assert call["transcript_status"] == "ready"
    assert [turn["role"] for turn in call["transcript"]] == ["agent", *["callee", "agent"] * 6]
    heard = [turn["text"] for turn in call["transcript"] if turn["role"] == "callee"]
    assert heard == list(SCRIPTS["he"])
    assert {turn["lang"] for turn in call["transcript"]} == {"he"}
    times = [moment for turn in call["transcript"] for moment in (turn["start_ms"], turn["end_ms"])]
    assert times == sorted(times)
    assert pump.minutes(workspace.partition) == (1, 1)


@pytest.mark.parametrize("language", ["ar-EG", "en-US", "tr-TR"])
def test_200_the_transcript_is_in_the_language_of_the_agent(
    stack: Stack, workspace: Workspace, exchange: Exchange, language: str
) -> None:
    call_id = workspace.place(workspace.agent(language=language)).json["id"]
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert {turn["lang"] for turn in call["transcript"]} == {language[:2]}
    said = exchange.call(call_id).turns
    assert [turn.text for turn in said] == [turn["text"] for turn in call["transcript"]]
    # What the carrier was told to listen in.
    assert {turn.language for turn in said if turn.who == "callee"} == {language}


@pytest.mark.parametrize(
    ("last_digit", "status", "reason", "answered_by", "minutes"),
    [
        (1, "busy", "busy", None, 0),
        (2, "no_answer", "no_answer", None, 0),
        (3, "voicemail", "voicemail", "voicemail", 1),
        (4, "failed", "carrier_failed", None, 0),
        (5, "completed", "agent_ended", "human", 1),
        (6, "completed", "call_screening", "call_screening", 1),
    ],
)
def test_200_magic_numbers_give_every_outcome(
    stack: Stack,
    workspace: Workspace,
    last_digit: int,
    status: str,
    reason: str,
    answered_by: str | None,
    minutes: int,
) -> None:
    call = _ended(stack, workspace, to=f"+1500555000{last_digit}")
    assert (call["status"], call["ended_reason"], call["answered_by"]) == (
        status,
        reason,
        answered_by,
    )
    assert call["ended_at"] is not None
    assert pump.minutes(workspace.partition) == (minutes, minutes)


def test_events_tell_each_change_once_and_in_order(stack: Stack, workspace: Workspace) -> None:
    call = _ended(stack, workspace)
    events = _events(stack, workspace)
    assert [event["type"] for event in events] == [
        "call.queued",
        "call.ringing",
        "call.answered",
        "call.ended",
        "call.analyzed",
    ]
    assert len({event["sequence"] for event in events}) == 5
    assert {event["object"]["id"] for event in events} == {call["id"]}
    del call["transcript"]
    shown = CallSummary.model_validate(events[-1]["object"])
    assert call["analysis"].pop("summary")
    call["analysis"]["summary"] = None  # it is kept where what was said is
    assert shown.model_dump(mode="json") == call


def test_one_dial_for_five_deliveries(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    call_id = workspace.place(workspace.agent()).json["id"]
    pump.relay(stack, workspace.id)
    assert pump.relay(stack, workspace.id) is None  # it asks for no message any more
    assert pump.work(stack, workspace.id, deliveries=5) == 1
    assert pump.dials(call_id) == [1]
    assert exchange.carry_on() == 1
    assert workspace.call(call_id)["status"] == "completed"
    assert pump.minutes(workspace.partition) == (1, 1)


def test_a_late_report_changes_nothing(stack: Stack, workspace: Workspace) -> None:
    from linkwright.voice.calls import items, lifecycle
    from linkwright.voice.calls.reports import Report
    from linkwright.voice.calls.states import Status

    call = _ended(stack, workspace)
    before = items.find(workspace.id, call["id"])
    assert before is not None
    lifecycle.advance(before, Report(Status.RINGING))
    assert items.find(workspace.id, call["id"]) == before


def test_the_sweeper_sends_what_the_relay_lost(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = workspace.place(workspace.agent()).json["id"]
    now = clock.now()
    invoke("sweep_overdue", {})
    assert pump.work(stack, workspace.id) == 0  # not overdue yet
    monkeypatch.setattr(clock, "now", lambda: now + jobs.RELAY_GRACE + timedelta(seconds=1))
    invoke("sweep_overdue", {})
    invoke("sweep_overdue", {})
    assert pump.work(stack, workspace.id) == 1  # moved first: the second sweep found nothing due
    assert workspace.call(call_id)["status"] == "dialing"
    assert pump.dials(call_id) == [1]


@pytest.mark.parametrize("when", ["before the order", "before the carrier has it", "after it has"])
def test_a_call_whose_worker_died_is_taken_over_without_a_second_dial(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    call_id = workspace.place(workspace.agent()).json["id"]
    work = Work(jobs.CALL, f"W#{workspace.id}#CALL", call_id)
    with monkeypatch.context() as patch:
        match when:
            case "before the order":
                patch.setattr(claims, "order", die)
            case "before the carrier has it":
                patch.setattr(exchange, "placing", die)
            case _:
                patch.setattr(exchange, "placing", then_die)
        with pytest.raises(Killed):
            dialler.dial(work)
    placed = pump.dials(call_id)
    assert placed == ([1] if when == "after it has" else [])
    assert workspace.call(call_id)["status"] == "dialing"
    dialler.dial(work)  # the lease still runs
    assert workspace.call(call_id)["status"] == "dialing"
    assert pump.dials(call_id) == placed
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=2))
    dialler.dial(work)
    exchange.carry_on()
    call = workspace.call(call_id)
    if when == "before the carrier has it":
        assert (call["status"], call["ended_reason"]) == ("failed", "provider_timeout")
        assert pump.dials(call_id) == []
        assert pump.minutes(workspace.partition) == (0, 0)
    else:
        assert (call["status"], call["attempt"]) == ("completed", 1)
        assert pump.dials(call_id) == [1]
        assert pump.minutes(workspace.partition) == (1, 1)


def test_failed_when_its_agent_is_gone(stack: Stack, workspace: Workspace) -> None:
    agent = workspace.agent()
    call_id = workspace.place(agent).json["id"]
    stack.delete("CoreTable", Key(f"W#{workspace.id}#AGT", agent))
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"]) == ("failed", "agent_not_found")
    assert pump.minutes(workspace.partition) == (0, 0)


def test_a_message_about_nothing_fails_and_is_delivered_again(
    stack: Stack, workspace: Workspace
) -> None:
    good = workspace.place(workspace.agent()).json["id"]
    pk = f"W#{workspace.id}#CALL"
    bodies = [
        Work(jobs.CALL, pk, "call_01HF").message(),
        Work(jobs.CALL, pk, good).message(),
        "not json",
    ]
    answer = invoke("dial_call", queue_event(bodies), Context(60_000))
    assert [failed["itemIdentifier"] for failed in answer["batchItemFailures"]] == ["m0", "m2"]
    assert workspace.call(good)["status"] == "dialing"
    assert pump.dials(good) == [1]


def test_no_work_is_begun_that_might_not_be_finished(workspace: Workspace) -> None:
    call_id = workspace.place(workspace.agent()).json["id"]
    body = Work(jobs.CALL, f"W#{workspace.id}#CALL", call_id).message()
    answer = invoke("dial_call", queue_event([body]), Context(4_000))
    assert answer["batchItemFailures"] == [{"itemIdentifier": "m0"}]
    assert workspace.call(call_id)["status"] == "queued"
    assert pump.dials(call_id) == []


def _cancel(workspace: Workspace, call_id: str) -> Answer:
    return workspace.client.post(f"/v1/voice/calls/{call_id}/cancel")


def test_200_a_queued_call_is_canceled_and_never_dialled(
    stack: Stack, workspace: Workspace
) -> None:
    call_id = workspace.place(workspace.agent()).json["id"]
    canceled = _cancel(workspace, call_id)
    assert (canceled.status, canceled.json["status"]) == (200, "canceled")
    assert canceled.json["ended_reason"] == "canceled"
    assert pump.minutes(workspace.partition) == (0, 0)
    pump.settle(stack, workspace.id)
    assert workspace.call(call_id) == canceled.json
    assert pump.dials(call_id) == []
    assert [event["type"] for event in _events(stack, workspace)] == ["call.queued", "call.ended"]


def test_200_canceling_twice_is_canceling_once(stack: Stack, workspace: Workspace) -> None:
    call_id = workspace.place(workspace.agent()).json["id"]
    first, second = _cancel(workspace, call_id), _cancel(workspace, call_id)
    assert (second.status, second.json) == (200, first.json)
    assert len(_events(stack, workspace)) == 2
    assert pump.minutes(workspace.partition) == (0, 0)


def test_200_a_call_in_progress_is_hung_up(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    call_id = workspace.place(workspace.agent()).json["id"]
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    placed = exchange.talk(call_id)
    canceled = _cancel(workspace, call_id).json
    assert (canceled["status"], canceled["duration_s"]) == ("canceled", 1)
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    # What was said until then.
    assert [turn["role"] for turn in call["transcript"]] == ["agent"]
    assert canceled["transcript"] == []
    canceled["transcript"] = call["transcript"]
    assert call.pop("analysis")["outcome"] == "no_conversation"
    assert canceled.pop("analysis") is None
    assert call == canceled
    assert (placed.status, placed.ended_by) == ("completed", "api")
    assert pump.minutes(workspace.partition) == (1, 1)
    told = [event["type"] for event in _events(stack, workspace)]
    assert told[-2:] == ["call.ended", "call.analyzed"]


def test_409_for_a_call_that_has_ended(stack: Stack, workspace: Workspace) -> None:
    call = _ended(stack, workspace)
    refused = _cancel(workspace, call["id"])
    assert (refused.status, refused.error["reason"]) == (409, "call_ended")
    assert workspace.call(call["id"]) == call


def test_400_for_a_body_that_says_anything(workspace: Workspace) -> None:
    call_id = workspace.place(workspace.agent()).json["id"]
    path = f"/v1/voice/calls/{call_id}/cancel"
    assert workspace.client.post(path, json={"why": "x"}).error["field"] == "why"
    assert workspace.client.post(path, json={}).status == 200


def test_failed_when_nobody_tells_its_end(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = workspace.place(workspace.agent(max_duration_s=600)).json["id"]
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    placed = exchange.ring(call_id)
    hand = Hand(monkeypatch)
    with monkeypatch.context() as patch:
        # Nor does the carrier answer.
        patch.setattr(exchange.live, "fetch", unreachable)
        # The longest talk, the grace that each call has, and the patience with the carrier.
        for minutes in (2, 12, 2, 28, 2):
            assert workspace.call(call_id)["status"] == "ringing"
            hand.move(60 * minutes)
            invoke("sweep_overdue", {})
            pump.work(stack, workspace.id)
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"]) == ("failed", "provider_timeout")
    assert pump.minutes(workspace.partition) == (0, 0)
    told = [event["type"] for event in _events(stack, workspace)]
    assert told == ["call.queued", "call.ringing", "call.ended"]
    pump.settle(stack, workspace.id)
    assert placed.ended_by == "api"
