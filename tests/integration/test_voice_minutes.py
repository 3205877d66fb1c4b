"""The minutes of a call: reserved, raised to the longest talk, and charged once by what it took."""

from datetime import UTC, datetime
from typing import Any

import pytest

from linkwright import clock, jobs, plans, usage
from linkwright.table import Table, query, update
from linkwright.voice.calls import places
from linkwright.voice.calls.items import CallItem
from linkwright.voice.dialling import claims, next_in_line
from tests import pump
from tests.carrier import Exchange
from tests.factories import CALLEE, Workspace, another_number, make_workspace
from tests.stack import Stack
from tests.switchboard import Reply, Sent, deliver_to_functions
from tools.carrier.callees import Callee


def _talk(exchange: Exchange, workspace: Workspace, seconds: int) -> list[tuple[int, int]]:
    """Let the carrier say that each call took so long. Returns the counters at each answer."""
    seen = []

    def deliver(sent: Sent) -> Reply:
        match sent.fields.get("CallStatus"):
            case "in-progress" if sent.kind == "status":
                seen.append(pump.minutes(workspace.id))
            case "completed":
                sent = exchange.signed(sent, CallDuration=str(seconds))
        return deliver_to_functions(sent)

    exchange.deliver = deliver
    exchange.live.callees[CALLEE] = Callee(lines=())
    return seen


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0, 1), (1, 1), (59, 1), (60, 1), (61, 2), (600, 10)]
)
def test_the_longest_talk_is_reserved_and_the_real_one_charged(
    workspace: Workspace,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    seconds: int,
    minutes: int,
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    seen = _talk(exchange, workspace, seconds)
    call_id = workspace.place(workspace.agent(max_duration_s=600)).json["id"]
    assert pump.minutes(workspace.id) == (1, 0)
    workspace.dial(call_id)
    assert pump.minutes(workspace.id) == (10, 0)
    exchange.carry_on()
    assert seen == [(10, 0)]
    assert pump.minutes(workspace.id) == (minutes, minutes)
    call = workspace.call(call_id)
    # An answered call took at least a second, whatever the carrier says.
    assert call["duration_s"] == max(seconds, 1)
    workspace.dial(call_id)
    exchange.carry_on()
    assert pump.minutes(workspace.id) == (minutes, minutes)


def _limit_s(exchange: Exchange, call_id: str) -> float:
    """How long the carrier lets a call last."""
    return exchange.call(call_id).order.longest_s


def test_what_is_left_is_how_long_a_call_may_last(stack: Stack, exchange: Exchange) -> None:
    workspace = make_workspace("free")
    _talk(exchange, workspace, 61)
    agent = workspace.agent(max_duration_s=600)
    for limit_s, used in ((600, 2), (480, 4), (360, 6)):
        call_id = workspace.placed(agent)
        workspace.dial(call_id)
        assert _limit_s(exchange, call_id) == limit_s
        assert pump.minutes(workspace.id) == (10, used - 2)
        exchange.carry_on()
        assert workspace.end_of(call_id) == ("completed", "callee_hung_up")
        assert pump.minutes(workspace.id) == (used, used)


def test_a_call_is_cut_where_the_plan_ends(stack: Stack, exchange: Exchange) -> None:
    workspace = make_workspace("free")
    _talk(exchange, workspace, 540)
    agent = workspace.agent(max_duration_s=660)
    first = workspace.placed(agent)
    workspace.dial(first)
    assert _limit_s(exchange, first) == 600
    exchange.carry_on()
    _talk(exchange, workspace, 60)
    last = workspace.placed(agent)
    workspace.dial(last)
    assert _limit_s(exchange, last) == 60
    exchange.carry_on()
    assert workspace.end_of(last) == ("completed", "max_duration")
    assert pump.minutes(workspace.id) == (10, 10)
    assert workspace.place(agent).error["dimension"] == "call_minutes"


def test_a_minute_that_waits_is_nobody_elses(stack: Stack, exchange: Exchange) -> None:
    workspace = make_workspace("free")
    agent = workspace.agent(max_duration_s=600)
    first, second = workspace.placed(agent), workspace.placed(agent)
    workspace.dial(first)
    assert _limit_s(exchange, first) == 540
    assert pump.minutes(workspace.id) == (10, 0)
    assert workspace.place(agent).status == 402
    exchange.finish(exchange.call(first))
    pump.settle(stack, workspace.id)
    assert workspace.end_of(second)[0] == "completed"


def _spend(workspace: Workspace, period: str, minutes: int) -> None:
    where = usage.key(workspace.id, period, usage.CALL_MINUTES)
    change = "SET #committed = :minutes, #used = :minutes"
    update(Table.CORE, where, change, values={"minutes": minutes})


def _placed_before_the_cycle_ends(
    monkeypatch: pytest.MonkeyPatch, plan: str, count: int
) -> tuple[Workspace, list[str]]:
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 1, 20, tzinfo=UTC))
    workspace = make_workspace(plan)
    agent = workspace.agent(max_duration_s=600)
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 2, 19, 23, 59, tzinfo=UTC))
    calls = [workspace.placed(agent, to=another_number()) for _ in range(count)]
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 2, 20, tzinfo=UTC))
    return workspace, sorted(calls)


def test_failed_where_the_cycle_has_not_a_minute_left(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, (call_id,) = _placed_before_the_cycle_ends(monkeypatch, "free", 1)
    _spend(workspace, "2027-02-20", 10)
    workspace.dial(call_id)
    assert workspace.end_of(call_id) == ("failed", "plan_limit")
    assert pump.dials(call_id) == []
    assert pump.minutes(workspace.id) == (10, 10)


def test_a_call_waits_for_the_minutes_that_another_gives_back(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, (first, second) = _placed_before_the_cycle_ends(monkeypatch, "pro", 2)
    _spend(workspace, "2027-02-20", 295)
    workspace.dial(first)
    assert _limit_s(exchange, first) == 300
    workspace.dial(second)
    assert workspace.end_of(second) == ("queued", None)
    exchange.finish(exchange.call(first))
    pump.settle(stack, workspace.id, jobs.LINE)
    assert workspace.end_of(second)[0] == "completed"
    assert _limit_s(exchange, second) == 240
    assert pump.minutes(workspace.id) == (297, 297)


def test_the_minutes_that_come_back_while_a_call_finds_none_are_seen(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other call ends between the claim, for which there was no minute, and the next look."""
    workspace, (first, second) = _placed_before_the_cycle_ends(monkeypatch, "pro", 2)
    _spend(workspace, "2027-02-20", 295)
    workspace.dial(first)
    claim = claims.claim

    def ended_meanwhile(*of: Any) -> CallItem:
        try:
            return claim(*of)
        except claims.NoMinutes:
            exchange.finish(exchange.call(first))
            raise

    monkeypatch.setattr(claims, "claim", ended_meanwhile)
    workspace.dial(second)
    assert workspace.end_of(second) == ("queued", None)
    pump.settle(stack, workspace.id, jobs.LINE)
    assert workspace.end_of(second)[0] == "completed"


def test_no_minute_of_a_place_that_nobody_holds_is_waited_for(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, (call_id,) = _placed_before_the_cycle_ends(monkeypatch, "pro", 1)
    _spend(workspace, "2027-02-20", 300)
    ghost = {"call": {"call_00000000000000000000000000"}}
    update(Table.CORE, places.key(workspace.partition), "ADD #active :call", values=ghost)
    workspace.dial(call_id)
    assert workspace.end_of(call_id) == ("queued", None)
    pump.settle(stack, workspace.id, jobs.LINE)
    assert workspace.end_of(call_id) == ("failed", "plan_limit")


@pytest.mark.parametrize("are_passed", [True, False])
def test_who_has_a_minute_overtakes_some_who_wait_for_one(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch, are_passed: bool
) -> None:
    """A call of this cycle has reserved its own; those of the last one are served in their turn."""
    monkeypatch.setattr(next_in_line, "_WITHOUT_MINUTES", 3 if are_passed else 2)
    workspace, calls = _placed_before_the_cycle_ends(monkeypatch, "pro", 3)
    talking, *without = calls
    workspace.dial(talking)
    of_this_cycle = workspace.placed(workspace.agent(max_duration_s=60), to=another_number())
    _spend(workspace, "2027-02-20", 300)
    for call_id in (*without, of_this_cycle):
        workspace.dial(call_id)
    assert pump.dialled() == [talking]
    workspace.wake()
    begun = [talking, of_this_cycle] if are_passed else [talking]
    assert pump.dialled() == begun
    exchange.finish(exchange.call(talking))
    workspace.wake()
    assert pump.dialled()[: len(begun) + 1] == [*begun, without[0]]


def test_the_cycle_in_which_it_is_dialled_pays(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = datetime(2027, 1, 20, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: before)
    workspace = make_workspace("free")
    after = datetime(2027, 2, 21, 12, tzinfo=UTC)
    _talk(exchange, workspace, 90)
    schedule = {"earliest_at": clock.timestamp(after)}
    call_id = workspace.place(workspace.agent(max_duration_s=600), schedule=schedule).json["id"]
    assert pump.minutes(workspace.id) == (1, 0)
    monkeypatch.setattr(clock, "now", lambda: after)
    workspace.dial(call_id)
    exchange.carry_on()
    rows, _ = query(Table.CORE, f"W#{workspace.id}#USE", limit=10, newest_first=False)
    label = plans.period(20, after).label
    assert [(row["sk"], row["committed"]) for row in rows] == [
        ("2027-01-20#call_minutes", 0),
        (f"{label}#call_minutes", 2),
    ]
