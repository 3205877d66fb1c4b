"""Who is next: what the dial worker does when a workspace's line is woken.

A message names no call, only that something changed while calls waited. So it may come late, twice
or with many others: what is to be done is read anew each time. The first who may is begun, then the
next, until there is no room; each beginning is a change, which wakes another worker.
"""

import heapq
from contextlib import suppress
from datetime import datetime

from linkwright import clock, deadline, jobs, retries
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.observability import count, log_failure, logger
from linkwright.table import Item, Table
from linkwright.transaction import Transaction
from linkwright.voice.calls import items, lifecycle, line, places
from linkwright.voice.calls.items import Superseded
from linkwright.voice.calls.line import Waiting
from linkwright.voice.calls.places import Busy, Full
from linkwright.voice.dialling import dialler
from linkwright.voice.dialling.claims import NoMinutes
from linkwright.workspace import operations as workspace
from linkwright.workspace.operations import Tenant

# What ordering a call and writing it down may take: with less left, none is begun.
_DIAL_BUDGET_S = 25.0
# A call on the phone keeps two lines busy, its agent's and its number's. So many more are looked
# into: of these somebody begins, however many lines there are.
_MORE_LINES = 20
# A call of an earlier billing cycle has reserved nothing in this one. So many that find no minute
# are passed by: behind them may wait who has one.
_WITHOUT_MINUTES = 10


def serve(work: Work) -> None:
    """Begin the calls of a workspace that wait and may begin, in the order of their placing."""
    partition = jobs.partition_of(work.pk)
    state = places.read(partition)
    if jobs.is_left_alone(state):
        return
    if not state.get("waiting"):
        line.rest(partition)
        return
    tenant = workspace.tenant(partition)
    again: datetime | None = None
    looked_to, most = "", tenant.plan.concurrent_calls
    if _has_room(partition, places.ALL, most, state):
        heads = line.heads(partition, 2 * most + _MORE_LINES, state.get("looked_to", ""))
        looked_to = heads.looked_to
        try:
            is_through = _begin_in_turn(partition, heads.first, tenant)
        except Full:
            # Whoever took the place, or the minutes, leaves it again, and wakes the line. Where
            # nobody has, nothing is written: that would wake the line by itself, again and again.
            is_taken = places.read(partition).get("active") != state.get("active")
            looked_to = looked_to if is_taken else ""
        except clock.NotYet as not_yet:
            again = not_yet.until
        else:
            again = None if is_through and not looked_to else clock.now()
    retries.went_well(state)
    # As it was read before: of several that want another run one has it.
    facts = {"looked_to": looked_to} if looked_to else {}
    if again:
        retries.wait(state, again, facts)
    elif facts:
        jobs.change(state, facts)


def _begin_in_turn(partition: str, heads: list[Waiting], tenant: Tenant) -> bool:
    """Whoever is first over these lines, and so on; one whose agent or number is busy is left.

    Returns whether there was time for all who may begin. Raises `Full` if there is no place, or no
    minute for so many that none is looked for behind them.
    """
    heapq.heapify(heads)
    without = 0
    while heads and deadline.seconds_left() > _DIAL_BUDGET_S:
        first = heapq.heappop(heads)
        try:
            _begin(partition, first, tenant)
        except Busy:
            continue
        except NoMinutes:
            if not without:
                _free_oldest(partition)
            without += 1
            if without == _WITHOUT_MINUTES:
                raise
        except Superseded:
            pass  # another worker has it, or it was canceled
        except (Full, clock.NotYet, Unavailable):
            raise
        except Exception as failure:  # noqa: BLE001 -- it holds up nobody behind it
            _set_aside(partition, first, failure)
        if following := line.behind(partition, first):
            heapq.heappush(heads, following)
    return not heads


def _begin(partition: str, waiting: Waiting, tenant: Tenant) -> None:
    """Dial a call, or have it wait for what is really in its way. Raises `Busy` if that is what
    all behind it wait for.
    """
    item = items.find(partition, waiting.call_id)
    if item is None or item.get("waits_in") != waiting.of:
        return  # it has gone while we looked
    agent = dialler.agent_of(item)
    try:
        for of, most in places.limits(agent, item["view"]["to"]).items() if agent else ():
            if not _has_room(partition, of, most, places.read(partition, of)):
                raise Busy(of)
        dialler.begin(item, agent, tenant)
    except Busy as busy:
        if busy.of == waiting.of:
            raise
        dialler.wait_in_line(item, busy.of)


def _set_aside(partition: str, waiting: Waiting, failure: Exception) -> None:
    """A call that breaks is a job by itself, each time put off for longer, until it gives up."""
    log_failure("call set aside", failure, call=waiting.call_id)
    count("calls_set_aside")
    # One that was claimed before it broke is in no line any more.
    with suppress(Superseded):
        lifecycle.leave_line(partition, waiting)
    work = Work(jobs.CALL, *items.key(partition, waiting.call_id))
    try:
        retries.put_off(work)
    except retries.Spent:
        dialler.give_up(work)
        count("jobs_given_up")


def _has_room(partition: str, of: str, most: int, state: Item) -> bool:
    """Whether a set can take another call, after the repair of a place that nobody holds."""
    active = state.get("active", set())
    return len(active) < most or _is_freed(partition, of, min(active))


def _free_oldest(partition: str) -> None:
    """Wait for nobody who is not on the phone: that is a change, which wakes the line again."""
    if active := places.read(partition).get("active"):
        _is_freed(partition, places.ALL, min(active))


def _is_freed(partition: str, of: str, call_id: str) -> bool:
    """Free the place that was taken first if nobody holds it: the truth is what the call says."""
    item = items.find(partition, call_id)
    if item is not None and of in item.get("slots", []) and not jobs.has_given_up(item):
        return False
    tx = Transaction(partition, "")
    places.free(tx, call_id, of)
    tx.require(
        Table.CORE,
        items.key(partition, call_id),
        "#v = :seen" if item else "attribute_not_exists(#pk)",
        values={"seen": item["v"]} if item else None,
        otherwise=Superseded,
    )
    try:
        tx.commit()
    except Superseded:
        return False
    logger().warning("freed a place that nobody held", extra={"call": call_id})
    return True
