"""A run of a job by level: of a webhook endpoint, or of the line of a mailbox.

Its item is the one job of all that waits for it. A run holds it by a lease, does what is due, and
rests until the next is: so a slow receiver holds up no other one, and ten thousand that wait are no
more messages than they are changes. Who adds rings the `bell`: a run that found nothing rests only
if it has not rung since it looked.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from linkwright import clock, jobs
from linkwright.errors import Unavailable
from linkwright.table import ConditionFailed, Item, Key, Table, get, update

# Longer than a run takes; then another one may.
LEASE_MS = 90_000
# The condition of who has it, by its `lease`.
MINE = "#leased_until = :lease"
_FREE = "attribute_not_exists(#leased_until) OR #leased_until < :now"
_FAILURES = ", ".join(f"#{name}" for name in jobs.FAILURES)


class Lost(Exception):
    """Another run has it."""


def run(where: Key, goes_on: Callable[[Item], bool]) -> None:
    """Do what is next for as long as there is something: `goes_on` is given what was held.

    Nothing where there is nothing to do, as for most of many messages, or another run is at it:
    that one looks again.
    """
    held = _begin(where)
    if held is None:
        return
    try:
        while goes_on(held):
            pass
    except Lost:
        return
    except Exception:
        _let_go(held)
        raise


def look(run: Item) -> Item | None:
    """The item as it is now, in a run; None if it was deleted, or another run has it."""
    now = get(Table.CORE, Key(run["pk"], run["sk"]))
    if now is None or now.get("leased_until") != run["leased_until"]:
        return None
    return now


def rest(item: Item, until: datetime | None) -> bool:
    """End a run until a moment, or until the bell rings; False if it has rung since `item` was
    read.
    """
    seen = {"lease": item["leased_until"], "bell": item.get("bell", 0)}
    condition = f"{MINE} AND (#bell = :bell OR attribute_not_exists(#bell))"
    if until is None:
        gone = ", ".join(f"#{name}" for name in ("leased_until", *jobs.ATTRIBUTES))
        return _ended(item, f"REMOVE {gone}", condition, seen)
    facts = _asked(item) | jobs.waits_until(clock.whole_second(until))
    expression = f"{written(facts)} REMOVE #leased_until, {_FAILURES}"
    return _ended(item, expression, condition, {**seen, **facts})


def hand_over(item: Item) -> None:
    """End a run that has no time left: another one goes on at once."""
    facts = _asked(item)
    expression = f"{written(facts)} REMOVE #leased_until, #next_at, {_FAILURES}"
    _ended(item, expression, MINE, {**facts, "lease": item["leased_until"]})


def written(facts: Item) -> str:
    """The part of an expression that writes facts, whose values have their names."""
    return "SET " + ", ".join(f"#{name} = :{name}" for name in facts)


def _begin(where: Key) -> Item | None:
    """The item as it is, held for a while."""
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


def _let_go(run: Item) -> None:
    """End a run that failed; when there is another one is told by who caught it."""
    with suppress(Unavailable):
        _ended(run, "REMOVE #leased_until", MINE, {"lease": run["leased_until"]})


def _asked(item: Item) -> dict[str, str]:
    where = Key(item["pk"], item["sk"])
    return jobs.requested(jobs.at(where).kind, where.sk)


def _ended(run: Item, expression: str, condition: str, values: Item) -> bool:
    where = Key(run["pk"], run["sk"])
    try:
        update(Table.CORE, where, expression, condition=condition, values=values)
    except ConditionFailed:
        return False
    return True
