"""Calls for later: dialled within their window or not at all."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from linkwright import clock, jobs, relay, sweeper
from linkwright.jobs import Work
from linkwright.table import Item
from linkwright.voice.calls import lifecycle
from linkwright.voice.dialling import dialler
from tests import carrier, pump
from tests.client import Answer, invoke
from tests.factories import Workspace
from tests.stack import Stack

HOUR = timedelta(hours=1)


def _in(time: timedelta) -> str:
    return clock.timestamp(clock.now() + time)


def _place(workspace: Workspace, **schedule: Any) -> Answer:
    return workspace.place(workspace.agent(), schedule=schedule)


def _later(monkeypatch: pytest.MonkeyPatch, time: timedelta) -> None:
    moment = clock.now() + time
    monkeypatch.setattr(clock, "now", lambda: moment)


def _sweep(stack: Stack, workspace: Workspace) -> None:
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    carrier.current().carry_on()


def _event_types(stack: Stack, workspace: Workspace) -> list[str]:
    found = [item for item in stack.rows("CoreTable", workspace.id) if "sequence" in item]
    return [event["type"] for event in sorted(found, key=lambda event: event["sequence"])]


def test_201_scheduled_and_dialled_when_its_window_opens(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    earliest, latest = _in(HOUR), _in(2 * HOUR)
    placed = _place(workspace, earliest_at=earliest, latest_at=latest)
    assert (placed.status, placed.json["status"]) == (201, "scheduled")
    assert placed.json["schedule"] == {"earliest_at": earliest, "latest_at": latest}
    _sweep(stack, workspace)
    assert workspace.call(placed.json["id"])["status"] == "scheduled"
    assert _event_types(stack, workspace) == []
    assert pump.dials(placed.json["id"]) == []
    _later(monkeypatch, HOUR + timedelta(seconds=1))
    _sweep(stack, workspace)
    assert workspace.call(placed.json["id"])["status"] == "completed"
    assert pump.dials(placed.json["id"]) == [1]
    assert _event_types(stack, workspace) == [
        "call.queued",
        "call.ringing",
        "call.answered",
        "call.ended",
    ]


def test_a_message_before_its_time_dials_nothing(workspace: Workspace) -> None:
    call_id = _place(workspace, earliest_at=_in(HOUR)).json["id"]
    workspace.dial(call_id)
    assert workspace.call(call_id)["status"] == "scheduled"
    assert pump.dials(call_id) == []


@pytest.mark.parametrize("opens", [None, HOUR])
def test_canceled_when_its_window_was_missed(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, opens: timedelta | None
) -> None:
    window = {"latest_at": _in(2 * HOUR)} | ({"earliest_at": _in(opens)} if opens else {})
    call_id = _place(workspace, **window).json["id"]
    _later(monkeypatch, 2 * HOUR + timedelta(seconds=1))
    _sweep(stack, workspace)
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"]) == ("canceled", "window_missed")
    assert pump.dials(call_id) == []
    usage = [i for i in stack.rows("CoreTable", workspace.id) if i["pk"].endswith("#USE")]
    assert [item["committed"] for item in usage] == [0]


def test_201_queued_where_the_window_is_open_already(stack: Stack, workspace: Workspace) -> None:
    placed = _place(workspace, earliest_at=_in(-HOUR), latest_at=_in(HOUR))
    assert placed.json["status"] == "queued"
    pump.settle(stack, workspace.id)
    assert workspace.call(placed.json["id"])["status"] == "completed"


def test_200_a_scheduled_call_is_canceled(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _place(workspace, earliest_at=_in(HOUR)).json["id"]
    assert workspace.client.post(f"/v1/voice/calls/{call_id}/cancel").json["status"] == "canceled"
    _later(monkeypatch, 2 * HOUR)
    _sweep(stack, workspace)
    assert workspace.call(call_id)["status"] == "canceled"
    assert pump.dials(call_id) == []


def test_200_listed_by_its_status(workspace: Workspace) -> None:
    call_id = _place(workspace, earliest_at=_in(HOUR)).json["id"]
    listed = workspace.client.get("/v1/voice/calls?status=scheduled").json["data"]
    assert [call["id"] for call in listed] == [call_id]


def test_201_never_a_moment_too_early(workspace: Workspace) -> None:
    moment = (clock.now() + HOUR).replace(microsecond=1000)
    earliest = moment.isoformat(timespec="milliseconds")
    shown = _place(workspace, earliest_at=earliest).json["schedule"]["earliest_at"]
    assert (
        timedelta() < clock.parse(shown) - datetime.fromisoformat(earliest) < timedelta(seconds=1)
    )


@pytest.mark.parametrize(
    ("field", "schedule"),
    [
        ("schedule.latest_at", {"latest_at": "2020-01-01T00:00:00Z"}),
        (
            "schedule.latest_at",
            {"earliest_at": _in(100 * HOUR), "latest_at": _in(100 * HOUR)},
        ),
        ("schedule.earliest_at", {"earliest_at": "tomorrow"}),
        ("schedule.earliest_at", {"earliest_at": "2100-01-01"}),
        ("schedule.earliest_at", {"earliest_at": 4102444800}),
        ("schedule.at", {"at": "2100-01-01T00:00:00Z"}),
        ("schedule", "tomorrow"),
    ],
)
def test_400_names_what_is_wrong_with_the_window(
    workspace: Workspace, field: str, schedule: object
) -> None:
    refused = workspace.place(workspace.agent(), schedule=schedule)
    assert (refused.status, refused.error["field"]) == (400, field)


@pytest.mark.parametrize("rival", ["dial", "cancel"])
def test_one_dial_at_most_when_the_call_moves_on_while_it_becomes_due(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, rival: str
) -> None:
    """A second worker, or a cancel, comes between the read of a scheduled call and its claim."""
    call_id = _place(workspace, earliest_at=_in(HOUR)).json["id"]
    _later(monkeypatch, HOUR + timedelta(seconds=1))
    work = Work(jobs.CALL, f"W#{workspace.id}#CALL", call_id)
    advance = lifecycle.advance
    dialled = []

    def rival_first(item: Item, report: Any) -> Item:
        monkeypatch.setattr(lifecycle, "advance", advance)
        if rival == "cancel":
            workspace.client.post(f"/v1/voice/calls/{call_id}/cancel")
        else:
            dialler.dial(work)
        dialled.append(pump.dials(call_id))
        return advance(item, report)

    monkeypatch.setattr(lifecycle, "advance", rival_first)
    dialler.dial(work)
    # By the rival alone.
    assert dialled == [[1] if rival == "dial" else []]
    assert pump.dials(call_id) == dialled[0]
    call = workspace.call(call_id)
    assert call["status"] == ("dialing" if rival == "dial" else "canceled")
    assert call["attempt"] == len(dialled[0])


def test_one_sweep_sends_all_that_is_due_however_many_pages(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeper, "_PAGE", 1)
    agent, opens = workspace.agent(), {"earliest_at": _in(HOUR)}
    placed = {workspace.place(agent, schedule=opens).json["id"] for _ in range(20)}
    _later(monkeypatch, HOUR + timedelta(seconds=1))
    invoke("sweep_overdue", {})
    sent = [json.loads(body)["sk"] for body in stack.received("DialQueue", workspace.id)]
    assert sorted(sent) == sorted(placed)


def test_what_is_due_for_longest_is_sent_first(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "DUE_SHARDS", 1)
    placed = [_place(workspace, earliest_at=_in(hours * HOUR)).json["id"] for hours in (3, 1, 2)]
    _later(monkeypatch, 4 * HOUR)
    sent: list[str] = []
    monkeypatch.setattr(
        relay, "send", lambda batch: sent.extend(due.work.sk for due in batch) or set()
    )
    sweeper.sweep(0)
    assert [call_id for call_id in sent if call_id in placed] == [placed[1], placed[2], placed[0]]
