"""One dial for each attempt, whatever gets lost between the worker and the carrier."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, ids, ownership, settings, table, vault
from linkwright.egress import Answer
from linkwright.providers import telephony
from linkwright.providers.telephony import Dial
from linkwright.table import Item, Key, Table, get
from linkwright.voice.calls import items, lifecycle
from linkwright.voice.calls.items import Superseded
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status
from linkwright.voice.dialling import claims, dialler, inquiry
from tests import carrier, pump
from tests.carrier import Exchange, Killed, die, lose, then_die, unanswered, unreachable
from tests.client import invoke
from tests.clocks import Hand
from tests.factories import CALLEE, Workspace, another_number, make_workspace
from tests.integration.logs import logged
from tests.integration.test_concurrency import at_once
from tests.stack import Stack
from tests.switchboard import Reply, Sent, deliver_to_functions
from tools import numbers
from tools.carrier.callees import BUSY
from tools.registry import InUse

Placing = Callable[[Callable[[], Answer]], Answer]

COMPLETED = ("completed", "agent_ended")
GIVEN_UP = ("failed", "provider_timeout")
NEVER_S = timedelta(days=1).total_seconds()


def _dialled(workspace: Workspace, **body: Any) -> str:
    call_id = workspace.placed(**body)
    workspace.dial(call_id)
    return call_id


def _sweep(stack: Stack, workspace: Workspace) -> None:
    invoke("sweep_overdue", {})
    pump.work(stack, workspace.id)


def _status(workspace: Workspace, call_id: str) -> str:
    return workspace.end_of(call_id)[0]


def _sid(workspace: Workspace, call_id: str) -> str:
    return str((items.find(workspace.partition, call_id) or {})["sid"])


def _on_the_phone(workspace: Workspace) -> set[str]:
    item = get(Table.CORE, Key(f"W#{workspace.partition}#LINE", "all")) or {}
    return set(item.get("active", ()))


def _events(stack: Stack, workspace: Workspace, call_id: str) -> list[str]:
    found = stack.rows("CoreTable", workspace.id)
    return [one["type"] for one in found if "sequence" in one and one["object"]["id"] == call_id]


def _cancel(workspace: Workspace, call_id: str) -> None:
    canceled = workspace.client.post(f"/v1/voice/calls/{call_id}/cancel")
    assert (canceled.status, canceled.json["status"]) == (200, "canceled")


# The answer is lost.


def test_a_call_whose_answer_was_lost_is_adopted(workspace: Workspace, exchange: Exchange) -> None:
    exchange.placing = lose
    call_id = _dialled(workspace)
    assert _sid(workspace, call_id) == exchange.call(call_id).sid
    exchange.carry_on()
    assert workspace.end_of(call_id) == COMPLETED
    assert exchange.orders == 1
    assert pump.minutes(workspace.id) == (1, 1)


def test_a_call_that_is_listed_late_is_adopted_then(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    exchange.placing = lose
    exchange.live.account.listed_after_s = 50
    call_id = _dialled(workspace)
    for _ in range(2):
        assert (_status(workspace, call_id), _sid(workspace, call_id)) == ("dialing", "")
        hand.move(31)
        _sweep(stack, workspace)
    assert _sid(workspace, call_id) == exchange.call(call_id).sid
    exchange.carry_on()
    assert workspace.end_of(call_id) == COMPLETED
    assert exchange.orders == 1


def test_a_call_that_is_never_listed_is_bound_by_its_own_first_callback(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    exchange.placing = lose
    exchange.live.account.listed_after_s = NEVER_S
    call_id = _dialled(workspace)
    assert _sid(workspace, call_id) == ""
    placed = exchange.ring(call_id)
    assert (_status(workspace, call_id), _sid(workspace, call_id)) == ("ringing", placed.sid)
    # Long after it would have been given up.
    hand.move(95)
    _sweep(stack, workspace)
    exchange.carry_on()
    assert workspace.end_of(call_id) == COMPLETED
    assert exchange.orders == 1


def test_a_call_is_found_when_the_carrier_answers_again(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not given up while nobody can know."""
    exchange.placing = lose
    fetch = exchange.live.fetch

    def only_orders(url: str, **options: Any) -> Answer:
        return fetch(url, **options) if options["method"] == "POST" else unreachable()

    with monkeypatch.context() as patch:
        patch.setattr(exchange.live, "fetch", only_orders)
        call_id = _dialled(workspace)
        for _ in range(5):
            hand.move(61)
            _sweep(stack, workspace)
            assert (_status(workspace, call_id), _sid(workspace, call_id)) == ("dialing", "")
    hand.move(61)
    _sweep(stack, workspace)
    assert _sid(workspace, call_id) == exchange.call(call_id).sid
    exchange.carry_on()
    assert workspace.end_of(call_id) == COMPLETED
    assert exchange.orders == 1


@pytest.mark.parametrize("answer_s", [0, 10, 29])
def test_a_call_that_was_never_taken_is_looked_for_a_minute_and_then_given_up(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand, answer_s: int
) -> None:
    """It is looked for once its answer is lost, and each half minute from then on."""

    def wait(place: Callable[[], Answer]) -> Answer:
        hand.move(answer_s)
        return unanswered(place)

    exchange.placing = wait
    call_id = _dialled(workspace)
    for _ in range(30, 60 - answer_s, 30):
        hand.move(30)
        workspace.dial(call_id)
        _sweep(stack, workspace)
        assert _status(workspace, call_id) == "dialing"
        assert _on_the_phone(workspace) == {call_id}
    hand.move(30)
    _sweep(stack, workspace)
    assert workspace.end_of(call_id) == GIVEN_UP
    assert _on_the_phone(workspace) == set()
    assert pump.minutes(workspace.id) == (0, 0)
    for _ in range(3):
        hand.move(600)
        workspace.dial(call_id)
        _sweep(stack, workspace)
    assert workspace.end_of(call_id) == GIVEN_UP
    assert (exchange.orders, exchange.calls()) == (1, [])


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, {}, b"", ""),
        Answer(503, {}, b"<html>", ""),
        Answer(408, {}, b"", ""),
        Answer(201, {}, b"{}", ""),
        Answer(201, {}, b'{"sid": "CA0", "status": "queued"}', ""),
    ],
    ids=lambda answer: f"{answer.status} {len(answer.body)}",
)
def test_an_answer_that_says_nothing_certain_is_none(
    workspace: Workspace, exchange: Exchange, answer: Answer
) -> None:
    def place(place: Callable[[], Answer]) -> Answer:
        place()
        return answer

    exchange.placing = place
    call_id = _dialled(workspace)
    assert _sid(workspace, call_id) == exchange.call(call_id).sid
    exchange.carry_on()
    assert workspace.end_of(call_id) == COMPLETED
    assert exchange.orders == 1


# The worker is killed.


@pytest.mark.parametrize("found_by", ["look-up", "callback"])
@pytest.mark.parametrize("killed", ["before the answer", "before it is written down"])
def test_a_call_whose_worker_was_killed_is_found(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
    killed: str,
    found_by: str,
) -> None:
    call_id = workspace.placed()
    with monkeypatch.context() as patch:
        if killed == "before the answer":
            patch.setattr(exchange, "placing", then_die)
        else:
            patch.setattr(inquiry, "bind", die)
        with pytest.raises(Killed):
            workspace.dial(call_id)
    placed = exchange.call(call_id)
    for _ in range(5):  # the lease still runs
        workspace.dial(call_id)
    assert _sid(workspace, call_id) == ""
    if found_by == "callback":
        exchange.ring(call_id)
        assert (_status(workspace, call_id), _sid(workspace, call_id)) == ("ringing", placed.sid)
    hand.move(66)
    _sweep(stack, workspace)
    assert _sid(workspace, call_id) == placed.sid
    exchange.carry_on()
    assert workspace.end_of(call_id) == COMPLETED
    assert exchange.orders == 1
    assert pump.minutes(workspace.id) == (1, 1)


def test_who_comes_back_after_its_lease_does_not_dial(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A worker sleeps between its claim and its order; another one goes on with the call."""
    call_id = workspace.placed()
    order = claims.order

    def sleep_first(item: Item) -> Item:
        monkeypatch.setattr(claims, "order", order)
        hand.move(66)
        workspace.dial(call_id)
        assert pump.dials(call_id) == [1]
        return order(item)

    monkeypatch.setattr(claims, "order", sleep_first)
    workspace.dial(call_id)
    assert exchange.orders == 1
    exchange.carry_on()
    call = workspace.call(call_id)
    assert (call["status"], call["attempt"], len(call["attempts"])) == ("completed", 1, 1)


def test_who_orders_a_call_that_was_given_up_meanwhile_has_it_hung_up(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    """A worker sleeps between its order and the carrier, for longer than the call is looked for."""

    def sleep_first(place: Callable[[], Answer]) -> Answer:
        hand.move(66)
        _sweep(stack, workspace)
        assert workspace.end_of(call_id) == GIVEN_UP
        return place()

    call_id = workspace.placed()
    exchange.placing = sleep_first
    workspace.dial(call_id)
    placed = exchange.call(call_id)
    pump.settle(stack, workspace.id)
    assert (placed.ended_by, placed.turns) == ("api", [])
    assert workspace.end_of(call_id) == GIVEN_UP
    assert exchange.orders == 1


# Calls of two workspaces to one number: they call by one account, and may call by one number.


@pytest.fixture
def both(workspace: Workspace, other_workspace: Workspace) -> tuple[Workspace, Workspace]:
    return workspace, other_workspace


Both = tuple[Workspace, Workspace]
Placed = list[tuple[Workspace, str]]


def test_two_calls_to_one_number_that_are_listed_at_once_get_their_own(
    both: Both, exchange: Exchange
) -> None:
    exchange.placing = lose
    calls = [(one, _dialled(one)) for one in both]
    for one, call_id in calls:
        assert _sid(one, call_id) == exchange.call(call_id).sid
    exchange.carry_on()
    assert [one.end_of(call_id) for one, call_id in calls] == [COMPLETED] * 2
    assert exchange.orders == 2


def _both_lost(both: Both, exchange: Exchange) -> Placed:
    """Two calls to one number, neither of which the carrier has listed yet."""
    exchange.placing = lose
    exchange.live.account.listed_after_s = 20
    calls = [(one, _dialled(one)) for one in both]
    assert [_sid(one, call_id) for one, call_id in calls] == ["", ""]
    return calls


def _sweep_both(stack: Stack, both: Both) -> None:
    invoke("sweep_overdue", {})
    for one in both:
        pump.work(stack, one.id)


def _settle_both(stack: Stack, both: Both) -> None:
    for one in both:
        # The jobs of both before the calls of either go on.
        pump.relay(stack, one.id)
        pump.work(stack, one.id)
    for one in both:
        pump.settle(stack, one.id)


def test_of_two_that_may_be_either_none_is_adopted(
    stack: Stack, both: Both, exchange: Exchange, hand: Hand
) -> None:
    calls = _both_lost(both, exchange)
    hand.move(31)
    _sweep_both(stack, both)
    for one, call_id in calls:
        assert one.end_of(call_id) == GIVEN_UP
        assert pump.minutes(one.id) == (0, 0)
        assert _on_the_phone(one) == set()
    # What they tell from now on is of calls that we have given up.
    for _, call_id in calls:
        exchange.ring(call_id)
    _settle_both(stack, both)
    for _, call_id in calls:
        placed = exchange.call(call_id)
        assert (placed.ended_by, placed.turns) == ("api", [])
    assert exchange.orders == 2


def test_two_that_may_be_either_are_told_apart_by_their_callbacks(
    stack: Stack, both: Both, exchange: Exchange, hand: Hand
) -> None:
    calls = _both_lost(both, exchange)
    for one, call_id in calls:
        assert exchange.ring(call_id).sid == _sid(one, call_id)
    hand.move(31)
    _sweep_both(stack, both)
    _settle_both(stack, both)
    assert [one.end_of(call_id) for one, call_id in calls] == [COMPLETED] * 2
    assert exchange.orders == 2


def test_the_one_that_is_left_is_adopted(
    stack: Stack, both: Both, exchange: Exchange, hand: Hand
) -> None:
    """The callback of one of them says which one the other is."""
    calls = _both_lost(both, exchange)
    exchange.ring(calls[1][1])
    hand.move(31)
    _sweep_both(stack, both)
    for one, call_id in calls:
        assert _sid(one, call_id) == exchange.call(call_id).sid
    _settle_both(stack, both)
    assert [one.end_of(call_id) for one, call_id in calls] == [COMPLETED] * 2


@pytest.mark.parametrize("first_word", ["callback", "look-up"])
def test_nothing_is_said_in_the_name_of_another_call(
    stack: Stack, both: Both, exchange: Exchange, hand: Hand, first_word: str
) -> None:
    """Of two whose answers are lost, the carrier took one: what its callbacks say beats a guess."""
    workspace, other = both
    exchange.live.account.listed_after_s = 20
    exchange.placing = unanswered
    never_taken = _dialled(workspace)
    exchange.placing = lose
    taken = _dialled(other)
    if first_word == "callback":
        exchange.ring(taken)
    hand.move(31)
    workspace.dial(never_taken)
    exchange.carry_on()
    for _ in range(8):
        hand.move(61)
        _sweep_both(stack, both)
    assert pump.dialled() == [taken]
    assert workspace.call(never_taken)["transcript"] == []
    assert len(exchange.call(taken).turns) == 13
    assert other.end_of(taken) == COMPLETED
    assert workspace.end_of(never_taken) == GIVEN_UP
    assert _on_the_phone(workspace) == _on_the_phone(other) == set()


def test_a_wrong_guess_whose_call_was_dialled_again_since_is_given_up(
    stack: Stack, both: Both, exchange: Exchange, hand: Hand
) -> None:
    """The attempt that had guessed is over: whoever the carrier names has its call all the same."""
    workspace, other = both
    exchange.live.account.listed_after_s = 20
    exchange.live.callees[CALLEE] = BUSY
    exchange.placing = unanswered
    never_taken = _dialled(workspace, retry={"max": 1, "backoff": 3600, "on": ["busy"]})
    exchange.placing = lose
    taken = _dialled(other)
    told: list[Sent] = []

    def hold(sent: Sent) -> None:
        told.append(sent)

    exchange.deliver = hold
    hand.move(31)
    workspace.dial(never_taken)
    assert _sid(workspace, never_taken) == exchange.call(taken).sid
    exchange.finish(exchange.call(taken))
    hand.move(121)
    workspace.dial(never_taken)
    assert _status(workspace, never_taken) == "scheduled"
    assert _status(other, taken) == "dialing"
    deliver_to_functions(told[-1])
    assert other.end_of(taken) == ("busy", "busy")
    assert _status(workspace, never_taken) == "scheduled"


def test_calls_of_two_workspaces_to_one_number_are_not_mixed_up_either(
    both: Both, exchange: Exchange, hand: Hand
) -> None:
    calls = _both_lost(both, exchange)
    # One of them says whose it is.
    exchange.ring(calls[1][1])
    hand.move(66)
    for one, call_id in calls:
        one.dial(call_id)
        assert _sid(one, call_id) == exchange.call(call_id).sid
    exchange.carry_on()
    assert [one.end_of(call_id) for one, call_id in calls] == [COMPLETED] * 2


@pytest.mark.parametrize(("to", "earlier_s"), [(CALLEE, 31), ("+972541234568", 0)])
def test_a_call_that_cannot_be_it_is_not_adopted(
    workspace: Workspace, exchange: Exchange, hand: Hand, to: str, earlier_s: float
) -> None:
    """Others may call by the account: a call from before the order, or to somebody else."""
    stranger = Dial(workspace.partition, ids.new("call"), 1, to, from_=None, time_limit_s=600)
    telephony.carrier(workspace.partition).place(stranger)
    hand.move(earlier_s)
    exchange.placing = unanswered
    call_id = _dialled(workspace)
    hand.move(66)
    workspace.dial(call_id)
    assert workspace.end_of(call_id) == GIVEN_UP
    assert not exchange.calls()[0].hung_up


# What the carrier says to an order.


def _refusal(
    status: int, code: int | None = None, headers: dict[str, str] | None = None
) -> Placing:
    """As Twilio words it: the number is in the text."""
    body = {"code": code, "message": f"{CALLEE} is not to be called", "status": status}
    answer = Answer(status, headers or {}, json.dumps(body).encode(), "")
    return lambda _: answer


@pytest.mark.parametrize(
    ("status", "code", "reason", "detail"),
    [
        (400, 21211, "carrier_failed", "The number is not valid. (error 21211)"),
        (400, 13227, "carrier_failed", "The carrier may not call this country. (error 13227)"),
        (400, 21202, "carrier_failed", "The carrier does not call premium numbers. (error 21202)"),
        (400, 99999, "carrier_failed", "The carrier refused the call. (error 99999)"),
        (404, None, "carrier_failed", "The carrier refused the call."),
        (
            400,
            21212,
            "carrier_not_configured",
            "The calling number is not one of ours. (error 21212)",
        ),
    ],
)
def test_failed_with_what_the_carrier_says_and_no_number(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    status: int,
    code: int | None,
    reason: str,
    detail: str,
) -> None:
    exchange.placing = _refusal(status, code)
    call_id = _dialled(workspace)
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"]) == ("failed", reason)
    assert call["ended_detail"] == detail
    assert CALLEE[1:] not in detail
    assert [(one["attempt"], one["status"]) for one in call["attempts"]] == [(1, "failed")]
    assert pump.minutes(workspace.id) == (0, 0)
    assert _on_the_phone(workspace) == set()
    workspace.dial(call_id)
    pump.settle(stack, workspace.id)
    assert exchange.orders == 1


@pytest.mark.parametrize(
    ("placing", "seconds"),
    [
        (_refusal(429, 20429, {"retry-after": "17"}), 17),
        (_refusal(429, 20429), 60),
        (_refusal(429, 20429, {"retry-after": "soon"}), 60),
        (_refusal(429, 20429, {"retry-after": "0"}), 60),
        (_refusal(429, 20429, {"retry-after": "99999"}), 3600),
        (unreachable, 60),
    ],
    ids=["after 17", "429", "soon", "at once", "long after", "unreachable"],
)
def test_what_the_carrier_does_not_take_now_waits_and_is_dialled_once(
    stack: Stack,
    workspace: Workspace,
    exchange: Exchange,
    hand: Hand,
    placing: Placing,
    seconds: int,
) -> None:
    took, exchange.placing = exchange.placing, placing
    call_id = _dialled(workspace)
    exchange.placing = took
    call = workspace.call(call_id)
    assert (call["status"], call["attempt"], call["attempts"]) == ("queued", 0, [])
    assert pump.minutes(workspace.id) == (1, 0)
    assert _on_the_phone(workspace) == set()
    hand.move(seconds - 1)
    workspace.dial(call_id)
    _sweep(stack, workspace)
    assert (_status(workspace, call_id), exchange.orders) == ("queued", 1)
    hand.move(1)
    _sweep(stack, workspace)
    workspace.dial(call_id)
    assert (_status(workspace, call_id), exchange.orders) == ("dialing", 2)
    pump.settle(stack, workspace.id)
    call = workspace.call(call_id)
    assert (call["status"], call["attempt"], len(call["attempts"])) == ("completed", 1, 1)
    assert pump.dials(call_id) == [1]


@pytest.mark.parametrize(
    ("placing", "name"),
    [
        (unreachable, "carrier_unreachable"),
        (unanswered, "carrier_unreachable"),
        (_refusal(429, 20429), "carrier_busy"),
    ],
)
def test_a_carrier_that_takes_no_call_is_counted(
    workspace: Workspace,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    placing: Placing,
    name: str,
) -> None:
    """An alarm watches whether it can be reached: else calls would wait without a word."""
    counted: list[str] = []
    monkeypatch.setattr(dialler, "count", counted.append)
    exchange.placing = placing
    _dialled(workspace)
    assert counted == [name]


def test_canceled_where_its_window_closes_while_the_carrier_takes_none(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    exchange.placing = unreachable
    latest = clock.timestamp(clock.now() + timedelta(seconds=90))
    call_id = _dialled(workspace, schedule={"latest_at": latest})
    for _ in range(2):
        hand.move(61)
        _sweep(stack, workspace)
    assert workspace.end_of(call_id) == ("canceled", "window_missed")
    assert (exchange.orders, exchange.calls()) == (2, [])
    assert pump.minutes(workspace.id) == (0, 0)


def test_canceled_a_week_after_it_was_due_at_first_however_often_it_was_tried(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    exchange.placing = unreachable
    call_id = _dialled(workspace)
    for days in (4, 2):
        hand.move(days * 24 * 3600)
        _sweep(stack, workspace)
        assert _status(workspace, call_id) == "queued"
    hand.move(24 * 3600)
    _sweep(stack, workspace)
    assert workspace.end_of(call_id) == ("canceled", "window_missed")


def test_one_call_that_waits_holds_no_other_up(
    workspace: Workspace, exchange: Exchange, hand: Hand
) -> None:
    took, exchange.placing = exchange.placing, _refusal(429, 20429, {"retry-after": "600"})
    first = _dialled(workspace)
    exchange.placing = took
    hand.move(1)
    second = _dialled(workspace)
    assert (_status(workspace, first), _status(workspace, second)) == ("queued", "dialing")
    assert pump.dialled() == [second]


def test_a_take_over_whose_reply_is_lost_brings_no_ended_call_back(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client sends it again, and meanwhile the call has ended."""
    call_id = _dialled(workspace)
    left = items.find(workspace.partition, call_id)
    assert left is not None
    client = table.driver()

    class Lossy:
        def sync_update_item(self, *request: Any, **options: Any) -> Any:
            client.sync_update_item(*request, **options)
            monkeypatch.setattr(table, "driver", lambda: client)
            taken = items.find(workspace.partition, call_id)
            assert taken is not None
            lifecycle.advance(taken, Report(Status.BUSY, ended_reason=EndedReason.BUSY))
            return client.sync_update_item(*request, **options)

    monkeypatch.setattr(table, "driver", lambda: Lossy())
    with pytest.raises(Superseded):
        claims.take_over(left, clock.now() + timedelta(seconds=60))
    after = items.find(workspace.partition, call_id)
    assert after is not None
    assert (after["view"]["status"], after["v"]) == ("busy", left["v"] + 2)
    assert not {"gsi2pk", "gsi2sk", "next_at"} & set(after)


# Messages and callbacks that come again.


def _five_times(sent: Sent) -> Reply:
    """Whoever asks again gets the same answer."""
    replies = [deliver_to_functions(sent) for _ in range(5)]
    assert len({(reply.status, reply.body) for reply in replies}) == 1
    return replies[0]


def test_one_of_each_for_five_deliveries_of_everything(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    agent = workspace.agent(recording=True, concurrency=1)
    calls = [workspace.place(agent).json["id"] for _ in range(2)]
    exchange.deliver = _five_times
    while True:
        pump.relay(stack, workspace.id)
        pump.relay(stack, workspace.id)
        worked = pump.work(stack, workspace.id, deliveries=5)
        if not exchange.carry_on() and all(_status(workspace, one) == "completed" for one in calls):
            break
        assert worked
    assert pump.dialled() == calls
    assert pump.minutes(workspace.id) == (2, 2)
    for call_id in calls:
        call = workspace.call(call_id)
        assert (call["attempt"], len(call["transcript"])) == (1, 13)
        assert sorted(_events(stack, workspace, call_id)) == [
            "call.analyzed",
            "call.answered",
            "call.ended",
            "call.queued",
            "call.recording_ready",
            "call.ringing",
        ]


@pytest.mark.parametrize("answer", ["comes", "is lost"])
def test_one_dial_for_five_deliveries_at_once(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand, answer: str
) -> None:
    if answer == "is lost":
        exchange.placing = lose
        exchange.live.account.listed_after_s = 20
    agent = workspace.agent()
    calls = [workspace.place(agent, to=f"+97254123450{n}").json["id"] for n in range(3)]

    def deliver_all() -> None:
        at_once(15, lambda n: workspace.dial(calls[n % 3]))

    for _ in range(4):
        deliver_all()
        assert sorted(pump.dialled()) == sorted(calls)
        assert {_status(workspace, call_id) for call_id in calls} == {"dialing"}
        hand.move(31)
    for call_id in calls:
        assert _sid(workspace, call_id) == exchange.call(call_id).sid
    exchange.carry_on()
    deliver_all()
    assert [workspace.end_of(call_id) for call_id in calls] == [COMPLETED] * 3
    assert pump.minutes(workspace.id) == (3, 3)
    assert exchange.orders == 3


# Canceled meanwhile.


def test_a_call_canceled_before_its_order_is_never_dialled(
    stack: Stack, workspace: Workspace, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = workspace.placed()
    order = claims.order

    def cancel_first(item: Item) -> Item:
        _cancel(workspace, call_id)
        return order(item)

    monkeypatch.setattr(claims, "order", cancel_first)
    workspace.dial(call_id)
    pump.settle(stack, workspace.id)
    assert workspace.end_of(call_id) == ("canceled", "canceled")
    assert exchange.orders == 0
    assert pump.minutes(workspace.id) == (0, 0)
    assert _on_the_phone(workspace) == set()


@pytest.mark.parametrize("answer", ["comes", "is lost", "and worker are lost"])
def test_a_call_canceled_between_its_order_and_the_answer_is_hung_up(
    stack: Stack, workspace: Workspace, exchange: Exchange, answer: str
) -> None:
    call_id = workspace.placed()
    then: Placing = {"comes": lambda place: place(), "is lost": lose}.get(answer, then_die)

    def cancel_first(place: Callable[[], Answer]) -> Answer:
        _cancel(workspace, call_id)
        return then(place)

    exchange.placing = cancel_first
    with suppress(Killed):
        workspace.dial(call_id)
    placed = exchange.call(call_id)
    if answer == "and worker are lost":
        # It is the first word of the call that gives it away.
        exchange.ring(call_id)
    pump.settle(stack, workspace.id)
    assert (placed.ended_by, placed.turns) == ("api", [])
    assert workspace.end_of(call_id) == ("canceled", "canceled")
    assert pump.dials(call_id) == [1]
    assert pump.minutes(workspace.id) == (0, 0)


@pytest.mark.parametrize(
    ("stage", "status", "minutes"),
    [("call", "canceled", 0), ("ring", "canceled", 0), ("talk", "completed", 1)],
)
def test_a_call_canceled_on_the_phone_is_hung_up(
    stack: Stack, workspace: Workspace, exchange: Exchange, stage: str, status: str, minutes: int
) -> None:
    call_id = _dialled(workspace)
    placed = getattr(exchange, stage)(call_id)
    _cancel(workspace, call_id)
    before = workspace.call(call_id)
    pump.settle(stack, workspace.id)
    assert (placed.status, placed.ended_by) == (status, "api")
    # What the carrier tells of its end changes nothing.
    assert workspace.call(call_id) | {"analysis": None} == before
    assert pump.minutes(workspace.id) == (minutes, minutes)
    assert _on_the_phone(workspace) == set()


# Calls at the carrier that are not ours, or not any more.


@pytest.mark.parametrize("first_word", ["status", "answer"])
def test_a_call_that_we_gave_up_is_hung_up_at_its_first_word(
    stack: Stack, workspace: Workspace, exchange: Exchange, hand: Hand, first_word: str
) -> None:
    exchange.placing = lose
    exchange.live.account.listed_after_s = NEVER_S
    call_id = _dialled(workspace)
    hand.move(66)
    _sweep(stack, workspace)
    assert workspace.end_of(call_id) == GIVEN_UP
    placed = exchange.call(call_id)
    # Whatever it told before got lost.
    deliver, exchange.deliver = exchange.deliver, lambda _: None
    exchange.run_to(placed, first_word)
    exchange.deliver = deliver
    exchange.advance(placed)
    pump.settle(stack, workspace.id)
    assert placed.said("agent") == placed.said("carrier") == []
    assert placed.is_over
    assert workspace.end_of(call_id) == GIVEN_UP
    assert pump.minutes(workspace.id) == (0, 0)
    (job,) = [item for item in stack.rows("CoreTable", workspace.id) if item["pk"].endswith("#HUP")]
    assert (job["sk"], "gsi2pk" in job) == (placed.sid, False)


@pytest.mark.parametrize("known", ["the last", "the first"])
def test_of_two_calls_for_one_attempt_the_second_is_hung_up(
    stack: Stack, workspace: Workspace, exchange: Exchange, known: str
) -> None:
    """The carrier placed one order twice. The one that we hear of first is the call."""
    call_id = workspace.placed()

    def twice(place: Callable[[], Answer]) -> Answer:
        place()
        if known == "the first":
            exchange.ring(call_id)
        return place()

    exchange.placing = twice
    workspace.dial(call_id)
    calls = exchange.calls(call_id)
    ours, other = calls if known == "the first" else reversed(calls)
    assert _sid(workspace, call_id) == ours.sid
    exchange.run_to(other, "status", "ringing")
    exchange.advance(other)
    pump.settle(stack, workspace.id)
    assert (other.ended_by, other.turns) == ("api", [])
    assert ours.ended_by == "agent"
    call = workspace.call(call_id)
    assert (call["status"], len(call["transcript"])) == ("completed", 13)
    assert pump.minutes(workspace.id) == (1, 1)


# Where there is no carrier.


@pytest.mark.parametrize("mode", ["live", "test"])
def test_each_mode_reaches_its_own_account_alone(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    workspace = make_workspace(mode=mode)
    own, other = exchange.boards if mode == "live" else reversed(exchange.boards)
    asked: list[str] = []
    monkeypatch.setattr(other, "fetch", lambda url, **_: asked.append(url))
    agent = workspace.agent(recording=True)
    first, second, third = (workspace.placed(agent, to=another_number()) for _ in range(3))
    exchange.placing = lose
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    exchange.talk(second)
    _cancel(workspace, second)
    pump.settle(stack, workspace.id)
    assert [workspace.end_of(one) for one in (first, third)] == [COMPLETED] * 2
    assert workspace.call(first)["recording_url"] is not None
    assert exchange.call(second).ended_by == "api"
    assert len(own.calls) == 3
    assert (asked, other.calls) == ([], [])
    charged = 3 if mode == "live" else 0
    assert pump.minutes(workspace.id) == (charged, charged)


@contextmanager
def _secret(stack: Stack, **changes: Any) -> Iterator[None]:
    """Other accounts than the tests have."""
    known = json.loads(carrier.SECRET)
    for name, change in changes.items():
        known[name] = change and known[name] | change
    stack.keep_secret(json.dumps(known))
    vault.vault.cache_clear()
    try:
        yield
    finally:
        stack.keep_secret(carrier.SECRET)
        vault.vault.cache_clear()


@contextmanager
def _environment(**changes: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in changes.items():
            patch.setenv(name, value)
        settings.settings.cache_clear()
        vault.vault.cache_clear()
        yield
    settings.settings.cache_clear()
    vault.vault.cache_clear()


def test_test_mode_never_has_the_live_account(stack: Stack, exchange: Exchange) -> None:
    live = json.loads(carrier.SECRET)["carrier"]
    workspaces = [make_workspace(mode=mode) for mode in ("test", "live")]
    test_account = live | {"base_url": "https://api.example.com"}
    with logged() as lines, _secret(stack, carrier_test=test_account):
        test, real = (_dialled(workspace) for workspace in workspaces)
    assert workspaces[0].end_of(test) == ("failed", "carrier_not_configured")
    assert workspaces[1].end_of(real) == ("dialing", None)
    assert exchange.orders == 1
    assert "carrier_test is the live account" in lines.getvalue()


@pytest.mark.parametrize("mode", ["live", "test"])
@pytest.mark.parametrize("missing", ["account", "number", "public URL", "secret"])
def test_failed_where_no_carrier_is_set_up(
    stack: Stack, exchange: Exchange, mode: str, missing: str
) -> None:
    workspace = make_workspace(mode=mode)
    name = "carrier" if mode == "live" else "carrier_test"
    absent = {
        "account": lambda: _secret(stack, **{name: None}),
        "number": lambda: _secret(stack, **{name: {"phone_number": None}}),
        "public URL": lambda: _environment(PUBLIC_URL=""),
        "secret": lambda: _environment(SECRET_ARN=""),
    }
    with absent[missing]():
        call_id = _dialled(workspace)
    call = workspace.call(call_id)
    assert (call["status"], call["ended_reason"]) == ("failed", "carrier_not_configured")
    assert (call["attempt"], call["attempts"]) == (0, [])
    assert exchange.orders == 0
    assert pump.minutes(workspace.id) == (0, 0)
    assert _on_the_phone(workspace) == set()


def test_an_agent_with_a_number_of_its_own_needs_no_other(
    stack: Stack, workspace: Workspace, exchange: Exchange
) -> None:
    agent = workspace.agent(phone_number=workspace.number("+15017122662"))
    with _secret(stack, carrier={"phone_number": None}):
        call_id = workspace.place(agent).json["id"]
        workspace.dial(call_id)
        assert exchange.call(call_id).order.sender == "+15017122662"
        exchange.carry_on()
    assert workspace.end_of(call_id) == COMPLETED


@pytest.mark.parametrize("now", ["another's", "nobody's"])
def test_failed_where_the_workspace_may_not_call_from_the_number(
    workspace: Workspace, other_workspace: Workspace, exchange: Exchange, now: str
) -> None:
    """It was its own when the agent was made."""
    number = workspace.number()
    call_id = workspace.placed(workspace.agent(phone_number=number))
    numbers.release(number, by_force=True)
    if now == "another's":
        other_workspace.number(number)
    workspace.dial(call_id)
    assert workspace.end_of(call_id) == ("failed", "number_not_registered")
    assert exchange.orders == 0
    assert pump.minutes(workspace.id) == (0, 0)


@pytest.mark.parametrize("mode", ["live", "test"])
def test_a_number_that_agents_call_from_is_released_by_force_alone(
    workspace: Workspace, other_workspace: Workspace, mode: str
) -> None:
    number = workspace.number()
    of_mode = Workspace(workspace.item, mode)
    agent = of_mode.agent(phone_number=number)
    with pytest.raises(InUse, match=f"^{agent}$"):
        numbers.release(number)
    with pytest.raises(ownership.Taken):
        other_workspace.number(number)
    numbers.release(number, by_force=True)
    assert other_workspace.number(number) == number


def test_a_number_that_no_agent_calls_from_is_released_once(workspace: Workspace) -> None:
    number = workspace.number()
    workspace.agent()
    numbers.release(number)
    with pytest.raises(ownership.Unregistered):
        numbers.release(number)


def test_the_deployments_own_number_is_everybodys(workspace: Workspace, exchange: Exchange) -> None:
    call_id = workspace.placed(workspace.agent(phone_number=carrier.PHONE_NUMBER))
    workspace.dial(call_id)
    assert exchange.call(call_id).order.sender == carrier.PHONE_NUMBER
