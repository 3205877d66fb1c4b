"""The queue of an endpoint: which deliveries are to be sent next, and when.

An endpoint's item is the one job of all its deliveries, a job by level (`level.py`). Who waits is
an item of the base table, which is read strongly: an index would be behind the run that has just
written it.
"""

from collections.abc import Sequence
from datetime import datetime

from linkwright import clock, jobs
from linkwright.table import Item, Key, Table, query
from linkwright.transaction import Otherwise, Transaction


def endpoint_key(partition: str, webhook_id: str) -> Key:
    return Key(f"W#{partition}#WH", webhook_id)


def key(partition: str, webhook_id: str, place: str) -> Key:
    """Of what waits; its place is when it is due, and its delivery."""
    return Key(f"W#{partition}#WHQ#{webhook_id}", place)


def place(due: datetime, delivery_id: str) -> str:
    return f"{clock.timestamp(due)}#{delivery_id}"


def delivery_at(row: Item) -> str:
    return str(row["sk"]).partition("#")[2]


def due_at(place: str) -> datetime:
    return clock.parse(place.partition("#")[0])


def enter(tx: Transaction, webhook_id: str, place: str, ttl: int) -> None:
    where = key(tx.partition, webhook_id, place)
    tx.put(Table.CORE, {**where.attributes(), "ttl": ttl}, condition="")


def leave(tx: Transaction, webhook_id: str, place: str) -> None:
    tx.delete(Table.CORE, key(tx.partition, webhook_id, place), condition="")


def ring(
    tx: Transaction,
    webhook_id: str,
    *,
    changed: Item | None = None,
    gone: Sequence[str] = (),
    condition: str = "attribute_exists(#pk)",
    values: Item | None = None,
    otherwise: Otherwise,
) -> None:
    """Something was added, or the endpoint changed: it has a run as soon as may be."""
    facts = {**(changed or {}), **jobs.requested(jobs.WEBHOOK, webhook_id)}
    forgotten = ", ".join(f"#{name}" for name in ("next_at", *gone))
    tx.update(
        Table.CORE,
        endpoint_key(tx.partition, webhook_id),
        f"{_set(facts)} REMOVE {forgotten} ADD #bell :one",
        condition=condition,
        values={**facts, **(values or {}), "one": 1},
        otherwise=otherwise,
    )


def require(tx: Transaction, endpoint: Item, *, otherwise: Otherwise) -> None:
    """Let a change happen only while an endpoint is as it was read."""
    where, values = Key(endpoint["pk"], endpoint["sk"]), {"seen": endpoint["v"]}
    tx.require(Table.CORE, where, "#v = :seen", values=values, otherwise=otherwise)


def first(partition: str, webhook_id: str, count: int) -> list[Item]:
    """Those that are due first, whether or not they are due yet."""
    where = key(partition, webhook_id, "")
    rows, _ = query(Table.CORE, where.pk, limit=count, newest_first=False, strong=True)
    return rows


def _set(facts: Item) -> str:
    return "SET " + ", ".join(f"#{name} = :{name}" for name in facts)
