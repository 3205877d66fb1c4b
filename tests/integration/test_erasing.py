"""What was said in a call goes when its time is over, or when it is asked to; the bill stays."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, jobs, media
from linkwright.table import Item
from linkwright.voice.calls import items, turn_log
from linkwright.voice.follow_up import erasing, worker
from tests import pump
from tests.carrier import Exchange, Killed, die
from tests.client import invoke
from tests.clocks import Hand
from tests.factories import CALLEE, Workspace
from tests.faults import wiring
from tests.memory import MemoryStack, memory
from tests.stack import Stack, in_place_of
from tools.carrier.callees import Callee
from tools.template import functions

SECRET = "my canary is called Tweety"
YES = "כן, בבקשה."
# Four bytes each: too much for an item.
LONG = f"{SECRET} " + "🙂" * 3_500


@pytest.fixture
def kept(stack: Stack) -> Iterator[MemoryStack]:
    """In memory, whatever the store: all that is kept can be looked at there."""
    with memory() as made, in_place_of(stack, made):
        yield made


def _where_said(kept: MemoryStack) -> list[str]:
    """The places that still hold what was said."""
    rows = [row for name in ("CoreTable", "IdemTable") for row in kept.rows(name)]
    found = [row["pk"] for row in rows if SECRET in json.dumps(row, default=str)]
    return found + [key for key, (_, body) in kept.objects.items() if SECRET.encode() in body]


def _talked(workspace: Workspace, kept: MemoryStack, exchange: Exchange, *lines: str) -> str:
    exchange.live.callees[CALLEE] = Callee(lines=(YES, *lines, SECRET))
    call_id: str = workspace.place(workspace.agent(recording=True, max_duration_s=3600)).json["id"]
    pump.settle(kept, workspace.id)
    return call_id


def _bill(call: Item) -> Item:
    names = (
        "id",
        "to",
        "status",
        "created_at",
        "answered_at",
        "ended_at",
        "duration_s",
        "metadata",
    )
    return {name: call[name] for name in names}


def _erase(workspace: Workspace, call_id: str) -> int:
    return workspace.client.request("DELETE", f"/v1/voice/calls/{call_id}").status


@pytest.mark.parametrize("lines", [(), (LONG,) * 40], ids=["short", "long"])
@pytest.mark.slow
def test_204_nothing_that_was_said_is_left_and_the_bill_is(
    kept: MemoryStack, workspace: Workspace, exchange: Exchange, lines: tuple[str, ...]
) -> None:
    call_id = _talked(workspace, kept, exchange, *lines)
    before = workspace.call(call_id)
    assert SECRET in str(before["transcript"])
    assert before["analysis"]["summary"]
    assert before["recording_url"]
    assert _where_said(kept)
    assert _erase(workspace, call_id) == 204
    shown = workspace.call(call_id)
    assert (shown["transcript"], shown["analysis"], shown["recording_url"]) == ([], None, None)
    assert shown["erased_at"]
    pump.settle(kept, workspace.id)
    assert _where_said(kept) == []
    assert [key for key in kept.objects if call_id in key] == []
    after = workspace.call(call_id)
    assert _bill(after) == _bill(before)
    assert _erase(workspace, call_id) == 204
    assert workspace.call(call_id) == after


def test_409_for_a_call_that_has_not_ended(workspace: Workspace, exchange: Exchange) -> None:
    call_id = workspace.placed()
    refused = workspace.client.request("DELETE", f"/v1/voice/calls/{call_id}")
    assert (refused.status, refused.error["reason"]) == (409, "call_not_ended")
    workspace.dial(call_id)
    exchange.talk(call_id)
    assert _erase(workspace, call_id) == 409
    exchange.finish(exchange.call(call_id))
    assert _erase(workspace, call_id) == 204


def test_what_comes_after_the_erasing_brings_nothing_back(
    kept: MemoryStack, workspace: Workspace, exchange: Exchange
) -> None:
    """The analysis and the recording of a call that was erased as soon as it had ended."""
    exchange.live.callees[CALLEE] = Callee(lines=(YES, SECRET))
    call_id = workspace.placed(workspace.agent(recording=True))
    workspace.dial(call_id)
    exchange.finish(exchange.call(call_id))
    assert _erase(workspace, call_id) == 204
    pump.settle(kept, workspace.id)
    call = workspace.call(call_id)
    assert (call["transcript"], call["analysis"], call["recording_url"]) == ([], None, None)
    assert _where_said(kept) == []
    assert kept.objects == {}
    assert exchange.live.recordings == {}


@pytest.mark.parametrize("days", [30, 90, 365])
@pytest.mark.slow
def test_200_shown_for_as_long_as_the_workspace_keeps_it(
    kept: MemoryStack,
    workspace: Workspace,
    exchange: Exchange,
    days: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if days != 365:
        settings = {"json": {"retention_days": days}, "headers": {"If-Match": "1"}}
        answer = workspace.client.request("PATCH", "/v1/workspace/settings", **settings)
        assert answer.json["retention_days"] == days
    call_id = _talked(workspace, kept, exchange, *(LONG,) * 40)
    ended = clock.parse(workspace.call(call_id)["ended_at"])
    assert all(f"/{days}-days/" in key for key in kept.objects)
    (row,) = [row for row in kept.rows("CoreTable") if row["pk"].endswith("#SAID")]
    assert row["ttl"] == int((ended + timedelta(days=days)).timestamp())
    item = items.find(workspace.partition, call_id)
    assert item is not None
    assert "canary" not in json.dumps(item, default=str)
    for before_s, is_shown in ((1, True), (0, False)):
        moment = ended + timedelta(days=days) - timedelta(seconds=before_s)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        call = workspace.call(call_id)
        assert bool(call["transcript"]) is bool(call["recording_url"]) is is_shown
        assert bool(call["analysis"]["summary"]) is is_shown
        assert call["analysis"]["outcome"] == "conversation"


# ---- who had seen the call before it was erased -------------------------------------------------


def _jobs_left(kept: MemoryStack) -> list[Item]:
    mine = ("#ERS", "#FLW", "#REC")
    return [row for row in kept.rows("CoreTable") if jobs.is_due(row) and row["pk"].endswith(mine)]


def _erased_for_good(kept: MemoryStack, workspace: Workspace, hand: Hand) -> None:
    pump.settle(kept, workspace.id)
    hand.move(180)
    pump.settle(kept, workspace.id)
    assert _where_said(kept) == []
    assert not _jobs_left(kept)


@pytest.mark.parametrize("is_killed", [False, True])
@pytest.mark.slow
def test_a_long_transcript_that_an_analysis_stores_after_the_erasing_is_not_left(
    kept: MemoryStack,
    workspace: Workspace,
    exchange: Exchange,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
    is_killed: bool,
) -> None:
    """Erased while the model sums it up, which is to store it anew: a turn crossed with the end."""
    exchange.live.callees[CALLEE] = Callee(lines=(YES, *(LONG,) * 40, SECRET))
    call_id = workspace.placed(workspace.agent(max_duration_s=3600))
    pump.settle(kept, workspace.id, jobs.CALL)
    item = items.find(workspace.partition, call_id)
    assert item is not None
    turn_log.hear(item, 290, SECRET)
    made, put = worker._made, media.put  # noqa: SLF001 -- in the midst of it
    stored: list[str] = []

    def erased_meanwhile(*args: Any, **how: Any) -> Any:
        monkeypatch.setattr(worker, "_made", made)
        found = made(*args, **how)
        assert _erase(workspace, call_id) == 204
        pump.settle(kept, workspace.id, jobs.ERASING)
        assert _where_said(kept) == []
        monkeypatch.setattr(media, "put", stores)
        return found

    def stores(key: str, *what: Any) -> None:
        put(key, *what)
        stored.append(key)
        if is_killed:
            monkeypatch.setattr(media, "put", put)
            die()

    monkeypatch.setattr(worker, "_made", erased_meanwhile)
    try:
        pump.settle(kept, workspace.id)
    except Killed:
        hand.move(3600)
        invoke("sweep_overdue", {})
    assert len(stored) == 1
    _erased_for_good(kept, workspace, hand)


def test_a_turn_that_is_thought_about_while_the_call_is_erased_is_not_left(
    kept: MemoryStack,
    workspace: Workspace,
    exchange: Exchange,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Canceled and erased within the eight seconds in which the model may think."""
    exchange.live.callees[CALLEE] = Callee(lines=(YES, SECRET))
    call_id = workspace.placed(workspace.agent(language="en"))
    workspace.dial(call_id)
    say = turn_log.say
    written: list[list[str]] = []

    def slow(item: Any, number: int, *args: Any, **options: Any) -> Any:
        if number == 2 and not written:
            assert workspace.client.post(f"/v1/voice/calls/{call_id}/cancel").status == 200
            assert _erase(workspace, call_id) == 204
            pump.settle(kept, workspace.id, jobs.ERASING)
            assert _where_said(kept) == []
            turn = say(item, number, SECRET, *args[1:], **options)
            written.append(_where_said(kept))
            return turn
        return say(item, number, *args, **options)

    monkeypatch.setattr(turn_log, "say", slow)
    exchange.finish(exchange.call(call_id))
    assert written[0] != []
    _erased_for_good(kept, workspace, hand)


def test_what_is_erased_twice_is_erased_by_few_messages(
    kept: MemoryStack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    call_id = _talked(workspace, kept, exchange)
    assert _erase(workspace, call_id) == 204
    told = 0
    for _ in range(10):
        pump.relay(kept, workspace.id)
        told += pump.work(kept, workspace.id, deliveries=2)
        hand.move(30)
    assert told == 2
    assert not _jobs_left(kept)


FORGETS = "forget_visits"


def test_no_function_runs_for_as_long_as_the_second_erasing_waits() -> None:
    # Of those that may have read a call: who forgets visits reads no other table.
    longest = max(wiring.timeout_ms(one.file) for one in functions() if one.file != FORGETS) / 1000
    assert longest < erasing.LONGEST_RUN.total_seconds()


# ---- outcome and mood ---------------------------------------------------------------------------


def test_nothing_of_outcome_and_mood_is_left(
    kept: MemoryStack, workspace: Workspace, exchange: Exchange
) -> None:
    """Nor in events, which were kept for a month, nor in replies."""
    call_id = _talked(workspace, kept, exchange)

    def left() -> list[str]:
        rows = [row for name in ("CoreTable", "IdemTable") for row in kept.rows(name)]
        return sorted(row.get("type", row["pk"]) for row in rows if "outcome" in str(row))

    other = _other_talk(workspace, kept)
    told = ["call.analyzed", "call.recording_ready"]
    assert [name for name in left() if name in told] == [*told[:1] * 2, *told[1:]]
    assert _erase(workspace, call_id) == 204
    pump.settle(kept, workspace.id)
    assert [name for name in left() if name in told] == told[:1]
    assert workspace.call(other)["analysis"]["outcome"] == "conversation"
    types = [row["type"] for row in kept.rows("CoreTable") if "sequence" in row]
    assert types.count("call.ended") == 2


def _other_talk(workspace: Workspace, kept: MemoryStack) -> str:
    """One that nobody erases."""
    call_id = workspace.placed(workspace.agent())
    pump.settle(kept, workspace.id)
    return call_id


def test_200_a_call_that_is_canceled_again_is_answered_without_its_analysis(
    kept: MemoryStack, workspace: Workspace, exchange: Exchange
) -> None:
    """The reply is kept for a day, and may be asked for once more."""
    exchange.live.callees[CALLEE] = Callee(lines=(YES, SECRET))
    call_id = workspace.placed(workspace.agent())
    workspace.dial(call_id)
    exchange.talk(call_id)
    path = f"/v1/voice/calls/{call_id}/cancel"
    assert workspace.client.post(path).status == 200
    pump.settle(kept, workspace.id)
    assert workspace.call(call_id)["analysis"] is not None
    again = workspace.client.post(path)
    assert (again.status, again.json["analysis"]) == (200, None)
