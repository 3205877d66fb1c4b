"""How many calls are on the phone at once, who is next, and what a crash leaves behind."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, outbox
from linkwright.outbox import Work
from linkwright.providers.telephony import Dial, Simulator
from linkwright.table import Key, Table, get, update
from linkwright.voice import operations
from linkwright.voice.reports import Report
from tests import pump
from tests.client import invoke
from tests.factories import Workspace, make_workspace
from tests.stack import Stack


class Killed(BaseException):
    """The worker is gone."""


@pytest.fixture
def workspace(stack: Stack) -> Workspace:
    """Of the free plan: one call at a time."""
    return make_workspace("free")


def _status(workspace: Workspace, call_id: str) -> str:
    return str(workspace.client.get(f"/v1/voice/calls/{call_id}").json["status"])


def _on_the_phone(workspace: Workspace, of: str = "all") -> set[str]:
    item = get(Table.CORE, Key(f"W#{workspace.partition}#LINE", of)) or {}
    return set(item.get("active", ()))


def _work(workspace: Workspace, call_id: str) -> Work:
    return Work(outbox.CALL, f"W#{workspace.partition}#CALL", call_id)


def _place(workspace: Workspace, agent: str, **body: Any) -> str:
    placed = workspace.place(agent, **body)
    assert placed.status == 201
    return str(placed.json["id"])


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls in the order in which the carrier was told of them."""
    order: list[str] = []
    place = Simulator.place

    def note(self: Simulator, dial: Dial) -> None:
        order.append(dial.call_id)
        place(self, dial)

    monkeypatch.setattr(Simulator, "place", note)
    return order


def _die(*_: object) -> Iterator[Report]:
    raise Killed


def test_first_come_first_served_whatever_the_order_of_the_messages(
    stack: Stack, workspace: Workspace, dialled: list[str]
) -> None:
    agent = workspace.agent(max_duration_s=60)
    placed = [_place(workspace, agent) for _ in range(4)]
    for call_id in reversed(placed):
        operations.dial(_work(workspace, call_id))
    pump.settle(stack, workspace.id, outbox.LINE)
    assert dialled == placed
    assert {_status(workspace, call_id) for call_id in placed} == {"completed"}
    assert _on_the_phone(workspace) == set()


def test_no_more_on_the_phone_than_the_plan_allows_and_none_dropped(
    stack: Stack, workspace: Workspace, dialled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second, third = (_place(workspace, agent) for _ in range(3))
    follow = operations._follow

    def while_it_talks(*args: Any) -> None:
        monkeypatch.setattr(operations, "_follow", follow)
        operations.dial(_work(workspace, second))
        operations.dial(_work(workspace, third))
        assert _on_the_phone(workspace) == {first}
        assert (_status(workspace, second), _status(workspace, third)) == ("queued", "queued")
        follow(*args)

    monkeypatch.setattr(operations, "_follow", while_it_talks)
    operations.dial(_work(workspace, first))
    assert dialled == [first]
    # Nobody sends their messages again: the end of each call wakes the next.
    pump.settle(stack, workspace.id, outbox.LINE)
    assert dialled == [first, second, third]
    assert _on_the_phone(workspace) == set()


def test_an_agent_takes_no_more_than_it_says_and_holds_no_other_up(
    stack: Stack, dialled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace("pro")
    one_at_a_time, other = workspace.agent(concurrency=1), workspace.agent()
    first, second, third = (
        _place(workspace, agent) for agent in (one_at_a_time, one_at_a_time, other)
    )
    follow = operations._follow

    def while_it_talks(*args: Any) -> None:
        monkeypatch.setattr(operations, "_follow", follow)
        assert _on_the_phone(workspace, one_at_a_time) == {first}
        operations.dial(_work(workspace, second))
        assert (_status(workspace, second), _status(workspace, third)) == ("queued", "completed")
        follow(*args)

    monkeypatch.setattr(operations, "_follow", while_it_talks)
    operations.dial(_work(workspace, first))
    assert dialled == [first, third]
    pump.settle(stack, workspace.id, outbox.LINE)
    assert dialled == [first, third, second]
    assert _on_the_phone(workspace, one_at_a_time) == set()


def test_the_place_of_a_killed_worker_is_free_again(
    stack: Stack, workspace: Workspace, dialled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second = _place(workspace, agent), _place(workspace, agent)
    with monkeypatch.context() as patch:
        patch.setattr(Simulator, "reports", _die)
        with pytest.raises(Killed):
            operations.dial(_work(workspace, first))
    assert _on_the_phone(workspace) == {first}
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=2))
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)
    pump.settle(stack, workspace.id, outbox.LINE)
    assert dialled == [first, second]
    assert {_status(workspace, call_id) for call_id in (first, second)} == {"completed"}
    assert _on_the_phone(workspace) == set()


def test_a_claim_of_which_the_carrier_never_heard_is_taken_back(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _place(workspace, workspace.agent(max_duration_s=90))
    with monkeypatch.context() as patch:
        patch.setattr(Simulator, "place", _die)
        with pytest.raises(Killed):
            operations.dial(_work(workspace, call_id))
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=2))
    workspace.never_call("+972541234567")
    operations.dial(_work(workspace, call_id))
    call = workspace.client.get(f"/v1/voice/calls/{call_id}").json
    assert (call["status"], call["ended_reason"]) == ("canceled", "do_not_call")
    assert (call["attempt"], call["attempts"]) == (0, [])
    assert pump.dials(workspace.id, call_id) == []
    assert _on_the_phone(workspace) == set()
    assert pump.minutes(workspace.id) == (0, 0)


@pytest.mark.parametrize("ghost", ["call_00000000000000000000000000", "ended"])
def test_a_place_that_nobody_holds_is_freed(stack: Stack, workspace: Workspace, ghost: str) -> None:
    agent = workspace.agent(max_duration_s=60)
    if ghost == "ended":
        ghost = _place(workspace, agent)
        operations.dial(_work(workspace, ghost))
    update(
        Table.CORE,
        Key(f"W#{workspace.id}#LINE", "all"),
        "ADD #active :call",
        values={"call": {ghost}},
    )
    call_id = _place(workspace, agent)
    operations.dial(_work(workspace, call_id))
    assert (_status(workspace, call_id), _on_the_phone(workspace)) == ("queued", set())
    operations.dial(_work(workspace, call_id))
    assert _status(workspace, call_id) == "completed"


def test_a_canceled_call_leaves_the_phone_and_lets_the_next_one_begin(
    stack: Stack, workspace: Workspace, dialled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = workspace.agent(max_duration_s=60)
    first, second = _place(workspace, agent), _place(workspace, agent)
    follow = operations._follow

    def canceled(*args: Any) -> None:
        monkeypatch.setattr(operations, "_follow", follow)
        assert workspace.client.post(f"/v1/voice/calls/{first}/cancel").status == 200
        assert _on_the_phone(workspace) == set()
        follow(*args)

    monkeypatch.setattr(operations, "_follow", canceled)
    operations.dial(_work(workspace, first))
    pump.settle(stack, workspace.id, outbox.LINE)
    assert dialled == [first, second]
    assert (_status(workspace, first), _status(workspace, second)) == ("canceled", "completed")
