"""What it means for a call that one of its jobs has failed for as long as it may."""

from datetime import timedelta
from typing import Any

import pytest

from linkwright import jobs, media
from linkwright.errors import Unavailable
from linkwright.jobs import CALL, FOLLOW_UP, HANG_UP, KINDS, RECORDING, SETTLEMENT, Work
from linkwright.table import Item, Table, get
from linkwright.voice.calls import endings, follow_ups
from linkwright.voice.dialling import dialler
from linkwright.voice.follow_up import worker
from tests import models, pump, switchboard_talk
from tests.carrier import Exchange, unreachable
from tests.client import Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.stack import Stack
from tests.switchboard import Reply, Sent, deliver_to_functions
from tests.talks import Talk
from tools.jobs import given_up, redo


@pytest.fixture(autouse=True)
def _no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first failure is the last."""
    for name in (CALL, FOLLOW_UP, HANG_UP, RECORDING, SETTLEMENT):
        kind = KINDS[name]._replace(retries=(1,), longest=timedelta(seconds=-1))
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


def _away(*_: Any, **__: Any) -> None:
    raise Unavailable


def _broken(*_: Any) -> None:
    raise ZeroDivisionError


def _comes_again(worker_of_it: str, work: Work) -> bool:
    """Whether a message of the job does, after a run."""
    answer = invoke(worker_of_it, queue_event([work.message()]), Context(60_000))
    return bool(answer["batchItemFailures"])


@pytest.fixture
def put_through(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> Work:
    """The settlement of a call that was connected with somebody for two minutes, after half a
    minute of its own.
    """
    turn = {"say": "I am connecting you.", "action": "escalate", "rule": 0}
    models.use(monkeypatch, models.Scripted(turn))
    monkeypatch.setattr(switchboard_talk, "DIALLED_CALL_S", 120.0)

    def deliver(sent: Sent) -> Reply:
        if sent.fields.get("CallStatus") == "completed" and sent.kind != "page":
            sent = exchange.signed(sent, CallDuration="30")
        return deliver_to_functions(sent)

    exchange.deliver = deliver
    talk = Talk(workspace, "A person, please.", language="en", max_duration_s=600)
    talk.finish()
    return Work(SETTLEMENT, *follow_ups.settlement_key(workspace.partition, talk.id))


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
    monkeypatch.setattr(worker, "_made", _broken)
    assert "given_up_at" in _do(work)
    assert workspace.call(call_id)["analysis"] is None


def test_a_recording_stays_at_the_carrier_and_is_kept_when_its_job_is_done_again(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
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


# ---- while the tables are away ------------------------------------------------------------------


def test_a_call_ends_though_the_tables_were_away_at_the_moment_it_gave_up(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Marked as given up it stayed queued for ever once, with a minute of the plan's."""
    call_id = workspace.placed()
    work = workspace.job(call_id)
    with monkeypatch.context() as patch:
        patch.setattr(dialler, "_begin_or_wait", _broken)
        with monkeypatch.context() as away:
            away.setattr(dialler.lifecycle, "advance", _away)
            assert _comes_again("dial_call", work)
        assert not _comes_again("dial_call", work)
    assert workspace.end_of(call_id) == ("failed", "internal_error")
    assert pump.minutes(workspace.id) == (0, 0)


def test_a_call_whose_message_is_lost_then_is_found_by_the_sweeper(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    call_id = workspace.placed()
    with monkeypatch.context() as patch:
        patch.setattr(dialler, "_begin_or_wait", _broken)
        patch.setattr(dialler.lifecycle, "advance", _away)
        assert _comes_again("dial_call", workspace.job(call_id))
    hand.move(3600)
    invoke("sweep_overdue", {})
    pump.settle(stack, workspace.id)
    assert workspace.call(call_id)["status"] == "completed"


def test_a_transfer_is_charged_though_the_tables_were_away_at_the_moment_its_job_gave_up(
    workspace: Workspace,
    exchange: Exchange,
    put_through: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange.live, "fetch", unreachable)
    with monkeypatch.context() as away:
        away.setattr(endings, "settle", _away)
        assert _comes_again("follow_up_call", put_through)
    committed, used = pump.minutes(workspace.id)
    assert (committed > 1, used) == (True, 0)
    assert not _comes_again("follow_up_call", put_through)
    assert pump.minutes(workspace.id) == (1, 1)


# ---- done again ---------------------------------------------------------------------------------


def test_a_transfer_whose_job_gave_up_is_listed_and_charged_for_the_rest_when_done_again(
    workspace: Workspace,
    exchange: Exchange,
    put_through: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The alarm rang, nothing was listed, and the second leg was free for ever."""
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(exchange.live, "fetch", unreachable)
            assert not _comes_again("follow_up_call", put_through)
            # A second delivery, which fails as well.
            assert not _comes_again("follow_up_call", put_through)
        assert pump.minutes(workspace.id) == (1, 1)
        listed = [work for work, _ in given_up([SETTLEMENT], workspace.id)]
        assert listed == [put_through]
        assert redo(put_through)
    for _ in range(2):
        assert not _comes_again("follow_up_call", put_through)
        # Half a minute and two of them are three, begun ones.
        assert pump.minutes(workspace.id) == (3, 3)
    assert not list(given_up([SETTLEMENT], workspace.id))


def test_a_call_that_was_analysed_by_facts_is_analysed_in_full_when_done_again(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = _ended(stack, workspace)
    work = Work(FOLLOW_UP, *follow_ups.analysis_key(workspace.partition, call_id))
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(worker, "_said_at_last", _away)
            assert "given_up_at" in _do(work)
        assert workspace.call(call_id)["analysis"]["outcome"] == "no_conversation"
        assert redo(work)
    pump.settle(stack, workspace.id)
    assert workspace.call(call_id)["analysis"]["outcome"] == "conversation"
    # Once by the facts, once in full.
    assert _types(stack, workspace).count("call.analyzed") == 2


def test_a_call_whose_talk_is_kept_no_more_stays_as_it_was_analysed(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    call_id = _ended(stack, workspace)
    work = Work(FOLLOW_UP, *follow_ups.analysis_key(workspace.partition, call_id))
    with monkeypatch.context() as patch:
        patch.setattr(worker, "_said_at_last", _away)
        _do(work)
    before = workspace.call(call_id)["analysis"]["outcome"]
    hand.move(366 * 86_400)
    assert redo(work)
    assert "gsi2pk" not in _do(work)
    assert workspace.call(call_id)["analysis"]["outcome"] == before
    assert _types(stack, workspace).count("call.analyzed") == 1


@pytest.mark.parametrize(("days", "is_kept"), [(29, True), (30.5, False)])
def test_a_recording_is_not_stored_after_the_time_for_which_it_may_be_kept(
    stack: Stack,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    days: float,
    is_kept: bool,
) -> None:
    """What gave up is kept for a month, and may be done again after the recording's own time."""
    hand = Hand(monkeypatch)
    workspace = make_workspace(settings={"retention_days": 30})
    call_id = _ended(stack, workspace)
    (sid,) = exchange.live.recordings
    work = Work(RECORDING, *follow_ups.recording_key(workspace.partition, call_id, sid))
    with monkeypatch.context() as patch:
        patch.setattr(media, "put", _away)
        _do(work)
    hand.move(days * 86_400)
    stored: list[str] = []
    put = media.put
    monkeypatch.setattr(media, "put", lambda key, *what: stored.append(key) or put(key, *what))
    assert redo(work)
    assert "gsi2pk" not in _do(work)
    assert bool(stored) is is_kept
    assert (workspace.call(call_id)["recording_url"] is not None) is is_kept
    assert exchange.live.recordings == {}
