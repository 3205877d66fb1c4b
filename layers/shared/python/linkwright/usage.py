"""What a workspace has used of its plan in a billing cycle.

`committed` counts what is used and what is reserved; it alone is compared with the limit, by the
write that raises it, so that no number of parallel requests gets past. `used` is settled later.
"""

from functools import partial

from linkwright import clock, jobs, plans
from linkwright.auth import Account
from linkwright.errors import PlanLimitExceeded
from linkwright.plans import Plan
from linkwright.table import Item, Key, Table, get, query
from linkwright.transaction import Otherwise, Transaction

CALL_MINUTES = "call_minutes"
# More than a plan has of what is counted.
_DIMENSIONS = 20
_AT_ONCE = "NOW"
# What callers are told of, where it has another name.
_TOLD = {"leads_researched": "leads"}


def key(partition: str, period: str, dimension: str) -> Key:
    return Key(f"W#{partition}#USE", f"{period}#{dimension}")


def counters(partition: str, period: str) -> dict[str, Item]:
    """What is counted in a billing cycle, by dimension: by one strong read."""
    return _between(partition, period, period)


def counters_of_now(partition: str, period: str) -> dict[str, Item]:
    """Those of the latest billing cycle, and of what there is at once: by one strong read."""
    return _between(partition, period, _AT_ONCE)


def _between(partition: str, first: str, last: str) -> dict[str, Item]:
    """By dimension. What there is at once is sorted after all cycles."""
    rows, _ = query(
        Table.CORE,
        key(partition, first, "").pk,
        between=(f"{first}#", f"{last}#~"),
        limit=_DIMENSIONS,
        strong=True,
    )
    return {row["sk"].partition("#")[2]: row for row in rows}


def reserve(
    account: Account,
    dimension: str,
    amount: int,
    tx: Transaction,
    otherwise: Otherwise | None = None,
) -> str:
    """Take so much of the plan's limit, or raise `PlanLimitExceeded` (402) at the commit.

    Returns the label of the billing cycle that pays, which the settlement needs.
    """
    period = plans.period(account.anchor_day)
    limit = getattr(account.plan, dimension)
    exceeded = partial(used_up, account, dimension)
    if amount > limit:
        raise exceeded()
    counter = key(account.partition, period.label, dimension)
    _commit(tx, counter, amount, limit - amount, otherwise or exceeded)
    return period.label


def used_up(account: Account, dimension: str) -> PlanLimitExceeded:
    """That nothing is left of a billing cycle's limit, with what is used by now."""
    period = plans.period(account.anchor_day)
    item = get(Table.CORE, key(account.partition, period.label, dimension)) or {}
    return PlanLimitExceeded(
        "The plan's limit of this billing cycle is used up.",
        dimension=_TOLD.get(dimension, dimension),
        limit=getattr(account.plan, dimension),
        used=item.get("committed", 0),
        upgrade_to=account.plan.upgrade_to,
        resets_at=clock.timestamp(period.end),
    )


def standing(partition: str, dimension: str) -> Key:
    """How many there are at once, in no billing cycle."""
    return key(partition, _AT_ONCE, dimension)


def occupy(
    account: Account,
    dimension: str,
    amount: int,
    tx: Transaction,
    otherwise: Otherwise | None = None,
) -> None:
    """Have so many more at once, or raise `PlanLimitExceeded` (402), mostly at the commit."""
    counter = standing(account.partition, dimension)
    limit = getattr(account.plan, dimension)

    def exceeded() -> PlanLimitExceeded:
        item = get(Table.CORE, counter) or {}
        return no_more(account, dimension, int(item.get("committed", 0)))

    if amount > limit:
        raise exceeded()
    _commit(tx, counter, amount, limit - amount, otherwise or exceeded)


def _commit(tx: Transaction, counter: Key, amount: int, most: int, exceeded: Otherwise) -> None:
    """Add to a counter that is at `most`, or raise at the commit."""
    tx.update(
        Table.CORE,
        counter,
        "ADD #committed :amount",
        condition="attribute_not_exists(#committed) OR #committed <= :bound",
        values={"amount": amount, "bound": most},
        otherwise=exceeded,
    )


def vacate(partition: str, dimension: str, tx: Transaction) -> None:
    """One is gone of those that there are at once."""
    tx.update(
        Table.CORE,
        standing(partition, dimension),
        "ADD #committed :less",
        values={"less": -1},
    )


def room(account: Account, dimension: str) -> int:
    """How many more there may be at once."""
    item = get(Table.CORE, standing(account.partition, dimension)) or {}
    limit: int = getattr(account.plan, dimension)
    return max(limit - int(item.get("committed", 0)), 0)


def no_more(account: Account, dimension: str, used: int) -> PlanLimitExceeded:
    return PlanLimitExceeded(
        f"The plan has no more {dimension}.",
        dimension=dimension,
        limit=getattr(account.plan, dimension),
        used=used,
        upgrade_to=account.plan.upgrade_to,
    )


class Exhausted(Exception):
    """The plan has less left than was to be reserved."""


def left(partition: str, plan: Plan, dimension: str, period: str) -> int:
    """What can still be reserved in a billing cycle."""
    counter = get(Table.CORE, key(partition, period, dimension)) or {}
    limit: int = getattr(plan, dimension)
    return max(limit - int(counter.get("committed", 0)), 0)


def top_up(tx: Transaction, plan: Plan, dimension: str, before: Item, after: Item) -> None:
    """Make an item's reservation another: `reserved` units in the billing cycle `period`.

    What was reserved in an earlier cycle is given back to it. Raises `Exhausted`, mostly at
    the commit.
    """
    more = after["reserved"] - before["reserved"]
    if after["period"] != before["period"]:
        release(tx, before["period"], dimension, before["reserved"])
        more = after["reserved"]
    reserve_more(tx, plan, dimension, after["period"], more)


def reserve_more(tx: Transaction, plan: Plan, dimension: str, period: str, amount: int) -> None:
    """Take so much more of a billing cycle's limit. Raises `Exhausted`, mostly at the commit."""
    limit = getattr(plan, dimension)
    if amount > limit:
        raise Exhausted
    if amount > 0:
        tx.update(
            Table.CORE,
            key(tx.partition, period, dimension),
            "ADD #committed :amount",
            condition="attribute_not_exists(#committed) OR #committed <= :bound",
            values={"amount": amount, "bound": limit - amount},
            otherwise=Exhausted,
        )


def release(tx: Transaction, period: str, dimension: str, amount: int) -> None:
    """Give back what was reserved and will not be used."""
    if amount > 0:
        tx.update(
            Table.CORE,
            key(tx.partition, period, dimension),
            "ADD #committed :less",
            values={"less": -amount},
        )


def settle(
    partition: str, period: str, dimension: str, *, reserved: int, used: int, tx: Transaction
) -> None:
    """Turn a reservation into what was really used; what is left over can be reserved again.

    What raises `used` makes a job of the counter, due in a minute: a threshold may be crossed. All
    that is settled until then has that one job.
    """
    counter = key(partition, period, dimension)
    expression = "ADD #committed :difference, #used :used"
    values: Item = {"difference": used - reserved, "used": used}
    if used > 0:
        values |= _due(counter)
        expression = f"{_DUE} {expression}"
    tx.update(Table.CORE, counter, expression, values=values)


def look_again(partition: str, anchor_day: int, tx: Transaction) -> None:
    """Have it told what is used in the billing cycle of now, though it has not grown.

    For a change of the limits or thresholds that it is compared with. `looks` tells the counter's
    job from one that was begun before.
    """
    period = plans.period(anchor_day).label
    for dimension, counter in counters(partition, period).items():
        if counter.get("used"):
            place = key(partition, period, dimension)
            values = {**_due(place), "one": 1}
            tx.update(Table.CORE, place, f"{_DUE} ADD #looks :one", values=values)


# Also of one that gave up: then it is due at once.
_DUE = "SET #gsi2pk = :gsi2pk, #gsi2sk = if_not_exists(#gsi2sk, :gsi2sk) REMOVE #given_up_at"


def _due(counter: Key) -> Item:
    return jobs.due(jobs.USAGE, "#".join(counter), clock.now() + jobs.RELAY_GRACE)
