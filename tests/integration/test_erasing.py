"""What was said in a call goes when its time is over, or when it is asked to; the bill stays."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from linkwright import clock
from linkwright.table import Item
from linkwright.voice.calls import items
from tests import pump
from tests.carrier import Exchange
from tests.factories import CALLEE, Workspace
from tests.memory import MemoryStack, memory
from tests.stack import Stack, in_place_of
from tools.carrier.callees import Callee

SECRET = "my canary is called Tweety"
YES = "כן, בבקשה."
LONG = f"{SECRET} " + "x" * 3_000


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
