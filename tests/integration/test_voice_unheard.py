"""Calls of which the carrier tells nothing, or not all: asked after, and ended in the end."""

from typing import Any

import pytest

from tests import pump
from tests.carrier import Exchange, about
from tests.client import invoke
from tests.clocks import Hand
from tests.factories import CALLEE, Workspace
from tests.stack import Stack
from tests.switchboard import Reply, Sent, deliver_to_functions
from tools.carrier.callees import Callee

LONGEST_S = 600
# After which a call is over, whatever anybody says.
GRACE_S = 300


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return Hand(monkeypatch)


def _dialled(workspace: Workspace, **body: Any) -> str:
    agent = workspace.agent(max_duration_s=LONGEST_S)
    call_id = str(workspace.place(agent, **body).json["id"])
    workspace.dial(call_id)
    return call_id


def _after(stack: Stack, workspace: Workspace, hand: Hand, seconds: float) -> None:
    hand.move(seconds)
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)


def _only(*kinds: str) -> Any:
    """Deliver these requests; nobody answers the others."""

    def deliver(sent: Sent) -> Reply | None:
        return deliver_to_functions(sent) if about(sent) in kinds else None

    return deliver


@pytest.mark.parametrize(
    ("last_digit", "end"),
    [
        (1, ("busy", "busy")),
        (2, ("no_answer", "no_answer")),
        (4, ("failed", "carrier_failed")),
    ],
)
def test_a_call_that_nobody_took_ends_though_nothing_is_told(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    hand: Hand,
    last_digit: int,
    end: tuple[str, str],
) -> None:
    exchange.deliver = _only()
    call_id = _dialled(workspace, to=f"+1500555000{last_digit}")
    exchange.carry_on()
    _after(stack, workspace, hand, 89)
    assert workspace.end_of(call_id) == ("dialing", None)
    _after(stack, workspace, hand, 2)
    assert workspace.end_of(call_id) == end
    assert pump.minutes(workspace.id) == (0, 0)
    assert pump.dials(call_id) == [1]


@pytest.mark.parametrize(
    ("to", "end"),
    [(CALLEE, ("completed", "callee_hung_up")), ("+15005550003", ("voicemail", "voicemail"))],
)
def test_a_call_that_is_over_ends_though_nothing_is_told(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    hand: Hand,
    to: str,
    end: tuple[str, str],
) -> None:
    """Nobody gave the carrier anything to say, either."""
    exchange.deliver = _only()
    call_id = _dialled(workspace, to=to)
    exchange.carry_on()
    placed = exchange.call(call_id)
    assert placed.status == "completed"
    _after(stack, workspace, hand, 91)
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"]) == end
    assert (call["duration_s"], call["transcript"]) == (placed.duration_s, [])
    assert pump.minutes(workspace.id) == (1, 1)


def test_a_call_is_followed_by_asking_where_nothing_is_told(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    exchange.deliver = _only()
    call_id = _dialled(workspace)
    placed = exchange.call(call_id)
    _after(stack, workspace, hand, 91)
    assert workspace.end_of(call_id) == ("dialing", None)
    exchange.run_to(placed, "status", "ringing")
    _after(stack, workspace, hand, 61)
    assert workspace.end_of(call_id) == ("ringing", None)
    exchange.run_to(placed, "status", "in-progress")
    _after(stack, workspace, hand, 61)
    assert workspace.end_of(call_id) == ("in_progress", None)
    exchange.finish(placed)
    # It was answered: it is let alone until it must be over.
    _after(stack, workspace, hand, LONGEST_S + GRACE_S - 1)
    assert workspace.end_of(call_id) == ("in_progress", None)
    _after(stack, workspace, hand, 2)
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"]) == ("completed", "callee_hung_up")
    assert call["duration_s"] == placed.duration_s
    assert pump.minutes(workspace.id) == (1, 1)


def test_a_talk_is_shown_whole_though_its_status_is_never_told(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    exchange.deliver = _only("answer", "turn")
    call_id = _dialled(workspace)
    exchange.carry_on()
    assert workspace.end_of(call_id) == ("in_progress", None)
    _after(stack, workspace, hand, LONGEST_S + GRACE_S + 1)
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"]) == ("completed", "agent_ended")
    said = [turn.text for turn in exchange.call(call_id).turns]
    assert [turn["text"] for turn in call["transcript"]] == said
    assert len(said) == 13
    assert call["duration_s"] == exchange.call(call_id).duration_s
    assert pump.minutes(workspace.id) == (1, 1)


@pytest.mark.parametrize("last", ["answer", "turn"])
def test_a_call_that_never_ends_is_given_up_and_hung_up(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand, last: str
) -> None:
    call_id = _dialled(workspace)
    placed = exchange.call(call_id)
    exchange.run_to(placed, last)
    for _ in range(14):
        _after(stack, workspace, hand, 61)
        assert workspace.end_of(call_id) == ("in_progress", None)
    assert not placed.hung_up
    _after(stack, workspace, hand, LONGEST_S + GRACE_S + 1 - 14 * 61)
    assert workspace.end_of(call_id) == ("failed", "provider_timeout")
    assert pump.minutes(workspace.id) == (0, 0)
    pump.settle(stack, workspace.id)
    assert placed.ended_by == "api"
    # What it tells of its end is too late.
    assert workspace.end_of(call_id) == ("failed", "provider_timeout")
    assert pump.minutes(workspace.id) == (0, 0)


@pytest.mark.parametrize("status", ["queued", "ringing"])
def test_a_call_that_is_never_answered_nor_over_is_given_up_and_hung_up(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand, status: str
) -> None:
    exchange.deliver = _only()
    call_id = _dialled(workspace)
    placed = exchange.call(call_id)
    if status == "ringing":
        exchange.run_to(placed, "status", "ringing")
    for _ in range(14):
        _after(stack, workspace, hand, 61)
        assert workspace.call(call_id)["ended_at"] is None
    _after(stack, workspace, hand, LONGEST_S + GRACE_S + 61 - 14 * 61)
    assert workspace.end_of(call_id) == ("failed", "provider_timeout")
    pump.settle(stack, workspace.id)
    assert placed.ended_by == "api"
    assert placed.turns == []


def test_a_call_that_the_carrier_has_forgotten_is_given_up(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    call_id = _dialled(workspace)
    exchange.live.account._calls.clear()
    _after(stack, workspace, hand, 91)
    assert workspace.end_of(call_id) == ("failed", "provider_timeout")
    pump.settle(stack, workspace.id)
    waiting = [item for item in stack.rows("CoreTable", workspace.id) if "gsi2pk" in item]
    assert [item.get("outbox") for item in waiting] == []


def test_who_talks_as_long_as_the_agent_allows_ends_by_that(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    exchange.live.callees[CALLEE] = Callee(lines=("word " * 700,) * 20)
    call_id = _dialled(workspace)
    exchange.carry_on()
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"]) == ("completed", "max_duration")
    assert call["duration_s"] == LONGEST_S
    assert exchange.call(call_id).ended_by == "time_limit"
    assert pump.minutes(workspace.id) == (10, 10)
