"""Whom a workspace calls, and when: judged when a call is placed, and again when it is dialled."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkwright import clock
from linkwright.plans import PLANS
from linkwright.table import Table, get, update
from linkwright.voice.calls import places
from linkwright.workspace import workspaces
from linkwright.workspace.settings import ATTRIBUTES
from tests import pump
from tests.carrier import Exchange, unreachable
from tests.client import Answer, invoke
from tests.factories import CALLEE, Workspace, make_workspace
from tests.stack import Stack

QUIET = {"quiet_hours": {"start": "21:00", "end": "08:00"}}
CONSENT = {"type": "express", "source": "web form", "at": "2026-01-05T10:00:00Z"}
# In Jerusalem, UTC+2 in winter: 12:00 and 22:00.
NOON = datetime(2027, 1, 12, 10, tzinfo=UTC)
NIGHT = datetime(2027, 1, 12, 20, tzinfo=UTC)
MORNING = "2027-01-13T06:00:00Z"


def _at(patch: pytest.MonkeyPatch, moment: datetime) -> None:
    patch.setattr(clock, "now", lambda: moment)


def _place(workspace: Workspace, **body: Any) -> Answer:
    return workspace.place(workspace.agent(), **body)


def _switch(workspace: Workspace, **changes: Any) -> None:
    """Change settings, whatever their version."""
    for name, value in changes.items():
        attribute = ATTRIBUTES[workspace.mode]
        update(
            Table.CORE,
            workspaces.key(workspace.id),
            f"SET #{attribute}.#{name} = :value",
            values={"value": value},
        )


def _no_call(stack: Stack, workspace: Workspace) -> bool:
    items = stack.rows("CoreTable", workspace.id)
    return not any(item["pk"].endswith(("#CALL", "#EVT", "#USE")) for item in items)


def test_201_for_the_printed_number_from_the_country_of_the_workspace(stack: Stack) -> None:
    workspace = make_workspace(settings={"allowed_countries": ["IL"]})
    assert _place(workspace, to="+972541234567").status == 201


@pytest.mark.parametrize("to", ["+12125550100", "+18765550100", "+447700900123", "+252612345678"])
def test_400_for_a_number_of_another_country(stack: Stack, to: str) -> None:
    workspace = make_workspace(settings={"allowed_countries": ["IL"]})
    refused = _place(workspace, to=to)
    assert refused.status == 400
    told = {name: refused.error[name] for name in ("code", "field", "reason")}
    expected = {"code": "validation_failed", "field": "to", "reason": "country_not_allowed"}
    assert told == expected
    assert _no_call(stack, workspace)


def test_409_without_consent_and_201_with_it(stack: Stack) -> None:
    workspace = make_workspace(settings={"consent": "enforce"})
    refused = _place(workspace)
    assert (refused.status, refused.error["reason"]) == (409, "consent_required")
    assert _no_call(stack, workspace)
    placed = _place(workspace, consent=CONSENT)
    assert (placed.status, placed.json["consent"]) == (201, CONSENT)
    pump.settle(stack, workspace.id)
    assert workspace.call(placed.json["id"])["consent"] == CONSENT


@pytest.mark.parametrize(
    ("field", "consent"),
    [
        ("consent.type", CONSENT | {"type": "implied"}),
        ("consent.source", CONSENT | {"source": ""}),
        ("consent.at", CONSENT | {"at": "2999-01-01T00:00:00Z"}),
        ("consent.at", CONSENT | {"at": "yesterday"}),
        ("consent.by", CONSENT | {"by": "Dana"}),
        ("consent", "yes"),
    ],
)
def test_400_names_what_is_wrong_with_the_consent(
    workspace: Workspace, field: str, consent: object
) -> None:
    refused = _place(workspace, consent=consent)
    assert (refused.status, refused.error["field"]) == (400, field)


def test_409_for_a_number_on_the_do_not_call_list(stack: Stack, workspace: Workspace) -> None:
    number = workspace.never_call()
    refused = _place(workspace, to=number)
    assert (refused.status, refused.error["reason"]) == (409, "do_not_call")
    assert number not in str(refused.json)
    assert _no_call(stack, workspace)
    assert _place(make_workspace(), to=number).status == 201


def test_409_where_calls_are_switched_off(stack: Stack) -> None:
    workspace = make_workspace(settings={"calls": "off"})
    refused = _place(workspace)
    assert (refused.status, refused.error["reason"]) == (409, "calls_off")
    assert _no_call(stack, workspace)


def _rung(stack: Stack, workspace: Workspace, **body: Any) -> str:
    """A call that was placed, and dialled if the rules let it."""
    call_id = workspace.placed(**body)
    pump.settle(stack, workspace.id)
    return call_id


def test_409_for_a_number_that_was_dialled_three_times_in_any_24_hours(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace(settings={"calls_per_callee_per_day": 3})
    agent = workspace.agent()
    for hours in (0, 13, 14):
        _at(monkeypatch, NOON + timedelta(hours=hours))
        _rung(stack, workspace)
    refused = workspace.place(agent)
    assert (refused.status, refused.error["reason"]) == (409, "callee_limit")
    assert workspace.place(agent, to="+972541234568").status == 201
    # Another day, and yet three within one.
    _at(monkeypatch, NOON + timedelta(hours=24))
    assert workspace.place(agent).status == 409
    _at(monkeypatch, NOON + timedelta(hours=24, seconds=1))
    again = _rung(stack, workspace)
    assert workspace.end_of(again)[0] == "completed"
    assert workspace.place(agent).status == 409


def test_only_what_was_dialled_counts(stack: Stack) -> None:
    workspace = make_workspace(settings={"calls_per_callee_per_day": 1})
    agent = workspace.agent()
    first = workspace.placed(agent)
    workspace.client.post(f"/v1/voice/calls/{first}/cancel")
    second = workspace.placed(agent)
    third = workspace.placed(agent)
    pump.settle(stack, workspace.id)
    assert workspace.end_of(second)[0] == "completed"
    assert workspace.end_of(third) == ("canceled", "callee_limit")
    assert pump.dials(third) == []
    assert workspace.place(agent).status == 409


def test_a_scheduled_call_is_judged_by_the_day_before_it(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace(settings={"calls_per_callee_per_day": 1})
    agent = workspace.agent()
    _at(monkeypatch, NOON)
    _rung(stack, workspace)
    for hours, status in ((23, 409), (25, 201)):
        schedule = {"earliest_at": clock.timestamp(NOON + timedelta(hours=hours))}
        assert workspace.place(agent, schedule=schedule).status == status


def test_each_time_a_phone_rings_counts(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries too; where there is none left, the call ends."""
    workspace = make_workspace(settings={"calls_per_callee_per_day": 3})
    busy = "+15005550001"
    _at(monkeypatch, NOON)
    call_id = _rung(stack, workspace, to=busy, retry={"max": 5, "backoff": 60})
    for minutes in (2, 5, 10, 20):
        _at(monkeypatch, NOON + timedelta(minutes=minutes))
        invoke("sweep_overdue", {})
        pump.work(stack, workspace.id)
        pump.settle(stack, workspace.id)
    assert pump.dials(call_id) == [1, 1, 1]
    assert workspace.end_of(call_id) == ("canceled", "callee_limit")
    assert workspace.place(workspace.agent(), to=busy).status == 409


def test_a_dial_of_which_the_carrier_never_heard_does_not_count(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace("free", settings={"calls_per_callee_per_day": 1})
    _at(monkeypatch, NOON)
    exchange.placing = unreachable
    call_id = workspace.placed()
    workspace.dial(call_id)
    assert workspace.end_of(call_id) == ("queued", None)
    exchange.placing = lambda place: place()
    _at(monkeypatch, NOON + timedelta(seconds=61))
    workspace.dial(call_id)
    pump.settle(stack, workspace.id)
    assert workspace.end_of(call_id)[0] == "completed"
    assert workspace.place(workspace.agent()).status == 409


def test_no_more_dials_are_remembered_than_a_limit_may_ask_for(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace()
    agent = workspace.agent()
    monkeypatch.setattr(places, "REMEMBERED", 3)
    moments = [NOON + timedelta(minutes=n) for n in range(5)]
    for moment in moments:
        _at(monkeypatch, moment)
        workspace.placed(agent)
        pump.settle(stack, workspace.id)
    number = get(Table.CORE, places.key(workspace.partition, CALLEE)) or {}
    assert number["dials"] == [int(moment.timestamp()) for moment in moments[:1:-1]]


def test_402_when_as_many_calls_were_dialled_today_as_the_plan_allows(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the settings say, and although none of them cost a minute."""
    few = PLANS["free"]._replace(dials_per_day=2)
    monkeypatch.setitem(PLANS, "free", few)
    workspace = make_workspace("free")
    agent = workspace.agent(max_duration_s=60)
    _at(monkeypatch, NOON)
    first, second, third = sorted(workspace.placed(agent) for _ in range(3))
    for call_id in (first, second):
        workspace.dial(call_id)
        exchange.run_to(exchange.call(call_id), "status", "ringing")
        assert workspace.client.post(f"/v1/voice/calls/{call_id}/cancel").status == 200
    workspace.dial(third)
    assert workspace.end_of(third) == ("failed", "plan_limit")
    assert len(exchange.calls()) == 2
    assert pump.minutes(workspace.id) == (0, 0)
    refused = workspace.place(agent)
    told = {name: refused.error[name] for name in ("dimension", "limit", "used", "resets_at")}
    assert (refused.status, told) == (
        402,
        {"dimension": "dials_per_day", "limit": 2, "used": 2, "resets_at": "2027-01-13T00:00:00Z"},
    )
    _at(monkeypatch, NOON + timedelta(days=1))
    assert workspace.place(agent).status == 201


def test_409_for_more_calls_than_the_workspace_places_in_a_day(stack: Stack) -> None:
    workspace = make_workspace(settings={"calls_per_day": 2})
    agent = workspace.agent()
    placed = [workspace.place(agent, to=f"+97254123450{n}") for n in range(3)]
    assert [answer.status for answer in placed] == [201, 201, 409]
    assert placed[2].error["reason"] == "daily_limit"


def test_201_at_night_for_the_end_of_the_quiet_hours(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace(settings=QUIET)
    _at(monkeypatch, NIGHT)
    placed = _place(workspace).json
    assert (placed["status"], placed["next_attempt_at"]) == ("scheduled", MORNING)
    workspace.dial(placed["id"])
    _at(monkeypatch, clock.parse(MORNING) - timedelta(seconds=1))
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    assert pump.dials(placed["id"]) == []
    _at(monkeypatch, clock.parse(MORNING))
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    assert pump.dials(placed["id"]) == [1]
    exchange.carry_on()
    assert workspace.end_of(placed["id"]) == ("completed", "agent_ended")


def test_409_at_night_where_that_was_asked_for(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace(settings=QUIET)
    _at(monkeypatch, NIGHT)
    refused = _place(workspace, on_quiet_hours="reject")
    assert (refused.status, refused.error["reason"]) == (409, "quiet_hours")
    assert _no_call(stack, workspace)
    _at(monkeypatch, NOON)
    assert _place(workspace, on_quiet_hours="reject").json["status"] == "queued"


def test_a_number_of_two_zones_waits_for_both(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """+1 208, Idaho, lies in Mountain and in Pacific time."""
    workspace = make_workspace(settings=QUIET)
    _at(
        monkeypatch, datetime(2027, 1, 12, 15, 30, tzinfo=UTC)
    )  # 08:30 in the one, 07:30 in the other
    placed = _place(workspace, to="+12085550123").json
    assert placed["next_attempt_at"] == "2027-01-12T16:00:00Z"


def test_a_call_that_waited_into_the_night_is_dialled_in_the_morning(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace(settings=QUIET)
    _at(monkeypatch, NIGHT - timedelta(hours=1, seconds=1))
    placed = _place(workspace).json
    assert placed["status"] == "queued"
    _at(monkeypatch, NIGHT)
    workspace.dial(placed["id"])
    call = workspace.call(placed["id"])
    assert (call["status"], call["next_attempt_at"]) == ("scheduled", MORNING)
    assert pump.dials(placed["id"]) == []


def test_a_call_whose_window_ends_in_the_night_is_not_made(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace(settings=QUIET)
    latest = NIGHT + timedelta(hours=2)
    schedule = {"latest_at": clock.timestamp(latest)}
    _at(monkeypatch, NIGHT)
    assert _place(workspace, schedule=schedule).error["reason"] == "quiet_hours"
    _at(monkeypatch, NOON)
    placed = _place(workspace, schedule=schedule).json
    _at(monkeypatch, NIGHT)
    workspace.dial(placed["id"])
    assert workspace.call(placed["id"])["status"] == "scheduled"
    _at(monkeypatch, latest + timedelta(seconds=1))
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    assert workspace.end_of(placed["id"]) == ("canceled", "window_missed")
    assert pump.dials(placed["id"]) == []


def test_the_agents_own_quiet_hours_hold_as_well(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    from linkwright.fields import QuietHours

    workspace = make_workspace()
    _at(monkeypatch, NOON)
    agent = workspace.agent(quiet_hours=QuietHours(start="11:30", end="13:00"))
    placed = workspace.place(agent).json
    pump.settle(stack, workspace.id)
    call = workspace.call(placed["id"])
    assert (call["status"], call["next_attempt_at"]) == ("scheduled", "2027-01-12T11:00:00Z")
    assert pump.dials(placed["id"]) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"calls": "off"}, "calls_off"),
        ({"allowed_countries": ["US"]}, "country_not_allowed"),
        ({"consent": "enforce"}, "consent_required"),
    ],
)
def test_what_was_switched_meanwhile_holds_at_dial(
    stack: Stack, changes: dict[str, Any], reason: str
) -> None:
    workspace = make_workspace(settings={"calls": "on"})
    call_id = _place(workspace).json["id"]
    _switch(workspace, **changes)
    pump.settle(stack, workspace.id)
    assert workspace.end_of(call_id) == ("canceled", reason)
    assert pump.dials(call_id) == []
    assert pump.minutes(workspace.id) == (0, 0)


def test_who_opts_out_between_post_and_dial_is_not_called(
    stack: Stack, workspace: Workspace
) -> None:
    call_id = _place(workspace).json["id"]
    workspace.never_call(CALLEE)
    pump.settle(stack, workspace.id)
    assert workspace.end_of(call_id) == ("canceled", "do_not_call")
    assert pump.dials(call_id) == []
    assert pump.minutes(workspace.id) == (0, 0)


def test_nothing_of_this_in_test_mode_nor_in_the_demo(stack: Stack) -> None:
    strict = make_workspace(
        settings=QUIET
        | {"consent": "enforce", "allowed_countries": ["US"], "calls_per_callee_per_day": 1}
    )
    assert _place(strict).status == 400
    test_mode = Workspace(strict.item, "test")
    agent = test_mode.agent()
    assert [test_mode.place(agent).json["status"] for _ in range(4)] == ["queued"] * 4


def test_a_new_workspace_has_all_of_it(stack: Stack) -> None:
    from linkwright import ids
    from linkwright.workspace.settings import of_new
    from tools.workspace import ensure_workspace

    workspace = Workspace(ensure_workspace(ids.new("ws"), "New", "pro", of_new("IL")))
    agent = workspace.agent()
    assert workspace.place(agent).error["reason"] == "consent_required"
    assert workspace.place(agent, to="+12125550100").error["reason"] == "country_not_allowed"
    placed = [workspace.place(agent, consent=CONSENT) for _ in range(4)]
    assert [answer.status for answer in placed] == [201] * 4
