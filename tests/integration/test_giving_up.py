"""What it means for a call that one of its jobs has failed for as long as it may."""

from datetime import timedelta
from typing import Any

import pytest

from linkwright import jobs, media
from linkwright.errors import Unavailable
from linkwright.jobs import FOLLOW_UP, HANG_UP, KINDS, RECORDING, Kind, Work
from linkwright.table import Item, Table, get
from linkwright.voice.calls import follow_ups
from linkwright.voice.follow_up import worker
from tests import pump
from tests.carrier import Exchange, unreachable
from tests.client import Context, invoke, queue_event
from tests.factories import Workspace
from tests.stack import Stack


@pytest.fixture(autouse=True)
def _no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first failure is the last."""
    for name in (FOLLOW_UP, HANG_UP, RECORDING):
        kind = Kind(KINDS[name].queue, (1,), timedelta(seconds=-1))
        monkeypatch.setitem(KINDS, name, kind)


def _ended(stack: Stack, workspace: Workspace) -> str:
    """A recorded call that has ended, and nothing has followed yet."""
    call_id = workspace.placed(workspace.agent(recording=True))
    pump.settle(stack, workspace.id, jobs.CALL)
    return call_id


def _do(work: Work) -> Item:
    event = queue_event([work.message()])
    assert invoke("follow_up_call", event, Context(60_000)) == {"batchItemFailures": []}
    return get(Table.CORE, work.key) or {}


def _types(stack: Stack, workspace: Workspace) -> list[str]:
    return [row["type"] for row in stack.rows("CoreTable", workspace.id) if "sequence" in row]


def _away(*_: Any) -> None:
    raise Unavailable


def test_a_call_is_analysed_by_what_is_known_without_its_talk(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _ended(stack, workspace)
    work = Work(FOLLOW_UP, *follow_ups.analysis_key(workspace.partition, call_id))
    monkeypatch.setattr(worker, "_said_at_last", _away)
    assert "given_up_at" in _do(work)
    assert _types(stack, workspace).count("call.analyzed") == 1
    shown = workspace.call(call_id)["analysis"]
    assert (shown["outcome"], shown["sentiment"]) == ("no_conversation", None)
    assert "A person answered." in shown["summary"]
    # A second delivery, which fails as well, tells nothing more.
    _do(work)
    assert _types(stack, workspace).count("call.analyzed") == 1


def test_what_cannot_even_be_told_from_facts_is_given_up_all_the_same(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _ended(stack, workspace)
    work = Work(FOLLOW_UP, *follow_ups.analysis_key(workspace.partition, call_id))
    monkeypatch.setattr(worker, "_said_at_last", _away)
    monkeypatch.setattr(worker, "_made", _away)
    assert "given_up_at" in _do(work)
    assert workspace.call(call_id)["analysis"] is None


def test_a_recording_stays_at_the_carrier_and_is_kept_when_its_job_is_done_again(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.jobs import redo

    call_id = _ended(stack, workspace)
    (sid,) = exchange.live.recordings
    work = Work(RECORDING, *follow_ups.recording_key(workspace.partition, call_id, sid))
    with monkeypatch.context() as patch:
        patch.setattr(media, "put", _away)
        assert "given_up_at" in _do(work)
    assert list(exchange.live.recordings) == [sid]
    assert redo(work)
    pump.settle(stack, workspace.id)
    assert workspace.call(call_id)["recording_url"] is not None
    assert list(exchange.live.recordings) == []


def test_a_hang_up_that_the_carrier_never_took_is_there_to_be_seen(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = workspace.placed()
    workspace.dial(call_id)
    placed = exchange.talk(call_id)
    assert workspace.client.post(f"/v1/voice/calls/{call_id}/cancel").status == 200
    work = Work(HANG_UP, *follow_ups.hang_up_key(workspace.partition, placed.sid))
    with monkeypatch.context() as patch:
        patch.setattr(exchange.live, "fetch", unreachable)
        assert "given_up_at" in _do(work)
