"""The line: how many calls of a workspace may be on the phone, and who is next.

A call on the phone stands by its id in a set, which is as large as the plan allows. Adding and
removing an id twice is adding and removing it once, so no crash can count a call twice. Waiting are
the queued calls, in the order in which they were placed.

The number that is called has such a set too, of one call, and beside it the moments at which it was
dialled, the newest first: the n-th says whether it was dialled n times within some time.
"""

import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from linkwright import clock, ids, jobs
from linkwright.table import ConditionFailed, Item, Key, Table, get, query, update
from linkwright.transaction import Otherwise, Transaction
from linkwright.voice.agent_models import Agent
from linkwright.voice.calls.items import CallItem, status_partition
from linkwright.voice.calls.states import Status

# How far down the line is looked for a call whose agent is free.
LOOK_AHEAD = 100
# Mostly the first may begin, unless other workers have just begun it: the index may be behind.
_READ_AT_FIRST = 10
_WAKE_RETENTION_S = 24 * 3600
# The attempts that count for a number, and how many are remembered: the largest limit there is.
_WINDOW = timedelta(hours=24)
REMEMBERED = 100
# Longer than an attempt and than a call that waits for the number may take.
_NUMBER_RETENTION_S = 9 * 24 * 3600

ALL = "all"


class Full(Exception):
    """As many calls are on the phone as the plan allows."""


class Busy(Exception):
    """As many calls are on the phone as the agent takes at once, or one with the number."""

    def __init__(self, of: str) -> None:
        super().__init__("the agent or the number is busy")
        self.of = of


def key(partition: str, of: str = ALL) -> Key:
    """The set of the workspace's calls on the phone; of one agent's, or with one number."""
    return Key(f"W#{partition}#LINE", of)


def places(agent: Agent, to: str) -> list[str]:
    """The sets in which a call of the agent stands while it is on the phone."""
    return [ALL, to] if agent.concurrency is None else [ALL, agent.id, to]


def enter(tx: Transaction, call_id: str, agent: Agent, plan_cap: int) -> None:
    """Put the call on the phone. Raises `Full` or `Busy` at the commit."""
    caps: list[tuple[str, int, Otherwise]] = [(ALL, plan_cap, Full)]
    if agent.concurrency is not None:
        caps.append((agent.id, agent.concurrency, partial(Busy, agent.id)))
    for of, cap, otherwise in caps:
        tx.update(
            Table.CORE,
            key(tx.partition, of),
            "ADD #active :call",
            condition="attribute_not_exists(#active) OR size(#active) < :cap",
            values={"call": {call_id}, "cap": cap},
            otherwise=otherwise,
        )


def ring(tx: Transaction, call_id: str, to: str, most: int | None, too_often: Otherwise) -> None:
    """Put the call on the phone with its number, which is dialled now: at most so often in a day.

    Raises `Busy` or what `too_often` says, at the commit.
    """
    number, now = key(tx.partition, to), clock.now()
    within, values = _within(most, now)

    def refused() -> Exception:
        dials = (get(Table.CORE, number) or {}).get("dials", [])
        is_over = most is not None and len(dials) >= most and dials[most - 1] >= values["since"]
        return too_often() if is_over else Busy(to)

    tx.update(
        Table.CORE,
        number,
        "ADD #active :call"
        " SET #dials = list_append(:now, if_not_exists(#dials, :none)), #ttl = :ttl",
        condition=" AND ".join(["attribute_not_exists(#active)", *within]),
        values={
            "call": {call_id},
            "now": [clock.epoch()],
            "none": [],
            "ttl": clock.epoch() + _NUMBER_RETENTION_S,
            **values,
        },
        otherwise=refused,
    )


def require_rare(
    tx: Transaction, to: str, most: int | None, moment: datetime, otherwise: Otherwise
) -> None:
    """Let the change happen only if the number may be dialled then, by what is known now."""
    within, values = _within(most, moment)
    for condition in within:
        tx.require(Table.CORE, key(tx.partition, to), condition, values=values, otherwise=otherwise)


def _within(most: int | None, moment: datetime) -> tuple[list[str], Item]:
    """Whether a number was dialled less than so often in the day before a moment."""
    if most is None:
        return [], {}
    nth = f"#dials[{most - 1}]"
    since = int((moment - _WINDOW).timestamp())
    return [f"(attribute_not_exists({nth}) OR {nth} < :since)"], {"since": since}


def leave(tx: Transaction, item: CallItem, *, is_undone: bool = False) -> None:
    """Take the call off the phone and, if others wait, let the first of them begin.

    `is_undone`: its number was not dialled.
    """
    for of in item.get("slots", []):
        tx.update(
            Table.CORE,
            key(tx.partition, of),
            "DELETE #active :call" + (_forgotten(is_undone) if of == item["view"]["to"] else ""),
            values={"call": {item["sk"]}},
        )
    if item.get("slots") and next(_indexed(tx.partition, 1), None):
        _wake(tx)


def _forgotten(is_undone: bool) -> str:
    """Of the dials, the newest, which was none; or the oldest, of which nobody asks any more."""
    return f" REMOVE #dials[{0 if is_undone else REMEMBERED}]"


def waiting(partition: str, queued: CallItem | None = None) -> Iterator[tuple[str, str]]:
    """The queued calls and their agents, longest waiting first: as many are read as are looked at.

    The index may be behind; `queued` is among them, whether or not it knows by now, after all that
    are looked at before it.
    """
    known = [(queued["sk"], queued["view"]["agent_id"])] if queued else []
    for each, _ in groupby(heapq.merge(_indexed(partition, LOOK_AHEAD), known)):
        yield each


def _indexed(partition: str, most: int) -> Iterator[tuple[str, str]]:
    count, after = min(_READ_AT_FIRST, most), None
    while count > 0:
        rows, after = query(
            Table.CORE,
            status_partition(partition, Status.QUEUED),
            index="gsi3",
            start_after=after,
            limit=count,
            newest_first=False,
        )
        for row in rows:
            yield row["sk"], row["view"]["agent_id"]
        most -= len(rows)
        count = most if after else 0


def longest_on_the_phone(partition: str, of: str) -> str | None:
    """The id of the call that has stood in a set for longest."""
    return min((get(Table.CORE, key(partition, of)) or {}).get("active", ()), default=None)


def remove(partition: str, of: str, call_id: str) -> None:
    """Free the place of a call that is not on the phone any more."""
    try:
        update(
            Table.CORE,
            key(partition, of),
            "DELETE #active :call",
            condition="contains(#active, :id)",
            values={"call": {call_id}, "id": call_id},
        )
    except ConditionFailed:
        return  # somebody else did


def _wake(tx: Transaction) -> None:
    wake_id = ids.new("wake")
    tx.put(
        Table.CORE,
        {
            **Key(f"W#{tx.partition}#WAKE", wake_id).attributes(),
            **jobs.requested(jobs.WAKE, wake_id),
            "ttl": clock.epoch() + _WAKE_RETENTION_S,
        },
    )
