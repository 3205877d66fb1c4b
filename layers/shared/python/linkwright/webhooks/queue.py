"""The queue of an endpoint: which deliveries are to be sent next, and when.

An endpoint's item is the one job of all its deliveries, a job by level: a run sends what is due,
and rests until the next one is. So a slow receiver holds up no other one, and ten thousand
events for it are no more messages than events. Who waits is an item of the base table, which is
read strongly: an index would be behind the run that has just written it.

Who adds rings the `bell`: a run that found nothing rests only if it has not rung since it looked.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from linkwright import clock, jobs
from linkwright.errors import Unavailable
from linkwright.table import ConditionFailed, Item, Key, Table, get, query, update
from linkwright.transaction import Otherwise, Transaction

# Longer than a run takes; then another one may.
LEASE_MS = 90_000
_FREE = "attribute_not_exists(#leased_until) OR #leased_until < :now"
_MINE = "#leased_until = :lease"
_FAILURES = ", ".join(f"#{name}" for name in jobs.FAILURES)


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


def begin(where: Key) -> Item | None:
    """Begin a run: the endpoint as it is, held for a while.

    None if there is no endpoint, nothing to do, as for most of many messages, or another run.
    """
    now = clock.epoch_ms()
    try:
        return update(
            Table.CORE,
            where,
            "SET #leased_until = :lease",
            condition=f"attribute_exists(#gsi2pk) AND ({_FREE})",
            values={"lease": now + LEASE_MS, "now": now},
        )
    except ConditionFailed:
        return None


def look(run: Item) -> Item | None:
    """The endpoint as it is now, in a run; None if it was deleted, or another run has it."""
    now = get(Table.CORE, Key(run["pk"], run["sk"]))
    if now is None or now.get("leased_until") != run["leased_until"]:
        return None
    return now


def first(partition: str, webhook_id: str, count: int) -> list[Item]:
    """Those that are due first, whether or not they are due yet."""
    where = key(partition, webhook_id, "")
    rows, _ = query(Table.CORE, where.pk, limit=count, newest_first=False, strong=True)
    return rows


def rest(endpoint: Item, until: datetime | None) -> bool:
    """End a run until a moment, or until the bell rings; False if it has rung since `endpoint` was
    read.
    """
    seen = {"lease": endpoint["leased_until"], "bell": endpoint.get("bell", 0)}
    condition = f"{_MINE} AND (#bell = :bell OR attribute_not_exists(#bell))"
    if until is None:
        gone = ", ".join(f"#{name}" for name in ("leased_until", *jobs.ATTRIBUTES))
        return _ended(endpoint, f"REMOVE {gone}", condition, seen)
    facts = jobs.requested(jobs.WEBHOOK, endpoint["sk"]) | jobs.waits_until(
        clock.whole_second(until)
    )
    expression = f"{_set(facts)} REMOVE #leased_until, {_FAILURES}"
    return _ended(endpoint, expression, condition, {**seen, **facts})


def hand_over(endpoint: Item) -> None:
    """End a run that has no time left: another one goes on at once."""
    facts = jobs.requested(jobs.WEBHOOK, endpoint["sk"])
    expression = f"{_set(facts)} REMOVE #leased_until, #next_at, {_FAILURES}"
    _ended(endpoint, expression, _MINE, {**facts, "lease": endpoint["leased_until"]})


def let_go(run: Item) -> None:
    """End a run that failed; when there is another one is told by who caught it."""
    with suppress(Unavailable):
        _ended(run, "REMOVE #leased_until", _MINE, {"lease": run["leased_until"]})


def _ended(run: Item, expression: str, condition: str, values: Item) -> bool:
    where = Key(run["pk"], run["sk"])
    try:
        update(Table.CORE, where, expression, condition=condition, values=values)
    except ConditionFailed:
        return False
    return True


def _set(facts: Item) -> str:
    return "SET " + ", ".join(f"#{name} = :{name}" for name in facts)
