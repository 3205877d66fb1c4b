"""How many calls are on the phone at once, who is next, and what a crash leaves behind."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, jobs, table
from linkwright.table import Key, Table, get, update
from linkwright.voice.calls import items, lifecycle, line, places
from linkwright.voice.dialling import claims, dialler
from linkwright.worker import mark_given_up
from tests import pump
from tests.carrier import Exchange, Killed, die, then_die
from tests.client import invoke
from tests.clocks import Hand
from tests.factories import CALLEE, Workspace, another_number, make_workspace
from tests.integration.test_concurrency import at_once
from tests.stack import Stack


@pytest.fixture
def workspace(stack: Stack) -> Workspace:
    """Of the free plan: one call at a time."""
    return make_workspace("free")


def _status(workspace: Workspace, call_id: str) -> str:
    return workspace.end_of(call_id)[0]


def _on_the_phone(workspace: Workspace, of: str = "all") -> set[str]:
    return set(places.read(workspace.partition, of).get("active", ()))


def _in_line(stack: Stack, workspace: Workspace) -> list[str]:
    rows = stack.rows("CoreTable", workspace.id)
    return sorted(row["sk"] for row in rows if row["pk"].endswith("#WAIT"))


def _is_at_rest(stack: Stack, workspace: Workspace) -> bool:
    """Whether nothing is left of anybody's having waited: not in the line, and no job."""
    state = places.read(workspace.partition)
    return not _in_line(stack, workspace) and set(state) <= {"pk", "sk", "active"}


# ---- who is next --------------------------------------------------------------------------------


def test_first_come_first_served_whatever_the_order_of_the_messages(
    stack: Stack, workspace: Workspace
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, *others = (workspace.placed(agent) for _ in range(4))
    workspace.dial(first)
    for call_id in reversed(others):
        workspace.dial(call_id)
    assert pump.dialled() == [first]
    assert _in_line(stack, workspace) == [f"all#{call_id}" for call_id in others]
    pump.settle(stack, workspace.id)
    assert pump.dialled() == [first, *others]
    assert {_status(workspace, call_id) for call_id in others} == {"completed"}
    assert _on_the_phone(workspace) == set()
    assert _is_at_rest(stack, workspace)


def test_no_more_on_the_phone_than_the_plan_allows_and_none_dropped(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second, third = (workspace.placed(agent) for _ in range(3))
    workspace.dial(first)
    # Wherever the first is, until its end.
    for stage in (exchange.call, exchange.ring, exchange.talk):
        stage(first)
        workspace.dial(second)
        workspace.dial(third)
        workspace.wake()
        assert _on_the_phone(workspace) == {first}
        assert (_status(workspace, second), _status(workspace, third)) == ("queued", "queued")
    assert pump.dialled() == [first]
    # Nobody sends their messages again: the end of each call wakes the next.
    exchange.finish(exchange.call(first))
    pump.settle(stack, workspace.id, jobs.LINE)
    assert pump.dialled() == [first, second, third]
    assert {_status(workspace, call_id) for call_id in (first, second, third)} == {"completed"}
    assert _on_the_phone(workspace) == set()
    assert _is_at_rest(stack, workspace)


def test_nobody_overtakes_those_who_wait(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second, third = (workspace.placed(agent) for _ in range(3))
    workspace.dial(first)
    workspace.dial(second)
    exchange.finish(exchange.call(first))
    # There is room, and nobody has woken the line yet.
    workspace.dial(third)
    assert pump.dialled() == [first]
    workspace.wake()
    assert pump.dialled() == [first, second]


def test_a_call_that_waits_is_begun_by_no_message_of_its_own(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second = workspace.placed(agent), workspace.placed(agent)
    workspace.dial(first)
    workspace.dial(second)
    exchange.finish(exchange.call(first))
    workspace.dial(second)
    assert pump.dialled() == [first]
    assert _in_line(stack, workspace) == [f"all#{second}"]


def test_an_agent_takes_no_more_than_it_says_and_holds_no_other_up(
    stack: Stack, exchange: Exchange
) -> None:
    workspace = make_workspace("pro")
    one_at_a_time, other = workspace.agent(concurrency=1), workspace.agent()
    first, second, third = (
        workspace.placed(agent, to=another_number())
        for agent in (one_at_a_time, one_at_a_time, other)
    )
    workspace.dial(first)
    exchange.talk(first)
    assert _on_the_phone(workspace, one_at_a_time) == {first}
    workspace.dial(second)
    workspace.dial(third)
    workspace.wake()
    assert (_status(workspace, second), _status(workspace, third)) == ("queued", "dialing")
    assert pump.dialled() == [first, third]
    assert _on_the_phone(workspace) == {first, third}
    pump.settle(stack, workspace.id)
    assert pump.dialled() == [first, third, second]
    assert _on_the_phone(workspace, one_at_a_time) == set()
    assert _on_the_phone(workspace) == set()
    assert _is_at_rest(stack, workspace)


def test_a_number_is_called_once_at_a_time_and_holds_no_other_up(
    stack: Stack, exchange: Exchange
) -> None:
    workspace = make_workspace("pro")
    agent, other = workspace.agent(), another_number()
    first, second, third = (workspace.placed(agent, to=to) for to in (CALLEE, CALLEE, other))
    workspace.dial(first)
    # Wherever the first is, until its end.
    for stage in (exchange.call, exchange.ring, exchange.talk):
        stage(first)
        workspace.dial(second)
        workspace.wake()
        assert (_status(workspace, second), _on_the_phone(workspace, CALLEE)) == ("queued", {first})
    assert _in_line(stack, workspace) == [f"{CALLEE}#{second}"]
    workspace.dial(third)
    workspace.wake()
    assert pump.dialled() == [first, third]
    pump.settle(stack, workspace.id)
    assert pump.dialled() == [first, third, second]
    assert _status(workspace, second) == "completed"
    assert _on_the_phone(workspace, CALLEE) == _on_the_phone(workspace, other) == set()
    assert _is_at_rest(stack, workspace)


def test_who_waits_for_a_place_and_finds_its_number_busy_is_in_nobodys_way(
    stack: Stack, exchange: Exchange
) -> None:
    workspace = make_workspace("free")
    agent = workspace.agent(max_duration_s=60)
    first, second, third, fourth = (
        workspace.placed(agent, to=to) for to in (CALLEE, CALLEE, CALLEE, another_number())
    )
    for call_id in (first, second, third, fourth):
        workspace.dial(call_id)
    _upgrade(workspace)
    workspace.wake()
    assert pump.dialled() == [first, fourth]
    assert _in_line(stack, workspace) == [f"{CALLEE}#{call_id}" for call_id in (second, third)]
    exchange.finish(exchange.call(first))
    workspace.wake()
    assert pump.dialled() == [first, fourth, second]
    pump.settle(stack, workspace.id)
    assert pump.dialled() == [first, fourth, second, third]
    assert _is_at_rest(stack, workspace)


def test_a_number_is_free_again_however_its_call_ends(stack: Stack, exchange: Exchange) -> None:
    workspace = make_workspace("pro")
    agent, busy = workspace.agent(), "+15005550001"
    retried = workspace.placed(agent, to=busy, retry={"max": 1, "backoff": 60})
    workspace.dial(retried)
    exchange.finish(exchange.call(retried))
    assert (_status(workspace, retried), _on_the_phone(workspace, busy)) == ("scheduled", set())
    canceled = workspace.placed(agent, to=busy)
    workspace.dial(canceled)
    assert _on_the_phone(workspace, busy) == {canceled}
    assert workspace.client.post(f"/v1/voice/calls/{canceled}/cancel").status == 200
    assert _on_the_phone(workspace, busy) == set()


def test_of_two_workspaces_each_may_call_a_number(stack: Stack, exchange: Exchange) -> None:
    both = make_workspace(), make_workspace()
    calls = [(workspace, workspace.placed()) for workspace in both]
    for workspace, call_id in calls:
        workspace.dial(call_id)
        assert _status(workspace, call_id) == "dialing"


@pytest.mark.slow
def test_first_of_all_lines_whose_agents_are_free(stack: Stack, exchange: Exchange) -> None:
    workspace = make_workspace("free")
    one, other = (workspace.agent(max_duration_s=60, concurrency=1) for _ in range(2))
    any_number = workspace.agent(max_duration_s=60)
    on_the_phone = workspace.placed(any_number)
    workspace.dial(on_the_phone)
    order = [other, any_number, one, one, any_number, other]
    placed = [workspace.placed(agent) for agent in order]
    for call_id in reversed(placed):
        workspace.dial(call_id)
    assert len(_in_line(stack, workspace)) == 6
    pump.settle(stack, workspace.id)
    assert pump.dialled() == [on_the_phone, *placed]
    assert _is_at_rest(stack, workspace)


@pytest.mark.slow
def test_an_agent_that_became_limited_while_calls_waited(stack: Stack, exchange: Exchange) -> None:
    workspace = make_workspace("pro")
    agent, other = workspace.agent(max_duration_s=60), workspace.agent(max_duration_s=60)
    busy = [workspace.placed(other, to=another_number()) for _ in range(10)]
    for call_id in busy:
        workspace.dial(call_id)
    waiting = [workspace.placed(agent, to=another_number()) for _ in range(3)]
    last = workspace.placed(other, to=another_number())
    for call_id in (*waiting, last):
        workspace.dial(call_id)
    _limit(workspace, agent, 1)
    for call_id in busy:
        exchange.finish(exchange.call(call_id))
    workspace.wake()
    # One of its calls, and nobody waits behind the others.
    assert pump.dialled()[10:] == [waiting[0], last]
    assert _in_line(stack, workspace) == [f"{agent}#{call_id}" for call_id in waiting[1:]]
    pump.settle(stack, workspace.id)
    assert pump.dialled()[10:] == [waiting[0], last, *waiting[1:]]
    assert _is_at_rest(stack, workspace)


def test_an_agent_that_is_limited_no_more(stack: Stack, exchange: Exchange) -> None:
    workspace = make_workspace("pro")
    agent = workspace.agent(concurrency=1)
    placed = [workspace.placed(agent, to=another_number()) for _ in range(4)]
    for call_id in placed:
        workspace.dial(call_id)
    assert pump.dialled() == placed[:1]
    _limit(workspace, agent, None)
    workspace.wake()
    assert pump.dialled() == placed
    pump.settle(stack, workspace.id)
    assert _on_the_phone(workspace, agent) == set()
    assert _is_at_rest(stack, workspace)


def test_a_greater_plan_is_used_within_a_minute(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    agent = workspace.agent(max_duration_s=60)
    # Of one moment no id is the first.
    placed = sorted(workspace.placed(agent, to=another_number()) for _ in range(3))
    for call_id in placed:
        workspace.dial(call_id)
    _upgrade(workspace)
    hand.move(61)
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    assert pump.dialled() == placed


def test_each_mode_has_a_line_of_its_own(stack: Stack, workspace: Workspace) -> None:
    test = Workspace(workspace.item, "test")
    live_agent, test_agent = workspace.agent(max_duration_s=60), test.agent(max_duration_s=60)
    live = [workspace.placed(live_agent) for _ in range(2)]
    others = [test.placed(test_agent) for _ in range(2)]
    for one, placed in ((workspace, live), (test, others)):
        for call_id in placed:
            one.dial(call_id)
    assert sorted(pump.dialled()) == sorted([live[0], others[0]])
    pump.settle(stack, workspace.id)
    assert sorted(pump.dialled()) == sorted([*live, *others])
    assert _is_at_rest(stack, workspace)
    assert _is_at_rest(stack, test)


def _upgrade(workspace: Workspace) -> None:
    where = {"plan": "pro"}
    update(Table.CORE, Key(f"W#{workspace.id}", "META"), "SET #plan = :plan", values=where)


def _limit(workspace: Workspace, agent_id: str, concurrency: int | None) -> None:
    shown = workspace.client.get(f"/v1/voice/agents/{agent_id}").json
    answer = workspace.client.request(
        "PATCH",
        f"/v1/voice/agents/{agent_id}",
        json={"concurrency": concurrency},
        headers={"If-Match": str(shown["version"])},
    )
    assert answer.status == 200, answer.raw


# ---- who leaves the line ------------------------------------------------------------------------


def test_a_call_that_is_canceled_while_it_waits_leaves_the_line(
    stack: Stack, workspace: Workspace
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second, third = (workspace.placed(agent) for _ in range(3))
    for call_id in (first, second, third):
        workspace.dial(call_id)
    assert workspace.client.post(f"/v1/voice/calls/{second}/cancel").status == 200
    assert _in_line(stack, workspace) == [f"all#{third}"]
    assert places.read(workspace.partition)["waiting"] == 1
    pump.settle(stack, workspace.id)
    assert pump.dialled() == [first, third]
    assert _is_at_rest(stack, workspace)


def test_canceled_when_nobody_else_waits_and_the_line_rests(
    stack: Stack, workspace: Workspace
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second = workspace.placed(agent), workspace.placed(agent)
    workspace.dial(first)
    workspace.dial(second)
    assert workspace.client.post(f"/v1/voice/calls/{second}/cancel").status == 200
    workspace.wake()
    assert _is_at_rest(stack, workspace)
    assert _on_the_phone(workspace) == {first}


@pytest.mark.parametrize("others", [0, 1])
def test_who_begins_to_wait_while_the_line_is_put_to_rest_is_served(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, others: int
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second, third = (workspace.placed(agent) for _ in range(3))
    workspace.dial(first)
    workspace.dial(second)
    assert workspace.client.post(f"/v1/voice/calls/{second}/cancel").status == 200
    proper = line.rest

    def rest(partition: str) -> None:
        # What another worker does after this one has read that nobody waits.
        if others:
            workspace.dial(third)
        proper(partition)

    monkeypatch.setattr(line, "rest", rest)
    workspace.wake()
    assert len(_in_line(stack, workspace)) == others
    assert ("outbox" in places.read(workspace.partition)) is bool(others)
    pump.settle(stack, workspace.id)
    assert pump.dialled() == [first, third]
    assert _is_at_rest(stack, workspace)


def test_whose_patience_ends_leaves_the_line(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    agent = workspace.agent(max_duration_s=60)
    first = workspace.placed(agent)
    window = {"latest_at": clock.timestamp(clock.now() + timedelta(minutes=1))}
    second, third = workspace.placed(agent, schedule=window), workspace.placed(agent)
    for call_id in (first, second, third):
        workspace.dial(call_id)
    hand.move(62)
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    assert workspace.end_of(second) == ("canceled", "window_missed")
    assert _in_line(stack, workspace) == [f"all#{third}"]
    hand.move(7 * 24 * 3600)
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    assert workspace.end_of(third) == ("canceled", "window_missed")
    assert _in_line(stack, workspace) == []


@pytest.mark.parametrize("latest", ["9999-12-31T23:59:59Z", None])
def test_patience_does_not_end_with_the_calendar(
    stack: Stack, workspace: Workspace, latest: str | None
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second = workspace.placed(agent), workspace.placed(agent)
    where = items.key(workspace.partition, second)
    view = workspace.call(second) | {"schedule": {"latest_at": latest}}
    update(Table.CORE, where, "SET #view = :view", values={"view": view})
    workspace.dial(first)
    workspace.dial(second)
    pump.settle(stack, workspace.id)
    assert pump.dialled() == [first, second]


def test_who_must_wait_for_the_clock_leaves_the_line_and_comes_back(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second, third = (workspace.placed(agent) for _ in range(3))
    for call_id in (first, second, third):
        workspace.dial(call_id)
    exchange.finish(exchange.call(first))
    hour = clock.now() + timedelta(hours=1)
    with monkeypatch.context() as patch:
        patch.setattr(
            dialler.rules,
            "opening",
            lambda to, quiet, now: now if exchange.orders > 1 else hour,
        )
        # The second is put off, and the third after it: none of them is in the way.
        workspace.wake()
    assert {_status(workspace, call_id) for call_id in (second, third)} == {"scheduled"}
    assert _in_line(stack, workspace) == []
    Hand(monkeypatch).move(3602)
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    pump.settle(stack, workspace.id)
    assert sorted(pump.dialled()) == sorted([first, second, third])
    assert _is_at_rest(stack, workspace)


# ---- what nobody may hide behind ----------------------------------------------------------------


def test_nobody_is_looked_for_by_an_index_which_may_be_behind(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    agent = workspace.agent(max_duration_s=60)
    window = {"earliest_at": clock.timestamp(clock.now() + timedelta(hours=1))}
    placed = sorted(workspace.placed(agent, schedule=window) for _ in range(3))
    hand.move(3601)
    with monkeypatch.context() as patch:
        without_indexes = _WithoutIndexes(table.driver())
        patch.setattr(table, "driver", lambda: without_indexes)
        for call_id in placed:
            workspace.dial(call_id)
        assert pump.dialled() == placed[:1]
        exchange.finish(exchange.call(placed[0]))
        workspace.wake()
    assert pump.dialled() == placed[:2]


class _WithoutIndexes:
    def __init__(self, driver: table.Driver) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            assert not options.get("index_name"), "an index may be behind"
            return getattr(self._driver, name)(*arguments, **options)

        return call


def test_one_that_breaks_is_set_aside_and_the_next_is_begun(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second, third = (workspace.placed(agent) for _ in range(3))
    for call_id in (first, second, third):
        workspace.dial(call_id)
    exchange.finish(exchange.call(first))
    _breaks(monkeypatch, second)
    workspace.wake()
    assert pump.dialled() == [first, third]
    assert _in_line(stack, workspace) == []
    broken = items.find(workspace.partition, second)
    assert broken is not None
    assert broken["view"]["status"] == "queued"
    assert broken["attempts"] == 1


@pytest.mark.slow
def test_one_that_breaks_for_a_day_ends_and_gives_back_what_it_holds(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    agent = workspace.agent(max_duration_s=60)
    first, second = sorted(workspace.placed(agent) for _ in range(2))
    workspace.dial(first)
    workspace.dial(second)
    exchange.finish(exchange.call(first))
    _breaks(monkeypatch, second)
    workspace.wake()
    for _ in range(30):
        assert _status(workspace, second) == "queued"
        hand.move(3000)
        _run(stack, workspace)
        if _status(workspace, second) != "queued":
            break
    assert workspace.end_of(second) == ("failed", "internal_error")
    assert pump.minutes(workspace.id) == (1, 1)
    assert _is_at_rest(stack, workspace)


@pytest.mark.parametrize("where", ["on the phone", "in line"])
@pytest.mark.slow
def test_one_that_cannot_even_be_ended_holds_nobody_up(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    hand = Hand(monkeypatch)
    agent = workspace.agent(max_duration_s=60)
    first, second, third = sorted(workspace.placed(agent) for _ in range(3))
    for call_id in (first, second, third):
        workspace.dial(call_id)
    broken = first if where == "on the phone" else second
    key = items.key(workspace.partition, broken)
    if where == "in line":
        exchange.finish(exchange.call(first))
    item = get(Table.CORE, key) or {}
    del item["view"]["agent_id"]
    stack.put("CoreTable", item)
    for _ in range(40):
        hand.move(3000)
        _run(stack, workspace)
        exchange.carry_on()
    assert "given_up_at" in (get(Table.CORE, key) or {})
    assert _status(workspace, third) == "completed"
    assert _on_the_phone(workspace) == set()


def _run(stack: Stack, workspace: Workspace) -> None:
    """A sweep, and what it sends."""
    with suppress(RuntimeError):
        invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)


def _breaks(patch: pytest.MonkeyPatch, call_id: str) -> None:
    proper = dialler._is_late

    def is_late(item: items.CallItem, now: object) -> bool:
        if item["sk"] == call_id:
            raise OverflowError("date value out of range")
        return proper(item, now)

    patch.setattr(dialler, "_is_late", is_late)


# ---- what a crash leaves behind -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "end", "dialled"),
    [
        ("before the order", ("completed", "agent_ended"), ["second", "first"]),
        ("before the carrier has it", ("failed", "provider_timeout"), ["second"]),
        ("after it has", ("completed", "agent_ended"), ["first", "second"]),
    ],
)
def test_the_place_of_a_killed_worker_is_free_again(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
    end: tuple[str, str],
    dialled: list[str],
) -> None:
    agent = workspace.agent(max_duration_s=60)
    calls = {name: workspace.placed(agent) for name in ("first", "second")}
    with monkeypatch.context() as patch:
        if when == "before the order":
            patch.setattr(claims, "order", die)
        else:
            patch.setattr(exchange, "placing", then_die if when == "after it has" else die)
        with pytest.raises(Killed):
            workspace.dial(calls["first"])
    workspace.dial(calls["second"])
    assert _on_the_phone(workspace) == {calls["first"]}
    Hand(monkeypatch).move(120)
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    pump.settle(stack, workspace.id)
    assert sorted(pump.dialled()) == sorted(calls[name] for name in dialled)
    assert workspace.end_of(calls["first"]) == end
    assert workspace.end_of(calls["second"]) == ("completed", "agent_ended")
    assert _on_the_phone(workspace) == set()
    assert _is_at_rest(stack, workspace)


def test_a_claim_of_which_the_carrier_never_heard_is_taken_back(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = workspace.placed(workspace.agent(max_duration_s=90))
    with monkeypatch.context() as patch:
        patch.setattr(claims, "order", die)
        with pytest.raises(Killed):
            workspace.dial(call_id)
    assert pump.minutes(workspace.id) == (2, 0)
    Hand(monkeypatch).move(120)
    workspace.never_call("+972541234567")
    workspace.dial(call_id)
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"]) == ("canceled", "do_not_call")
    assert (call["attempt"], call["attempts"]) == (0, [])
    assert pump.dials(call_id) == []
    assert _on_the_phone(workspace) == set()
    assert pump.minutes(workspace.id) == (0, 0)


@pytest.mark.parametrize("of", ["all", "agent", CALLEE])
@pytest.mark.parametrize("ghost", ["call_00000000000000000000000000", "ended"])
def test_a_place_that_nobody_holds_is_freed(
    stack: Stack, workspace: Workspace, exchange: Exchange, ghost: str, of: str
) -> None:
    agent = workspace.agent(max_duration_s=60, concurrency=1)
    if ghost == "ended":
        ghost = workspace.placed(agent)
        workspace.dial(ghost)
        exchange.carry_on()
        assert _on_the_phone(workspace) == set()
    of = agent if of == "agent" else of
    update(
        Table.CORE,
        places.key(workspace.partition, of),
        "ADD #active :call",
        values={"call": {ghost}},
    )
    call_id = workspace.placed(agent)
    workspace.dial(call_id)
    assert (_status(workspace, call_id), _on_the_phone(workspace, of)) == ("queued", {ghost})
    workspace.wake()
    assert (_status(workspace, call_id), _on_the_phone(workspace, of)) == ("dialing", {call_id})
    assert pump.dials(call_id) == [1]


def test_a_call_that_gave_up_and_is_heard_of_again_keeps_its_place(
    workspace: Workspace, exchange: Exchange
) -> None:
    """Two were on the phone of a plan of one: its place was freed, though it talked."""
    agent = workspace.agent(max_duration_s=60)
    first, second = (workspace.placed(agent, to=another_number()) for _ in range(2))
    workspace.dial(first)
    mark_given_up(workspace.job(first))
    exchange.talk(first)
    assert _status(workspace, first) == "in_progress"
    workspace.dial(second)
    workspace.wake()
    assert pump.dialled() == [first]
    # And it is asked after, as any other.
    item = get(Table.CORE, items.key(workspace.partition, first)) or {}
    assert (jobs.is_due(item), "given_up_at" in item) == (True, False)


@pytest.mark.parametrize("how", ["noted", "taken over"])
def test_a_call_that_gave_up_is_a_job_again_whatever_is_written_of_it(
    workspace: Workspace, how: str
) -> None:
    call_id = workspace.placed()
    workspace.dial(call_id)
    work = workspace.job(call_id)
    mark_given_up(work)
    item = items.at(work.key)
    assert item is not None
    if how == "noted":
        lifecycle.note(item, {"answered_by": "human"})
    else:
        claims.take_over(item, clock.now() + timedelta(minutes=1))
    after = get(Table.CORE, work.key) or {}
    assert jobs.is_due(after)
    assert clock.now() < clock.parse(after["next_at"]) <= clock.now() + items.UNHEARD
    # So it can give up once more.
    mark_given_up(work)
    assert jobs.has_given_up(get(Table.CORE, work.key) or {})


def test_a_canceled_call_leaves_the_phone_and_lets_the_next_one_begin(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second = workspace.placed(agent), workspace.placed(agent)
    workspace.dial(first)
    exchange.ring(first)
    workspace.dial(second)
    assert workspace.client.post(f"/v1/voice/calls/{first}/cancel").status == 200
    assert _on_the_phone(workspace) == set()
    pump.settle(stack, workspace.id)
    assert pump.dialled() == [first, second]
    assert (_status(workspace, first), _status(workspace, second)) == ("canceled", "completed")
    assert exchange.call(first).ended_by == "api"


@pytest.mark.slow
def test_many_workers_on_one_line_begin_each_call_once_and_in_its_turn(
    stack: Stack, exchange: Exchange
) -> None:
    """Those who park, leave, cancel and serve at once."""
    workspace = make_workspace("business")
    agents = [workspace.agent(max_duration_s=60, concurrency=n) for n in (None, 3)]
    calls = [workspace.placed(agents[n % 2], to=another_number()) for n in range(40)]
    canceled = calls[5::10]
    # Now the process knows its secret, which it asks for by one connection.
    workspace.dial(calls[0])

    def act(n: int) -> None:
        for call_id in calls[n::8]:
            workspace.dial(call_id)
            workspace.wake()
            if call_id in canceled:
                workspace.client.post(f"/v1/voice/calls/{call_id}/cancel")

    at_once(8, act)
    on_the_phone = _on_the_phone(workspace)
    assert len(on_the_phone) <= 25
    assert len(_on_the_phone(workspace, agents[1])) <= 3
    waiting = len(_in_line(stack, workspace))
    assert places.read(workspace.partition).get("waiting", 0) == waiting
    pump.settle(stack, workspace.id)
    assert Counter(pump.dialled()).most_common(1)[0][1] == 1
    assert {_status(workspace, call_id) for call_id in calls} <= {"completed", "canceled"}
    assert _on_the_phone(workspace) == _on_the_phone(workspace, agents[1]) == set()
    assert _is_at_rest(stack, workspace)


@pytest.mark.parametrize("attempt", range(5))
def test_a_call_that_begins_to_wait_while_the_last_one_leaves_is_begun(
    stack: Stack, workspace: Workspace, exchange: Exchange, attempt: int
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, *others = (workspace.placed(agent) for _ in range(5))
    workspace.dial(first)
    acts = [
        lambda: exchange.finish(exchange.call(first)),
        *(lambda call_id=call_id: workspace.dial(call_id) for call_id in others[:3]),
        *[workspace.wake] * 3,
        lambda: workspace.client.post(f"/v1/voice/calls/{others[0]}/cancel"),
    ]
    at_once(len(acts), lambda n: acts[n]())
    pump.settle(stack, workspace.id)
    ends = {_status(workspace, call_id) for call_id in (first, *others)}
    assert ends <= {"completed", "canceled"}
    assert _on_the_phone(workspace) == set()
    assert _is_at_rest(stack, workspace)
