"""How many calls are on the phone at once, who is next, and what a crash leaves behind."""

import itertools
from datetime import timedelta

import pytest

from linkwright import clock, jobs
from linkwright.table import Item, Key, Table, get, update
from linkwright.voice.calls import concurrency, items
from linkwright.voice.dialling import claims
from tests import pump
from tests.carrier import Exchange, Killed, die, then_die
from tests.client import invoke
from tests.factories import CALLEE, Workspace, another_number, make_workspace
from tests.stack import Stack


@pytest.fixture
def workspace(stack: Stack) -> Workspace:
    """Of the free plan: one call at a time."""
    return make_workspace("free")


def _status(workspace: Workspace, call_id: str) -> str:
    return workspace.end_of(call_id)[0]


def _on_the_phone(workspace: Workspace, of: str = "all") -> set[str]:
    item = get(Table.CORE, Key(f"W#{workspace.partition}#LINE", of)) or {}
    return set(item.get("active", ()))


def test_first_come_first_served_whatever_the_order_of_the_messages(
    stack: Stack, workspace: Workspace
) -> None:
    agent = workspace.agent(max_duration_s=60)
    placed = [workspace.placed(agent) for _ in range(4)]
    for call_id in reversed(placed):
        workspace.dial(call_id)
    assert pump.dialled() == placed[:1]
    pump.settle(stack, workspace.id, jobs.WAKE)
    assert pump.dialled() == placed
    assert {_status(workspace, call_id) for call_id in placed} == {"completed"}
    assert _on_the_phone(workspace) == set()


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
        assert _on_the_phone(workspace) == {first}
        assert (_status(workspace, second), _status(workspace, third)) == ("queued", "queued")
    assert pump.dialled() == [first]
    # Nobody sends their messages again: the end of each call wakes the next.
    pump.settle(stack, workspace.id, jobs.WAKE)
    assert pump.dialled() == [first, second, third]
    assert {_status(workspace, call_id) for call_id in (first, second, third)} == {"completed"}
    assert _on_the_phone(workspace) == set()


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
    assert (_status(workspace, second), _status(workspace, third)) == ("queued", "dialing")
    assert pump.dialled() == [first, third]
    assert _on_the_phone(workspace) == {first, third}
    pump.settle(stack, workspace.id, jobs.WAKE)
    assert pump.dialled() == [first, third, second]
    assert _on_the_phone(workspace, one_at_a_time) == set()
    assert _on_the_phone(workspace) == set()


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
        assert (_status(workspace, second), _on_the_phone(workspace, CALLEE)) == ("queued", {first})
    assert pump.dialled() == [first, third]
    pump.settle(stack, workspace.id, jobs.WAKE)
    assert pump.dialled() == [first, third, second]
    assert _status(workspace, second) == "completed"
    assert _on_the_phone(workspace, CALLEE) == _on_the_phone(workspace, other) == set()


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


def test_a_number_that_no_call_holds_is_freed(stack: Stack, exchange: Exchange) -> None:
    workspace = make_workspace("pro")
    ghost, call_id = workspace.placed(), workspace.placed()
    workspace.dial(ghost)
    exchange.finish(exchange.call(ghost))
    held = {"call": {ghost}}
    update(Table.CORE, concurrency.key(workspace.id, CALLEE), "ADD #active :call", values=held)
    workspace.dial(call_id)
    assert (_status(workspace, call_id), _on_the_phone(workspace, CALLEE)) == ("queued", set())
    workspace.dial(call_id)
    assert _status(workspace, call_id) == "dialing"


def _queued(workspace: Workspace, call_id: str) -> Item:
    return {
        **items.key(workspace.partition, call_id).attributes(),
        "gsi3pk": items.status_partition(workspace.partition, "queued"),
        "view": {"agent_id": f"agt_of_{call_id}"},
    }


@pytest.mark.parametrize("known", ["call_1", "call_2", "call_3", "call_4"])
def test_a_call_waits_once_and_in_its_place_whether_or_not_the_index_knows(
    stack: Stack, workspace: Workspace, known: str
) -> None:
    indexed = ["call_1", "call_3"]
    stack.put("CoreTable", *(_queued(workspace, call_id) for call_id in indexed))
    line = [id_ for id_, _ in concurrency.waiting(workspace.partition, _queued(workspace, known))]
    assert line == sorted({*indexed, known})


@pytest.mark.parametrize(
    ("wait", "looked_at", "limits"),
    [
        (0, 1, [10]),
        (3, 4, [10]),
        (12, 1, [10]),
        (12, 10, [10]),
        (12, 11, [10, 90]),
        (12, 13, [10, 90]),
        # Nobody looks further.
        (105, 106, [10, 90]),
    ],
)
def test_no_more_of_a_long_line_is_read_than_is_looked_at(
    stack: Stack,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    wait: int,
    looked_at: int,
    limits: list[int],
) -> None:
    placed = [f"call_{at:03}" for at in range(wait)]
    stack.put("CoreTable", *(_queued(workspace, call_id) for call_id in placed))
    asked: list[int] = []
    query = concurrency.query
    monkeypatch.setattr(
        concurrency,
        "query",
        lambda *args, **options: asked.append(options["limit"]) or query(*args, **options),
    )
    line = itertools.islice(concurrency.waiting(workspace.partition), looked_at)
    first = placed[: min(looked_at, concurrency.LOOK_AHEAD)]
    assert list(line) == [(call_id, f"agt_of_{call_id}") for call_id in first]
    assert asked == limits


@pytest.mark.parametrize(
    ("when", "end", "dialled"),
    [
        ("before the order", ("completed", "agent_ended"), ["first", "second"]),
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
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=2))
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    pump.settle(stack, workspace.id, jobs.WAKE)
    assert pump.dialled() == [calls[name] for name in dialled]
    assert workspace.end_of(calls["first"]) == end
    assert workspace.end_of(calls["second"]) == ("completed", "agent_ended")
    assert _on_the_phone(workspace) == set()


def test_a_claim_of_which_the_carrier_never_heard_is_taken_back(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = workspace.placed(workspace.agent(max_duration_s=90))
    with monkeypatch.context() as patch:
        patch.setattr(claims, "order", die)
        with pytest.raises(Killed):
            workspace.dial(call_id)
    assert pump.minutes(workspace.id) == (2, 0)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=2))
    workspace.never_call("+972541234567")
    workspace.dial(call_id)
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"]) == ("canceled", "do_not_call")
    assert (call["attempt"], call["attempts"]) == (0, [])
    assert pump.dials(call_id) == []
    assert _on_the_phone(workspace) == set()
    assert pump.minutes(workspace.id) == (0, 0)


@pytest.mark.parametrize("ghost", ["call_00000000000000000000000000", "ended"])
def test_a_place_that_nobody_holds_is_freed(
    stack: Stack, workspace: Workspace, exchange: Exchange, ghost: str
) -> None:
    agent = workspace.agent(max_duration_s=60)
    if ghost == "ended":
        ghost = workspace.placed(agent)
        workspace.dial(ghost)
        exchange.carry_on()
        assert _on_the_phone(workspace) == set()
    update(
        Table.CORE,
        Key(f"W#{workspace.id}#LINE", "all"),
        "ADD #active :call",
        values={"call": {ghost}},
    )
    call_id = workspace.placed(agent)
    workspace.dial(call_id)
    assert (_status(workspace, call_id), _on_the_phone(workspace)) == ("queued", set())
    workspace.dial(call_id)
    assert (_status(workspace, call_id), _on_the_phone(workspace)) == ("dialing", {call_id})
    assert pump.dials(call_id) == [1]


def test_a_canceled_call_leaves_the_phone_and_lets_the_next_one_begin(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second = workspace.placed(agent), workspace.placed(agent)
    workspace.dial(first)
    exchange.ring(first)
    assert workspace.client.post(f"/v1/voice/calls/{first}/cancel").status == 200
    assert _on_the_phone(workspace) == set()
    pump.settle(stack, workspace.id)
    assert pump.dialled() == [first, second]
    assert (_status(workspace, first), _status(workspace, second)) == ("canceled", "completed")
    assert exchange.call(first).ended_by == "api"
