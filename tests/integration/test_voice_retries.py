"""Calls that are dialled again: when, how often, and what is told of each attempt."""

from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock
from linkwright.table import Item
from tests import carrier, pump
from tests.carrier import Exchange
from tests.client import invoke
from tests.factories import Workspace
from tests.stack import Stack
from tests.switchboard import Reply, Sent, deliver_to_functions
from tools.carrier.callees import HUMAN

BUSY, NO_ANSWER, VOICEMAIL, ANSWERED = (f"+1500555000{digit}" for digit in (1, 2, 3, 5))
MINUTE = timedelta(minutes=1)


def _after(stack: Stack, workspace: Workspace, patch: pytest.MonkeyPatch, time: timedelta) -> None:
    """Let time pass, and what has become due be done."""
    moment = clock.now() + time
    patch.setattr(clock, "now", lambda: moment)
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    carrier.current().carry_on()


def _ended(stack: Stack, workspace: Workspace) -> list[Item]:
    found = [
        item for item in stack.rows("CoreTable", workspace.id) if item.get("type") == "call.ended"
    ]
    return sorted(found, key=lambda event: event["sequence"])


def _place(stack: Stack, workspace: Workspace, to: str, **body: Any) -> str:
    placed = workspace.place(workspace.agent(), to=to, **body)
    assert placed.status == 201
    pump.settle(stack, workspace.id)
    return str(placed.json["id"])


def test_dialled_again_after_each_wait_which_doubles_and_no_more_than_asked(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _place(stack, workspace, BUSY, retry={"max": 2, "backoff": 60})
    call = workspace.call(call_id)
    assert (call["status"], call["attempt"]) == ("scheduled", 1)
    assert call["next_attempt_at"] is not None
    assert pump.minutes(workspace.id) == (1, 0)
    _after(stack, workspace, monkeypatch, 0.9 * MINUTE)
    assert pump.dials(call_id) == [1]
    _after(stack, workspace, monkeypatch, 0.2 * MINUTE)
    assert pump.dials(call_id) == [1, 1]
    _after(stack, workspace, monkeypatch, 1.9 * MINUTE)
    assert pump.dials(call_id) == [1, 1]
    _after(stack, workspace, monkeypatch, 0.2 * MINUTE)
    assert pump.dials(call_id) == [1, 1, 1]
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"], call["next_attempt_at"]) == ("busy", "busy", None)
    assert [attempt["attempt"] for attempt in call["attempts"]] == [1, 2, 3]
    assert {attempt["status"] for attempt in call["attempts"]} == {"busy"}
    assert pump.minutes(workspace.id) == (0, 0)
    _after(stack, workspace, monkeypatch, 60 * MINUTE)
    assert pump.dials(call_id) == [1, 1, 1]


def test_each_attempt_is_told_once_with_its_number_and_whether_it_was_the_last(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _place(stack, workspace, NO_ANSWER, retry={"max": 1, "backoff": 60, "on": ["no_answer"]})
    _after(stack, workspace, monkeypatch, 2 * MINUTE)
    told = _ended(stack, workspace)
    assert [event["details"] for event in told] == [
        {"attempt": 1, "is_last": False},
        {"attempt": 2, "is_last": True},
    ]
    assert [event["object"]["status"] for event in told] == ["scheduled", "no_answer"]
    assert len({event["sequence"] for event in told}) == 2


@pytest.mark.parametrize(
    ("to", "on"), [(BUSY, ["no_answer"]), (VOICEMAIL, ["busy"]), (ANSWERED, ["busy", "no_answer"])]
)
def test_not_after_an_end_that_was_not_asked_for(
    stack: Stack, workspace: Workspace, to: str, on: list[str]
) -> None:
    call_id = _place(stack, workspace, to, retry={"max": 3, "on": on})
    call = workspace.call(call_id)
    assert call["ended_at"] is not None
    assert [event["details"]["is_last"] for event in _ended(stack, workspace)] == [True]


def test_not_beyond_its_window(stack: Stack, workspace: Workspace) -> None:
    schedule = {"latest_at": clock.timestamp(clock.now() + 5 * MINUTE)}
    retry = {"max": 3, "backoff": 600}
    call_id = _place(stack, workspace, BUSY, retry=retry, schedule=schedule)
    assert workspace.call(call_id)["status"] == "busy"


def test_a_call_that_waits_for_its_next_attempt_is_canceled(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _place(stack, workspace, BUSY, retry={"max": 1, "backoff": 60})
    canceled = workspace.client.post(f"/v1/voice/calls/{call_id}/cancel").json
    assert (canceled["status"], canceled["next_attempt_at"]) == ("canceled", None)
    assert [attempt["status"] for attempt in canceled["attempts"]] == ["busy"]
    assert pump.minutes(workspace.id) == (0, 0)
    _after(stack, workspace, monkeypatch, 5 * MINUTE)
    assert pump.dials(call_id) == [1]


def test_a_late_report_of_an_earlier_attempt_changes_nothing(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    from linkwright.voice.calls import items, lifecycle
    from linkwright.voice.calls.reports import Report
    from linkwright.voice.calls.states import EndedReason, Status

    call_id = _place(stack, workspace, BUSY, retry={"max": 2, "backoff": 60})
    first = items.find(workspace.id, call_id)
    assert first is not None
    _after(stack, workspace, monkeypatch, 2 * MINUTE)
    before = items.find(workspace.id, call_id)
    lifecycle.advance(first, Report(Status.FAILED, ended_reason=EndedReason.CARRIER_FAILED))
    assert items.find(workspace.id, call_id) == before
    assert pump.dials(call_id) == [1, 1]


def test_what_the_carrier_tells_late_of_an_earlier_attempt_changes_nothing(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that was told of the first attempt comes again while the second one talks."""
    from linkwright.voice.calls import items

    told: list[Sent] = []

    def note(sent: Sent) -> Reply:
        told.append(sent)
        return deliver_to_functions(sent)

    exchange.deliver = note
    call_id = _place(stack, workspace, BUSY, retry={"max": 1, "backoff": 60})
    assert [sent.fields["CallStatus"] for sent in told] == ["initiated", "ringing", "busy"]
    exchange.live.callees[BUSY] = HUMAN
    moment = clock.now() + 2 * MINUTE
    monkeypatch.setattr(clock, "now", lambda: moment)
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    placed = exchange.talk(call_id)
    before = items.find(workspace.id, call_id)
    assert before is not None
    assert (before["view"]["status"], before["sid"]) == ("in_progress", placed.sid)
    for sent in told[:3]:
        assert deliver_to_functions(sent).status == 204
        assert items.find(workspace.id, call_id) == before
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert (call["status"], call["attempt"]) == ("completed", 2)
    assert pump.dials(call_id) == [1, 1]


@pytest.mark.parametrize(
    ("field", "retry"),
    [
        ("retry.max", {"max": 0}),
        ("retry.max", {"max": 6}),
        ("retry.max", {"backoff": 60}),
        ("retry.backoff", {"max": 1, "backoff": 59}),
        ("retry.backoff", {"max": 1, "backoff": "60"}),
        ("retry.on", {"max": 1, "on": []}),
        ("retry.on.0", {"max": 1, "on": ["completed"]}),
        ("retry.until", {"max": 1, "until": "x"}),
        ("retry", 3),
    ],
)
def test_400_names_what_is_wrong(workspace: Workspace, field: str, retry: object) -> None:
    refused = workspace.place(workspace.agent(), retry=retry)
    assert (refused.status, refused.error["field"]) == (400, field)
