"""The line: which calls wait for a place on the phone, and who is next.

A call says itself where it stands: its places on the phone in `slots`, the line that it waits in in
`waits_in`. What stands here, and in `places.py`, follows that in the transaction that changes the
call (`follow`, which `items.write` calls): nothing drifts, and nobody has to remember to leave.

Who waits is an item of the base table, in the order of ids, which is the order in which they were
placed. How many wait is counted on the workspace's set of those on the phone: it is the one job of
the line, and while anybody waits each change of it wakes the worker that begins the next.
"""

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from linkwright import jobs
from linkwright.table import ConditionFailed, Key, Table, query, update
from linkwright.transaction import Transaction
from linkwright.voice.calls import places
from linkwright.voice.calls.places import ALL, Entry

if TYPE_CHECKING:
    # Of the functions that place a call none needs an agent's model.
    from linkwright.voice.agent_models import Agent

# Below and above all that stands in a line, and in the lines.
_FIRST, _LAST = "#", "~"
_UNTIL_NOBODY_WAITS = ("waiting", "looked_to", *jobs.ATTRIBUTES)


class Standing(TypedDict, total=False):
    """What a call says of itself."""

    slots: list[str]
    waits_in: str


class Waiting(NamedTuple):
    """A call that waits, and in which line. The first of several was placed first."""

    call_id: str
    of: str


class Heads(NamedTuple):
    """The first of each line that was looked into, and the last of these lines; empty: of all."""

    first: list[Waiting]
    looked_to: str


def key(partition: str, waiting: Waiting) -> Key:
    return Key(f"W#{partition}#WAIT", f"{waiting.of}#{waiting.call_id}")


def of(agent: "Agent | None") -> str:
    """The line in which a call waits, unless it waits for its number.

    One whose agent may be busy waits where none but calls of that agent are behind it.
    """
    return ALL if agent is None or agent.concurrency is None else agent.id


# ---- what a change of a call writes -------------------------------------------------------------


def follow(
    tx: Transaction,
    call_id: str,
    before: Standing,
    after: Standing,
    entry: Entry | None,
    *,
    is_undone: bool,
) -> None:
    """Let sets and lines say of a call what it says itself after a change.

    Raises what `places.enter` does, at the commit.
    """
    was, waits = before.get("waits_in"), after.get("waits_in")
    if was != waits:
        _move(tx, call_id, was, waits)
    held, holds = before.get("slots", []), after.get("slots", [])
    for place in (place for place in holds if place not in held):
        if entry is None:
            raise ValueError("who enters says what it must find")
        places.enter(tx, call_id, place, entry, waited=was is not None)
    for place in (place for place in held if place not in holds):
        places.leave(tx, call_id, place, is_undone=is_undone)
    if waits and not was:
        _wake(tx)
    elif was and not waits and not holds:
        tx.update(Table.CORE, places.key(tx.partition), "ADD #waiting :more", values={"more": -1})


def _move(tx: Transaction, call_id: str, was: str | None, waits: str | None) -> None:
    # Without conditions: the call itself is the truth, and it has one.
    if was:
        tx.delete(Table.CORE, key(tx.partition, Waiting(call_id, was)), condition="")
    if waits:
        where = key(tx.partition, Waiting(call_id, waits))
        tx.put(Table.CORE, where.attributes(), condition="")


def _wake(tx: Transaction) -> None:
    """One more waits; from now on each change of the set wakes the worker."""
    where = places.key(tx.partition)
    tx.update(
        Table.CORE,
        where,
        "SET #outbox = :outbox, #gsi2pk = :gsi2pk, #gsi2sk = if_not_exists(#gsi2sk, :gsi2sk)"
        " ADD #waiting :more",
        values={**jobs.requested(jobs.LINE, where.pk), "more": 1},
    )


# ---- what the worker asks -----------------------------------------------------------------------


def heads(partition: str, most: int, looked_to: str) -> Heads:
    """The first of the line of all, and of so many others at most, from behind `looked_to` around.

    A read for each, and three.
    """
    found = list(islice(_around(partition, looked_to), most + 1))
    of_all = _first(partition, f"{ALL}#", f"{ALL}#{_LAST}")
    first = [*found[:most], *([of_all] if of_all else [])]
    return Heads(first, found[most - 1].of if len(found) > most else "")


def _around(partition: str, looked_to: str) -> Iterator[Waiting]:
    """The first of each line of an agent or a number: these stand before that of all."""
    middle = f"{looked_to}#{_LAST}"
    for low, high in ((middle, ALL), (_FIRST, middle)) if looked_to else ((_FIRST, ALL),):
        after = low
        while first := _first(partition, after, high):
            yield first
            after = f"{first.of}#{_LAST}"


def behind(partition: str, waiting: Waiting) -> Waiting | None:
    """The next one of the same line."""
    return _first(partition, f"{key(partition, waiting).sk}#", f"{waiting.of}#{_LAST}")


def _first(partition: str, low: str, high: str) -> Waiting | None:
    where = f"W#{partition}#WAIT"
    # Strongly: who has just begun to wait is seen.
    between = (low, high)
    rows, _ = query(Table.CORE, where, between=between, limit=1, newest_first=False, strong=True)
    return Waiting(*reversed(rows[0]["sk"].split("#"))) if rows else None


def rest(partition: str) -> None:
    """Wake nobody any more, unless somebody waits."""
    try:
        update(
            Table.CORE,
            places.key(partition),
            "REMOVE " + ", ".join(f"#{name}" for name in _UNTIL_NOBODY_WAITS),
            condition="#waiting = :nobody",
            values={"nobody": 0},
        )
    except ConditionFailed:
        return  # who began to wait just then has woken the worker
