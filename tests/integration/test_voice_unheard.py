"""Calls of which the carrier tells nothing, or not all: asked after, and ended in the end."""

from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, jobs, sweeper
from linkwright.egress import Answer
from linkwright.providers import telephony
from tests import pump
from tests.carrier import Exchange, about, unreachable
from tests.client import invoke
from tests.clocks import Hand
from tests.factories import CALLEE, Workspace, another_number
from tests.stack import Stack
from tests.switchboard import Reply, Sent, deliver_to_functions
from tools.carrier.callees import Callee

LONGEST_S = 600
# After which a call is over, whatever anybody says.
GRACE_S = 300
# After which one of which nothing is heard is asked after.
UNHEARD_S = 120


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
    _after(stack, workspace, hand, UNHEARD_S - 1)
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
    _after(stack, workspace, hand, UNHEARD_S + 1)
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
    _after(stack, workspace, hand, UNHEARD_S + 1)
    assert workspace.end_of(call_id) == ("dialing", None)
    exchange.run_to(placed, "status", "ringing")
    _after(stack, workspace, hand, UNHEARD_S + 1)
    assert workspace.end_of(call_id) == ("ringing", None)
    exchange.run_to(placed, "status", "in-progress")
    _after(stack, workspace, hand, UNHEARD_S + 1)
    assert workspace.end_of(call_id) == ("in_progress", None)
    exchange.finish(placed)
    _after(stack, workspace, hand, UNHEARD_S - 1)
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
    _after(stack, workspace, hand, UNHEARD_S + 1)
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


def test_a_call_whose_end_is_lost_costs_two_minutes(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    """It held the agent's only place, and its minutes, until it must have been over."""
    exchange.deliver = lambda sent: (
        Reply(503, "", b"")
        if sent.fields.get("CallStatus") == "completed"
        else deliver_to_functions(sent)
    )
    agent = workspace.agent(concurrency=1, max_duration_s=3600)
    first = str(workspace.place(agent).json["id"])
    workspace.dial(first)
    second = str(workspace.place(agent, to=another_number()).json["id"])
    exchange.finish(exchange.call(first))
    _after(stack, workspace, hand, UNHEARD_S - 1)
    assert workspace.end_of(first) == ("in_progress", None)
    assert exchange.calls(second) == []
    _after(stack, workspace, hand, 2)
    assert workspace.end_of(first) == ("completed", "agent_ended")
    pump.settle(stack, workspace.id)
    assert len(exchange.calls(second)) == 1


def test_a_lost_end_costs_no_more_where_many_calls_are_due_since_before(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those for nine o'clock are as many rows of the kind of which a look at it is."""
    monkeypatch.setattr(jobs, "DUE_SHARDS", 1)
    monkeypatch.setattr(sweeper, "QUOTA", 5)
    exchange.deliver = _only("ringing", "answer")
    call_id = _dialled(workspace)
    exchange.finish(exchange.call(call_id))
    agent = workspace.agent()
    at = clock.timestamp(clock.now() + timedelta(seconds=60))
    for _ in range(4 * sweeper.QUOTA):
        workspace.placed(agent, to=another_number(), schedule={"earliest_at": at})
    _after(stack, workspace, hand, UNHEARD_S + 1)
    assert workspace.end_of(call_id)[0] == "completed"


def test_a_call_that_is_heard_of_is_asked_after_by_nobody(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    """A turn writes nothing for that: whoever looks sees when the last one was."""
    exchange.live.callees[CALLEE] = Callee(lines=("word " * 300,) * 20)
    call_id = _dialled(workspace)
    placed = exchange.talk(call_id)
    exchange.placing = lambda _: pytest.fail("dialled again")
    asked = _asked(exchange, placed.sid)
    for _ in range(4):
        _after(stack, workspace, hand, UNHEARD_S - 20)
        exchange.run_to(placed, "turn")
        exchange.advance(placed)
        _after(stack, workspace, hand, 10)
    assert asked == []
    # Then nothing is heard any more: once in two minutes, and nobody is hung up.
    for _ in range(2):
        _after(stack, workspace, hand, UNHEARD_S)
    assert asked == ["GET"] * 2
    assert workspace.end_of(call_id) == ("in_progress", None)
    assert not placed.hung_up
    exchange.finish(placed)
    assert workspace.end_of(call_id)[0] == "completed"


def _asked(exchange: Exchange, sid: str) -> list[str]:
    """How the carrier is asked about a call from now on."""
    asked: list[str] = []
    fetch = exchange.live.fetch

    def note(url: str, **options: Any) -> Answer:
        if sid in url:
            asked.append(options["method"])
        return fetch(url, **options)

    exchange.live.fetch = note  # type: ignore[method-assign]
    return asked


def test_a_call_that_is_not_found_at_first_is_asked_after_again(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    """One 404 ended it once, and hung up on whoever talked."""
    call_id = _dialled(workspace)
    placed = exchange.talk(call_id)
    calls = exchange.live.account._calls
    _after(stack, workspace, hand, UNHEARD_S - 10)
    hidden = calls.pop(placed.sid)
    _after(stack, workspace, hand, UNHEARD_S)
    assert workspace.end_of(call_id) == ("in_progress", None)
    calls[placed.sid] = hidden
    exchange.finish(placed)
    assert workspace.end_of(call_id) == ("completed", "agent_ended")


def test_a_call_that_the_carrier_has_forgotten_is_given_up_once_it_must_be_over(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    call_id = _dialled(workspace)
    hidden = dict(exchange.live.account._calls)
    exchange.live.account._calls.clear()
    for _ in range(7):
        _after(stack, workspace, hand, UNHEARD_S + 1)
        assert workspace.end_of(call_id) == ("dialing", None)
    _after(stack, workspace, hand, LONGEST_S + GRACE_S + 2 - 7 * (UNHEARD_S + 1))
    assert workspace.end_of(call_id) == ("failed", "provider_timeout")
    # Its hang-up is not taken for done, either.
    exchange.live.account._calls.update(hidden)
    pump.settle(stack, workspace.id)
    assert exchange.call(call_id).ended_by == "api"


def test_a_call_waits_for_an_account_that_is_taken_away_for_a_while(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    call_id = _dialled(workspace)
    placed = exchange.talk(call_id)
    with monkeypatch.context() as patch:
        patch.setattr(telephony, "carrier", _no_account)
        _after(stack, workspace, hand, UNHEARD_S + 1)
    assert workspace.end_of(call_id) == ("in_progress", None)
    exchange.finish(placed)
    assert workspace.end_of(call_id) == ("completed", "agent_ended")


@pytest.mark.parametrize(
    ("late_s", "end"),
    [(1500, ("completed", "agent_ended")), (1900, ("failed", "provider_timeout"))],
)
def test_a_carrier_that_does_not_answer_is_asked_for_half_an_hour_more(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
    late_s: int,
    end: tuple[str, str],
) -> None:
    call_id = _dialled(workspace)
    placed = exchange.talk(call_id)
    exchange.deliver = _only("turn")
    exchange.finish(placed)
    with monkeypatch.context() as patch:
        patch.setattr(exchange.live, "fetch", unreachable)
        for _ in range(10):
            _after(stack, workspace, hand, (LONGEST_S + GRACE_S + late_s) / 10)
    _after(stack, workspace, hand, UNHEARD_S + 1)
    assert workspace.end_of(call_id) == end


def _no_account(_: str) -> None:
    raise telephony.CarrierNotConfigured


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
