"""As many calls a second as the carrier's account takes, over all workspaces; none is lost."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from linkwright import clock, jobs, settings, vault
from linkwright.jobs import Work
from linkwright.voice.dialling import dialler
from tests import pump
from tests.carrier import Exchange
from tests.client import invoke, queue_event
from tests.factories import Workspace, another_number, make_workspace
from tests.integration.test_concurrency import at_once
from tests.stack import Stack

# So much faster than a real one does the clock of these tests go.
FAST = 10
# Of a worker that has time to wait for some seconds, and then too little left to dial.
LEFT_S = 29.0
# Each test has a day of its own: the account counts the dials of all of them.
_days = count()


@pytest.fixture
def began() -> datetime:
    return datetime(2031, 5, 6, 7, tzinfo=UTC) + timedelta(days=next(_days))


@contextmanager
def _pace(dials_per_second: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIALS_PER_SECOND", str(dials_per_second))
        settings.settings.cache_clear()
        yield
    settings.settings.cache_clear()


class Waiting:
    """Lambda's context object, by a clock that stands still but for who sleeps."""

    def __init__(self, patch: pytest.MonkeyPatch, began: datetime) -> None:
        self.now = began
        self._slept_s = 0.0
        patch.setattr(clock, "now", lambda: self.now)
        patch.setattr(clock, "sleep", self._sleep)

    def _sleep(self, seconds: float) -> None:
        self._slept_s += seconds

    def get_remaining_time_in_millis(self) -> int:
        return int((LEFT_S - self._slept_s) * 1000)

    def dial(self, *bodies: str) -> None:
        """One run of the worker. Of all these messages none fails."""
        self._slept_s = 0.0
        assert invoke("dial_call", queue_event(bodies), self) == {"batchItemFailures": []}


def _place(workspace: Workspace, number: int) -> list[Work]:
    agent = workspace.agent()
    return [workspace.job(workspace.placed(agent, to=another_number())) for _ in range(number)]


@pytest.mark.parametrize("most", [1, 3])
def test_never_more_in_a_second_than_the_account_takes_and_none_lost(
    stack: Stack,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    began: datetime,
    most: int,
) -> None:
    start, sleep = time.monotonic(), time.sleep

    def now() -> datetime:
        return began + timedelta(seconds=(time.monotonic() - start) * FAST)

    monkeypatch.setattr(clock, "now", now)
    monkeypatch.setattr(clock, "sleep", lambda seconds: sleep(seconds / FAST))
    workspaces = [make_workspace() for _ in range(2)]
    works = [work for workspace in workspaces for work in _place(workspace, 5)]
    # As a process has, before its first event.
    vault.vault()
    with _pace(most):
        at_once(10, lambda n: dialler.dial(works[n]))
        while len(pump.dialled()) < len(works):
            at_once(4, lambda n: workspaces[n % 2].wake())
            clock.sleep(0.2)
    # Each message began one call, and none was begun twice.
    assert sorted(pump.dialled()) == sorted(work.sk for work in works)
    # As many as come together at first, and the others one after another.
    last = max(call.created for call in exchange.calls())
    assert (last - began).total_seconds() >= (10 - most) / most


@pytest.mark.parametrize("most", [1, 3])
def test_who_cannot_wait_any_longer_leaves_its_call_to_the_sweeper(
    stack: Stack,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    began: datetime,
    most: int,
) -> None:
    """Here a second does not end before the test says so."""
    worker = Waiting(monkeypatch, began)
    workspace = make_workspace()
    works = _place(workspace, 2 * most + 1)
    with _pace(most):
        for _ in range(2):
            worker.dial(*(work.message() for work in works))
            assert len(pump.dialled()) == most
        for minute in (1, 2):
            worker.now = began + minute * (jobs.LOST_AFTER + jobs.RELAY_GRACE)
            invoke("sweep_overdue", {})
            for body in stack.received("DialQueue", workspace.id):
                worker.dial(body)
            assert len(pump.dialled()) == min((1 + minute) * most, len(works))
    assert sorted(pump.dialled()) == sorted(work.sk for work in works)


def test_each_account_has_a_pace_of_its_own(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch, began: datetime
) -> None:
    worker = Waiting(monkeypatch, began)
    live, test = make_workspace(), make_workspace(mode="test")
    with _pace(1):
        for workspace in (live, test, live):
            worker.dial(*(work.message() for work in _place(workspace, 1)))
    for board in exchange.boards:
        assert len(board.calls) == 1
