"""One workspace with ever so much to do, and another with one thing: that one is not behind it."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta

import pytest

from linkwright import clock, ids, jobs, sweeper
from linkwright.plans import PLANS
from linkwright.table import Item, Table, update
from linkwright.voice.calls import follow_ups, items, line, places
from linkwright.voice.calls.line import Waiting
from tests import pump
from tests.client import Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.faults import wiring
from tests.memory import memory
from tests.shapes import CALLS
from tests.stack import Stack, in_place_of
from tests.stream import Stream

WAITING, DUE = 10_000, 5_000
SWEEPS = 10
# What the worker asks the tables for while nobody can begin, of all that wait.
READS = 8
_QUEUES = ("DialQueue", "FollowUpQueue", "EventQueue")


@pytest.fixture
def stack(stack: Stack) -> Iterator[Stack]:
    """In memory, whatever the store: 15,000 items are much to ask an emulator for."""
    with memory() as made, in_place_of(stack, made):
        yield made


def _due_long_ago(workspace: Workspace, number: int) -> Item:
    """A job that is due for an hour, as after an outage."""
    sid = f"CA{number:032}"
    key = follow_ups.hang_up_key(workspace.partition, sid)
    moment = clock.now() - timedelta(hours=1)
    return {**key.attributes(), **jobs.due(jobs.HANG_UP, sid, moment)}


def _sweep() -> None:
    for file, given in wiring.sweeps(jobs.DUE_SHARDS):
        invoke(file, given)


def _sent(stack: Stack, workspace: Workspace) -> int:
    return sum(len(stack.received(queue, workspace.id)) for queue in _QUEUES)


def _ten_thousand_wait(stack: Stack, workspace: Workspace) -> None:
    """The workspace's line is as full as its plan allows, and so many calls wait in it."""
    agent = workspace.agent()
    for number in range(PLANS["pro"].concurrent_calls + 1):
        call_id = workspace.placed(agent, to=f"+97254{number + 1_000_000}")
        workspace.dial(call_id)
    first = items.find(workspace.partition, call_id)
    assert first is not None
    assert first["waits_in"] == places.ALL
    for _ in range(WAITING - 1):
        other = deepcopy(first)
        other["sk"] = other["gsi1sk"] = other["gsi3sk"] = other["view"]["id"] = ids.new("call")
        where = line.key(workspace.partition, Waiting(other["sk"], places.ALL))
        stack.put("CoreTable", dict(other), where.attributes())
    more = {"more": WAITING - 1}
    update(Table.CORE, places.key(workspace.partition), "ADD #waiting :more", values=more)
    # That all are known by now is what a sweep begins with.
    pump.relay(stack, workspace.id)
    _sent(stack, workspace)


def _worked(stack: Stack, workspace: Workspace, kind: str) -> int:
    """Let the dial worker do what it was told of a workspace. Returns how many messages."""
    told = [body for body in stack.received("DialQueue", workspace.id) if f'"{kind}"' in body]
    for body in told:
        invoke("dial_call", queue_event([body]), Context(60_000))
    return len(told)


@pytest.mark.slow
def test_who_has_one_call_is_not_behind_who_has_thousands(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    noisy = make_workspace()
    _ten_thousand_wait(stack, noisy)
    stack.put("CoreTable", *(_due_long_ago(noisy, number) for number in range(DUE)))
    call_id = workspace.placed()
    hand.move(61)  # the relay has lost it
    lines = others = 0
    stream = Stream()
    stream.changes(stack.rows("CoreTable", noisy.id))
    for sweep in range(SWEEPS):
        _sweep()
        before = CALLS.total()
        lines += _worked(stack, noisy, jobs.LINE)
        assert CALLS.total() - before <= READS
        if sweep == 0:
            _worked(stack, workspace, jobs.CALL)
            assert workspace.call(call_id)["status"] == "dialing"
        if event := stream.event(stack.rows("CoreTable", noisy.id)):
            invoke("relay_outbox", event)
        others += len(stack.received("FollowUpQueue", noisy.id))
        hand.move(60)
    # One message for each job; and one a minute at most for all who wait.
    assert others == DUE
    assert 0 < lines <= SWEEPS


@pytest.mark.slow
def test_no_sweep_sends_more_of_a_workspace_than_its_quota(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    stack.put("CoreTable", *(_due_long_ago(workspace, number) for number in range(1_500)))
    for _ in range(2):
        _sweep()
        assert _sent(stack, workspace) <= jobs.DUE_SHARDS * sweeper.QUOTA


@pytest.mark.slow
def test_a_sweeper_without_a_quota_is_found(
    stack: Stack, workspace: Workspace, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    quota = sweeper.QUOTA
    monkeypatch.setattr(sweeper, "QUOTA", DUE)
    stack.put("CoreTable", *(_due_long_ago(workspace, number) for number in range(1_500)))
    _sweep()
    assert _sent(stack, workspace) > jobs.DUE_SHARDS * quota
