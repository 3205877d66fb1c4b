"""Ten thousand calls that wait: what they cost at rest, and how long they hold others up."""

import json
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy

import pytest

from benchmarks.aws_calls import Meter
from linkwright import clock, ids, jobs, plans, table, transaction, usage
from linkwright.egress import Answer
from linkwright.jobs import Work
from linkwright.plans import PLANS
from linkwright.table import Item, Key, Table, get, update
from linkwright.voice.calls import items, line, places
from linkwright.voice.calls.items import CallItem
from tests import pump
from tests.carrier import Exchange
from tests.client import Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace, another_number, make_workspace
from tests.memory import memory
from tests.stack import Stack, in_place_of
from tests.stream import Stream

WAITING = 10_000
_MINUTES = 5
# The one message of each minute: the set, the workspace, and whether its first call is there.
_AT_REST = ["GetItem"] * 3
# The tables in memory are slow with many items: a tenth of the calls, and each time that the tables
# are asked takes ten times as long as DynamoDB.
_TENTH = 1_000
_ASKED_MS = 40
# Ids are in the order of milliseconds.
_A_MOMENT_S = 0.001


@pytest.fixture
def stack(stack: Stack) -> Iterator[Stack]:
    """In memory, whatever the store: ten thousand items are much to ask an emulator for."""
    with memory() as made, in_place_of(stack, made):
        yield made


@pytest.fixture
def meter(stack: Stack) -> Iterator[Meter]:
    meter = Meter(table.driver())
    # Gone before the tables are: who takes them away asks for the driver itself.
    with pytest.MonkeyPatch.context() as patch:
        for module in (table, transaction):
            patch.setattr(module, "driver", lambda: meter)
        yield meter


class _Running:
    """What is left of a minute in which nothing but the asking of the tables takes time."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._begun = len(meter.calls)

    def get_remaining_time_in_millis(self) -> int:
        return 60_000 - (len(self._meter.calls) - self._begun) * _ASKED_MS


def _another(call: CallItem, **view: str) -> tuple[Item, Item]:
    """One more call that waits, behind all others of its line; and its place in that."""
    other = deepcopy(call)
    other["sk"] = other["gsi1sk"] = other["view"]["id"] = ids.new("call")
    other["view"] |= view
    other["waits_in"] = view.get("agent_id", call["waits_in"])
    where = line.key(items.partition_of(call), line.Waiting(other["sk"], other["waits_in"]))
    return dict(other), where.attributes()


def _more_wait(workspace: Workspace, number: int) -> None:
    values = {"more": number}
    update(Table.CORE, places.key(workspace.partition), "ADD #waiting :more", values=values)


def _waiting(workspace: Workspace, call_id: str) -> CallItem:
    call = items.find(workspace.partition, call_id)
    assert call is not None
    assert "waits_in" in call
    return call


def _one_waits(workspace: Workspace, exchange: Exchange, first: str, second: str) -> None:
    """While the first call talks, the second one is due."""
    workspace.dial(first)
    exchange.talk(first)
    workspace.dial(second)


def _more_like(stack: Stack, workspace: Workspace, call_id: str, number: int) -> None:
    """So many calls more that wait as one does, in its line and behind it."""
    call = _waiting(workspace, call_id)
    for _ in range(number):
        stack.put("CoreTable", *_another(call))
    _more_wait(workspace, number)


def _more_agents(
    stack: Stack,
    hand: Hand,
    workspace: Workspace,
    call_id: str,
    number: int,
    to: str | None = None,
) -> list[str]:
    """So many agents more that take one call at once, for each of whom a call waits.

    Returns these calls in the order of their lines, which is not theirs: the last was placed first.
    """
    call, waiting = _waiting(workspace, call_id), []
    like = get(Table.CORE, Key(f"W#{workspace.partition}#AGT", call["view"]["agent_id"]))
    assert like is not None
    for agent_id in sorted((ids.new("agt") for _ in range(number)), reverse=True):
        own = deepcopy(like)
        own["sk"] = own["view"]["id"] = agent_id
        own["view"]["concurrency"] = 1
        hand.move(_A_MOMENT_S)
        other, where = _another(call, agent_id=agent_id, to=to or another_number())
        stack.put("CoreTable", own, other, where)
        waiting.append(other["sk"])
    _more_wait(workspace, number)
    return waiting[::-1]


def _used_up(workspace: Workspace, call_id: str) -> None:
    """A call is of another billing cycle, as this one is used up."""
    where = items.key(workspace.partition, call_id)
    update(Table.CORE, where, "SET #period = :before", values={"before": "2020-01-01"})
    period = plans.period(clock.now().day).label
    spent = usage.key(workspace.partition, period, usage.CALL_MINUTES)
    most = {"most": PLANS["pro"].call_minutes}
    update(Table.CORE, spent, "SET #committed = :most", values=most)


def _woken(workspace: Workspace, meter: Meter) -> None:
    """The worker, as the line's message has it run."""
    event = queue_event([Work(jobs.LINE, *places.key(workspace.partition)).message()])
    assert invoke("dial_call", event, _Running(meter)) == {"batchItemFailures": []}


def _work(bodies: list[str]) -> None:
    for body in bodies:
        event = queue_event([body])
        assert invoke("dial_call", event, Context(60_000)) == {"batchItemFailures": []}


@pytest.mark.slow
def test_at_rest_they_cost_one_message_a_minute_and_three_reads(
    stack: Stack, exchange: Exchange, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    workspace = make_workspace("free")
    agent = workspace.agent(max_duration_s=540)
    first, waiting = sorted(workspace.placed(agent) for _ in range(2))
    _one_waits(workspace, exchange, first, waiting)
    _more_like(stack, workspace, waiting, WAITING - 1)
    stream = Stream()
    stream.changes(stack.rows("CoreTable", workspace.id))
    sent: Counter[str] = Counter()
    for _ in range(_MINUTES):
        hand.move(60)
        invoke("sweep_overdue", {})
        if event := stream.event(stack.rows("CoreTable", workspace.id)):
            invoke("relay_outbox", event)
        bodies = stack.received("DialQueue", workspace.id)
        sent.update(json.loads(body)["kind"] for body in bodies)
        of_the_line = [body for body in bodies if json.loads(body)["kind"] == jobs.LINE]
        meter.reset()
        _work(of_the_line)
        assert meter.calls == _AT_REST * len(of_the_line)
    assert sent[jobs.LINE] == _MINUTES
    # The others ask after the call on the phone: none is of a call that waits.
    assert sent.total() <= 2 * _MINUTES


@pytest.mark.slow
def test_those_of_a_busy_agent_hold_no_other_up(
    stack: Stack, exchange: Exchange, meter: Meter
) -> None:
    workspace = make_workspace("pro")
    busy, other = workspace.agent(concurrency=1, max_duration_s=3600), workspace.agent()
    first, waiting = (workspace.placed(busy, to=another_number()) for _ in range(2))
    _one_waits(workspace, exchange, first, waiting)
    _more_like(stack, workspace, waiting, WAITING - 1)
    behind = [workspace.placed(other, to=another_number()) for _ in range(3)]
    for call_id in behind:
        workspace.dial(call_id)
    begun = len(pump.dialled())
    meter.reset()
    workspace.wake()
    assert pump.dialled()[begun:] == behind
    # Six of these are about the agent that is busy, two lines are looked into.
    before_the_first = meter.calls[: meter.calls.index("TransactWriteItems")]
    assert Counter(before_the_first) == {"GetItem": 9, "Query": 3}
    assert len(meter.calls) == 30


def test_a_number_that_is_busy_holds_no_other_up(stack: Stack, exchange: Exchange) -> None:
    workspace = make_workspace("free")
    agent = workspace.agent(max_duration_s=60)
    number = another_number()
    first = workspace.placed(agent, to=number)
    workspace.dial(first)
    hidden = [workspace.placed(agent, to=number) for _ in range(3)]
    behind = workspace.placed(agent, to=another_number())
    for call_id in (*hidden, behind):
        workspace.dial(call_id)
    values = {"plan": "pro"}
    where = table.Key(f"W#{workspace.id}", "META")
    update(Table.CORE, where, "SET #plan = :plan", values=values)
    workspace.wake()
    assert pump.dialled() == [first, behind]


@pytest.mark.parametrize("number", [_TENTH // 10, _TENTH])
def test_a_free_place_is_taken_however_many_lines_there_are(
    stack: Stack,
    exchange: Exchange,
    meter: Meter,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    hand = Hand(monkeypatch)
    workspace = make_workspace("free")
    agent = workspace.agent(max_duration_s=60)
    first = workspace.placed(agent, to=another_number())
    hand.move(_A_MOMENT_S)
    second = workspace.placed(agent, to=another_number())
    _one_waits(workspace, exchange, first, second)
    _more_agents(stack, hand, workspace, second, number)
    exchange.finish(exchange.call(first))
    meter.reset()
    _woken(workspace, meter)
    # Who has waited for longest of all, whose line is that of all.
    assert pump.dialled() == [first, second]
    # The one that may be on the phone keeps two lines busy, and it was of one; see `line.heads`.
    assert meter.calls.count("Query") == 1 + 22 + 1 + 1


@pytest.mark.slow
def test_no_line_is_behind_others_for_ever(
    stack: Stack, exchange: Exchange, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand(monkeypatch)
    workspace = make_workspace("free")
    agent = workspace.agent(max_duration_s=60)
    first = workspace.placed(agent, to=another_number())
    hand.move(_A_MOMENT_S)
    second = workspace.placed(agent, to=another_number())
    _one_waits(workspace, exchange, first, second)
    waiting = _more_agents(stack, hand, workspace, second, 40)
    while places.read(workspace.partition).get("waiting"):
        exchange.finish(exchange.call(pump.dialled()[-1]))
        hand.move(2)
        _woken(workspace, meter)
    # Of all that wait the first run looks into half, and the second into the rest.
    assert pump.dialled()[:3] == [first, second, waiting[-1]]
    assert sorted(pump.dialled()) == sorted([first, second, *waiting])
    exchange.finish(exchange.call(pump.dialled()[-1]))
    _woken(workspace, meter)
    assert set(places.read(workspace.partition)) <= {"pk", "sk", "active"}


@pytest.mark.slow
def test_a_run_that_has_no_time_left_is_followed_by_another_at_once(
    stack: Stack, exchange: Exchange, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand calls to one number are moved into its line, and hold others up until then."""
    hand = Hand(monkeypatch)
    workspace = make_workspace("free")
    agent = workspace.agent(max_duration_s=60)
    number = another_number()
    first, hidden = (workspace.placed(agent, to=number) for _ in range(2))
    _one_waits(workspace, exchange, first, hidden)
    _more_like(stack, workspace, hidden, _TENTH)
    behind = workspace.placed(agent, to=another_number())
    workspace.dial(behind)
    where = Key(f"W#{workspace.id}", "META")
    update(Table.CORE, where, "SET #plan = :plan", values={"plan": "pro"})
    stream, runs = Stream(), 1
    stream.changes(stack.rows("CoreTable", workspace.id))
    _woken(workspace, meter)
    while behind not in pump.dialled():
        event = stream.event(stack.rows("CoreTable", workspace.id))
        assert event is not None
        invoke("relay_outbox", event)
        hand.move(2)
        (told,) = stack.received("DialQueue", workspace.id)
        assert json.loads(told)["kind"] == jobs.LINE
        _woken(workspace, meter)
        runs += 1
    assert pump.dialled() == [first, behind]
    assert runs < _TENTH / 100


def test_a_call_without_a_minute_holds_up_none_of_the_lines_that_are_still_to_be_looked_into(
    stack: Stack, exchange: Exchange, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What there was of the others has only to be moved, to a number that is busy."""
    hand = Hand(monkeypatch)
    workspace = make_workspace("pro")
    agent = workspace.agent(max_duration_s=60)
    number = another_number()
    first = workspace.placed(agent, to=number)
    without = workspace.placed(agent, to=another_number())
    like = workspace.placed(workspace.agent(max_duration_s=60, concurrency=1), to=number)
    _used_up(workspace, without)
    _one_waits(workspace, exchange, first, without)
    workspace.dial(like)
    waiting = _more_agents(
        stack, hand, workspace, like, 2 * PLANS["pro"].concurrent_calls + 60, to=number
    )
    # In the line that is looked into last.
    last = items.key(workspace.partition, waiting[-1])
    free = {"to": another_number()}
    update(Table.CORE, last, "SET #view.#to = :to", values=free)
    stream = Stream()
    stream.changes(stack.rows("CoreTable", workspace.id))
    _woken(workspace, meter)
    while waiting[-1] not in pump.dialled():
        event = stream.event(stack.rows("CoreTable", workspace.id))
        assert event is not None
        invoke("relay_outbox", event)
        hand.move(2)
        stack.received("DialQueue", workspace.id)
        _woken(workspace, meter)
    assert pump.dialled() == [first, waiting[-1]]


def test_a_line_for_which_there_is_no_minute_rests(
    stack: Stack, exchange: Exchange, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is room, and more lines than a run looks into: what it writes is to wake no other."""
    hand = Hand(monkeypatch)
    workspace = make_workspace("pro")
    agent = workspace.agent(max_duration_s=60)
    first, second = sorted(workspace.placed(agent, to=another_number()) for _ in range(2))
    workspace.dial(first)
    exchange.talk(first)
    _used_up(workspace, second)
    workspace.dial(second)
    _more_agents(stack, hand, workspace, second, 2 * PLANS["pro"].concurrent_calls + 30)
    stream = Stream()
    stream.changes(stack.rows("CoreTable", workspace.id))
    _woken(workspace, meter)
    assert pump.dialled() == [first]
    assert stream.event(stack.rows("CoreTable", workspace.id)) is None


@pytest.mark.slow
def test_those_that_the_carrier_asked_to_be_spared_hold_no_other_up(
    stack: Stack, exchange: Exchange
) -> None:
    workspace = make_workspace("enterprise")
    agent = workspace.agent()
    busy = Answer(429, {"retry-after": "600"}, b'{"code": 20429, "message": "wait"}', "")
    exchange.placing = lambda place: busy
    for _ in range(101):
        workspace.dial(workspace.placed(agent, to=another_number()))
    exchange.placing = lambda place: place()
    call_id = workspace.placed(agent, to=another_number())
    workspace.dial(call_id)
    assert pump.dialled() == [call_id]
