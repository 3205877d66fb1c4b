"""Connecting the callee with a person: by the rules of a dial, and both legs are charged."""

from datetime import UTC, datetime, timedelta

import pytest

from linkwright import clock, plans, usage
from linkwright.plans import PLANS
from linkwright.table import Item, Key, Table, get, update
from linkwright.voice.agent_models import EscalationRule
from linkwright.voice.calls import items
from linkwright.voice.conversation import transfers
from tests import models, pump, switchboard_talk
from tests.carrier import Exchange
from tests.factories import Workspace, make_workspace
from tests.stack import Stack
from tests.switchboard import Reply, Sent, deliver_to_functions
from tests.talks import TARGET, Talk, dialled_numbers
from tools.carrier.callees import Callee, Outcome

ESCALATE = {"say": "I am connecting you.", "action": "escalate", "rule": 0}
NOW = datetime(2027, 1, 12, 10, tzinfo=UTC)
CUT = ("completed", "transferred")


@pytest.fixture(autouse=True)
def _model(monkeypatch: pytest.MonkeyPatch) -> None:
    models.use(monkeypatch, models.Scripted(ESCALATE))


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def _talk(workspace: Workspace, **agent: object) -> Talk:
    return Talk(workspace, "A person, please.", language="en", **agent)


def _lasting(exchange: Exchange, monkeypatch: pytest.MonkeyPatch, first: int, second: int) -> None:
    """What the carrier says of how long each leg took."""
    monkeypatch.setattr(switchboard_talk, "DIALLED_CALL_S", float(second))

    def deliver(sent: Sent) -> Reply:
        if sent.fields.get("CallStatus") == "completed" and sent.kind != "page":
            sent = exchange.signed(sent, CallDuration=str(first))
        return deliver_to_functions(sent)

    exchange.deliver = deliver


def _limit(talk: Talk) -> str | None:
    (dial,) = talk.elements("Dial")
    return dial.get("timeLimit")


def _spend(workspace: Workspace, minutes: int) -> None:
    period = plans.period(workspace.item["anchor_day"]).label
    where = usage.key(workspace.id, period, usage.CALL_MINUTES)
    update(Table.CORE, where, "SET #committed = :m, #used = :m", values={"m": minutes})


def _dials(workspace: Workspace) -> int:
    counter = get(Table.CORE, Key(f"W#{workspace.partition}#DIALS", f"{NOW:%Y-%m-%d}")) or {}
    return int(counter["calls"])


@pytest.mark.parametrize(
    ("first", "second", "minutes"), [(30, 20, 1), (60, 20, 2), (60, 60, 2), (61, 60, 3)]
)
def test_the_seconds_of_both_legs_are_charged(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    first: int,
    second: int,
    minutes: int,
) -> None:
    _lasting(exchange, monkeypatch, first, second)
    talk = _talk(workspace, max_duration_s=240)
    talk.finish()
    assert talk.end() == CUT
    # As much as both could have taken, until the carrier has said what they took.
    assert pump.minutes(workspace.id) == (8, 0)
    pump.settle(stack, workspace.id)
    assert pump.minutes(workspace.id) == (minutes, minutes)
    assert _dials(workspace) == 2
    pump.settle(stack, workspace.id)
    assert pump.minutes(workspace.id) == (minutes, minutes)


def test_a_second_leg_whose_end_nobody_told_is_charged(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The callee hangs up, or we do: the carrier asks nothing any more."""
    monkeypatch.setattr(switchboard_talk, "DIALLED_CALL_S", 600.0)
    talk = _talk(workspace, max_duration_s=120)
    talk.finish()
    assert talk.call.ended_by == "time_limit"
    pump.settle(stack, workspace.id)
    (leg,) = [one for one in exchange.live.account.calls() if one.parent_sid == talk.call.sid]
    assert leg.duration_s
    first, second = talk.show()["duration_s"], leg.duration_s
    used = -(-(first + second) // 60)
    assert pump.minutes(workspace.id) == (used, used)


def test_nothing_is_charged_before_the_second_leg_is_over(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lasting(exchange, monkeypatch, 30, 20)
    talk = _talk(workspace, max_duration_s=240).finish()
    (leg,) = [one for one in exchange.live.account.calls() if one.parent_sid == talk.call.sid]
    leg.status = "in-progress"
    pump.settle(stack, workspace.id)
    assert pump.minutes(workspace.id) == (8, 0)


def test_who_cannot_be_reached_costs_a_dial_and_no_second(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lasting(exchange, monkeypatch, 60, 0)
    exchange.live.callees[TARGET] = Callee(outcome=Outcome.BUSY)
    talk = _talk(workspace, max_duration_s=240).finish()
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(seconds=301))
    pump.settle(stack, workspace.id)
    assert talk.end()[0] == "completed"
    assert pump.minutes(workspace.id) == (1, 1)
    assert _dials(workspace) == 2


@pytest.mark.parametrize(
    ("spent", "limit", "committed"), [(0, 240, 8), (296, 97, 300), (294, 157, 300)]
)
def test_both_legs_talk_for_as_long_as_the_plan_has_minutes(
    stack: Stack, workspace: Workspace, spent: int, limit: int, committed: int
) -> None:
    _spend(workspace, spent)
    talk = _talk(workspace, max_duration_s=240)
    talk.exchange.run_to(talk.call, "transfer")
    assert _limit(talk) == str(limit)
    assert pump.minutes(workspace.id) == (committed, spent)


@pytest.mark.parametrize("spent", [296, 295, 293])
def test_both_legs_take_no_more_than_the_plan_has_however_long_the_other_phone_rings(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    spent: int,
) -> None:
    monkeypatch.setattr(switchboard_talk, "DIALLED_CALL_S", 600.0)
    exchange.live.callees[TARGET] = Callee(rings_s=transfers.RING_S)
    _spend(workspace, spent)
    talk = _talk(workspace, max_duration_s=240)
    talk.finish()
    (leg,) = [one for one in exchange.live.account.calls() if one.parent_sid == talk.call.sid]
    assert leg.duration_s
    pump.settle(stack, workspace.id)
    committed, used = pump.minutes(workspace.id)
    assert spent < committed == used <= 300


def test_nobody_is_put_through_without_a_second_to_talk(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "_talked_s", lambda item: 20)
    _spend(workspace, 299)
    talk = _talk(workspace, max_duration_s=60).finish()
    assert talk.elements("Dial") == []
    assert talk.end() == ("completed", "agent_ended")
    pump.settle(stack, workspace.id)
    assert pump.minutes(workspace.id) == (300, 300)


def test_no_more_are_connected_than_the_plan_dials_in_a_day(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PLANS, "pro", PLANS["pro"]._replace(dials_per_day=1))
    talk = _talk(make_workspace("pro")).finish()
    assert talk.elements("Dial") == []
    assert TARGET not in dialled_numbers()
    assert talk.end() == ("completed", "agent_ended")


def test_it_is_granted_once_however_often_it_is_asked(workspace: Workspace) -> None:
    talk = _talk(workspace, max_duration_s=240)
    talk.exchange.run_to(talk.call, "transfer")
    before: Item = talk.item
    rule = EscalationRule(when="asks for a person", action="transfer", to=TARGET)
    assert transfers.grant(items.find(workspace.partition, talk.id), rule)
    assert talk.item == before
    assert _dials(workspace) == 2


def test_in_test_mode_nothing_is_charged_and_dials_count(stack: Stack, exchange: Exchange) -> None:
    workspace = make_workspace(mode="test")
    exchange.test.callees.update(exchange.live.callees)
    call_id = workspace.placed(workspace.agent(language="en"), to="+15005550005")
    workspace.dial(call_id)
    exchange.finish(exchange.call(call_id))
    pump.settle(stack, workspace.id)
    assert pump.minutes(workspace.partition) == (0, 0)
    assert _dials(workspace) == 2
