"""The line: how many calls of a workspace may be on the phone, and who is next.

A call on the phone stands by its id in a set, which is as large as the plan allows. Adding and
removing an id twice is adding and removing it once, so no crash can count a call twice. Waiting are
the queued calls, in the order in which they were placed.
"""

import heapq
from collections.abc import Iterator
from itertools import groupby

from linkwright import clock, ids, outbox
from linkwright.table import ConditionFailed, Key, Table, get, query, update
from linkwright.transaction import Transaction
from linkwright.voice.agent_models import Agent
from linkwright.voice.calls.items import CallItem, status_partition
from linkwright.voice.calls.states import Status

# How far down the line is looked for a call whose agent is free.
LOOK_AHEAD = 100
# Mostly the first may begin, unless other workers have just begun it: the index may be behind.
_READ_AT_FIRST = 10
_WAKE_RETENTION_S = 24 * 3600

ALL = "all"


class Full(Exception):
    """As many calls are on the phone as the plan allows."""


class AgentBusy(Exception):
    """As many calls are on the phone as the agent takes at once."""


def key(partition: str, of: str = ALL) -> Key:
    """The set of the workspace's calls on the phone, or of one agent's."""
    return Key(f"W#{partition}#LINE", of)


def places(agent: Agent) -> list[str]:
    """The sets in which a call of the agent stands while it is on the phone."""
    return [ALL] if agent.concurrency is None else [ALL, agent.id]


def enter(tx: Transaction, call_id: str, agent: Agent, plan_cap: int) -> None:
    """Put the call on the phone. Raises `Full` or `AgentBusy` at the commit."""
    caps = {ALL: (plan_cap, Full), agent.id: (agent.concurrency, AgentBusy)}
    for of in places(agent):
        cap, otherwise = caps[of]
        tx.update(
            Table.CORE,
            key(tx.partition, of),
            "ADD #active :call",
            condition="attribute_not_exists(#active) OR size(#active) < :cap",
            values={"call": {call_id}, "cap": cap},
            otherwise=otherwise,
        )


def leave(tx: Transaction, item: CallItem) -> None:
    """Take the call off the phone and, if others wait, let the first of them begin."""
    for of in item.get("slots", []):
        tx.update(
            Table.CORE, key(tx.partition, of), "DELETE #active :call", values={"call": {item["sk"]}}
        )
    if item.get("slots") and next(_indexed(tx.partition, 1), None):
        _wake(tx)


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
            **outbox.waiting(outbox.LINE, wake_id),
            "ttl": clock.epoch() + _WAKE_RETENTION_S,
        },
    )
