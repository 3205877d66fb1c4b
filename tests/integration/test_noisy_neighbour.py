"""One workspace with ever so much to do, and another with one thing: that one is not behind it."""

from datetime import timedelta

import pytest

from linkwright import clock, jobs, sweeper
from linkwright.table import Item
from linkwright.voice.calls import follow_ups
from tests.client import invoke
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.faults import wiring
from tests.stack import Stack

DUE = 5_000
SWEEPS = 10
_QUEUES = ("DialQueue", "FollowUpQueue", "EventQueue")


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return Hand(monkeypatch)


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


def test_who_has_one_job_is_not_behind_who_has_thousands(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    noisy = make_workspace()
    stack.put("CoreTable", *(_due_long_ago(noisy, number) for number in range(DUE)))
    call_id = workspace.placed()
    hand.move(61)  # the relay has lost it
    sent = 0
    for sweep in range(SWEEPS):
        _sweep()
        if sweep == 0:
            assert workspace.job(call_id).message() in stack.received("DialQueue", workspace.id)
        sent += _sent(stack, noisy)
        hand.move(60)
    most = SWEEPS * jobs.DUE_SHARDS * sweeper.QUOTA
    # All of them in ten minutes, and none of them twice.
    assert sent == DUE <= most


def test_no_sweep_sends_more_of_a_workspace_than_its_quota(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    stack.put("CoreTable", *(_due_long_ago(workspace, number) for number in range(1_500)))
    for _ in range(2):
        _sweep()
        assert _sent(stack, workspace) <= jobs.DUE_SHARDS * sweeper.QUOTA


def test_a_sweeper_without_a_quota_is_found(
    stack: Stack, workspace: Workspace, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    quota = sweeper.QUOTA
    monkeypatch.setattr(sweeper, "QUOTA", DUE)
    stack.put("CoreTable", *(_due_long_ago(workspace, number) for number in range(1_500)))
    _sweep()
    assert _sent(stack, workspace) > jobs.DUE_SHARDS * quota
