"""A job that failed and went on since has not failed in a row: its next failure is the first."""

from typing import Any

import pytest

from linkwright import clock, jobs
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.table import Item, Table, get
from linkwright.voice.calls import items, places
from linkwright.voice.dialling import dialler, next_in_line
from tests.carrier import Exchange
from tests.client import Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace, another_number, make_workspace
from tests.stack import Stack

BUSY = "+15005550001"


def _run(work: Work) -> None:
    event = queue_event([work.message()])
    assert invoke("dial_call", event, Context(60_000)) == {"batchItemFailures": []}


def _fail_once(work: Work) -> None:
    """As by a conflict that is left over after all tries."""

    def away(*_: Any) -> Any:
        raise Unavailable

    with pytest.MonkeyPatch.context() as now:
        for module in (next_in_line, dialler):
            now.setattr(module.workspace, "tenant", away)
        _run(work)


def _stored(work: Work) -> Item:
    item = get(Table.CORE, work.key)
    assert item is not None
    return item


def _wait(work: Work) -> float:
    return (clock.parse(_stored(work)["next_at"]) - clock.now()).total_seconds()


def _line_behind_a_talk(exchange: Exchange, waiting: int) -> tuple[Work, str]:
    """Of a workspace with one place on the phone, so many calls behind the one that talks."""
    workspace = make_workspace("free")
    agent = workspace.agent(max_duration_s=3600)
    first, *others = (workspace.placed(agent, to=another_number()) for _ in range(1 + waiting))
    workspace.dial(first)
    exchange.talk(first)
    for call_id in others:
        workspace.dial(call_id)
    return Work(jobs.LINE, *places.key(workspace.partition)), first


def test_a_line_that_went_on_after_each_failure_waits_for_seconds_after_the_next(
    stack: Stack, exchange: Exchange, hand: Hand
) -> None:
    line, talking = _line_behind_a_talk(exchange, 2)
    for _ in range(4):
        _fail_once(line)
        assert _stored(line)["attempts"] == 1
        hand.move(20 * 60)
        _run(line)
        assert not set(jobs.FAILURES) & set(_stored(line))
    # A place is free, which is not to stay empty for a minute.
    exchange.finish(exchange.call(talking))
    _fail_once(line)
    assert _wait(line) <= 4


def test_a_line_that_fails_each_time_waits_for_longer_and_longer(
    stack: Stack, exchange: Exchange, hand: Hand
) -> None:
    line, _ = _line_behind_a_talk(exchange, 1)
    for attempts in range(1, 6):
        _fail_once(line)
        assert _stored(line)["attempts"] == attempts
        # A message that comes too early does nothing, so it has not gone well.
        _run(line)
        hand.move(_wait(line) + 1)


def test_a_call_that_was_dialled_since_has_not_failed_in_a_row(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    call_id = workspace.placed(to=BUSY, retry={"max": 1, "backoff": 60})
    job = workspace.job(call_id)
    for attempts in range(1, 4):
        _fail_once(job)
        assert _stored(job)["attempts"] == attempts
        hand.move(_wait(job) + 1)
    _run(job)
    exchange.finish(exchange.call(call_id))
    assert workspace.call(call_id)["status"] == "scheduled"
    assert not set(jobs.FAILURES) & set(_stored(job))
    hand.move(61)
    _fail_once(job)
    assert _wait(job) <= 4


def test_a_call_that_breaks_after_each_claim_fails_in_a_row(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, hand: Hand
) -> None:
    """It is moved by each of its runs: to the phone, and back into the line."""
    call_id = workspace.placed()
    job = workspace.job(call_id)

    def breaks(*_: Any) -> Any:
        raise ValueError

    monkeypatch.setattr(dialler, "_place", breaks)
    for attempts in range(1, 4):
        _run(job)
        assert _stored(job)["attempts"] == attempts
        item = items.at(job.key)
        assert item is not None
        assert item["view"]["status"] == "dialing"
        hand.move(_wait(job) + 1)
