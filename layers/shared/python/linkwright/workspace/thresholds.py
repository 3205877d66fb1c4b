"""Thresholds: who used so many percent of what the plan allows in a billing cycle is told once.

What is told is written on the counter, in the transaction of the events: these expire, and whoever
comes to a percent a second time, as after another plan, was told of it.
"""

from contextlib import suppress
from datetime import UTC, datetime

from linkwright import jobs, plans
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.notifications.operations import notify
from linkwright.table import ConditionFailed, Item, Table, get, update
from linkwright.transaction import Transaction
from linkwright.workspace import operations, usage
from linkwright.workspace.models import UsageThreshold
from linkwright.workspace.operations import Tenant

_TRIES = 5
_DONE = "REMOVE " + ", ".join(f"#{name}" for name in jobs.ATTRIBUTES)
# What is used only grows; a counter is due once more when it has, or another look was asked for.
_AS_SEEN = "#used = :seen AND attribute_exists(#gsi2pk) AND "
_LOOKS_AS_SEEN = ("attribute_not_exists(#looks)", "#looks = :looks")


class _Moved(Exception):
    """More is used by now, or other limits hold, or another delivery has told of it."""


def tell(work: Work) -> None:
    """Tell of the percents that a counter has come to; nothing if that is done.

    Raises `Unavailable` where what is used grows faster than it is told.
    """
    for _ in range(_TRIES):
        counter = get(Table.CORE, work.key)
        if counter is None or not jobs.is_due(counter):
            return
        with suppress(_Moved):
            _tell(work, counter)
            return
    raise Unavailable


def _tell(work: Work, counter: Item) -> None:
    partition = jobs.partition_of(work.pk)
    period, _, dimension = work.sk.partition("#")
    tenant = operations.tenant(partition)
    told: list[int] = list(counter.get("told", []))
    news = [percent for percent in _reached(tenant, dimension, counter) if percent not in told]
    if not news:
        _close(work, counter)
        return
    tx = Transaction(partition, "")
    for number, percent in enumerate(news, len(told) + 1):
        told_of = _shown(tenant, period, dimension, percent, counter)
        facts = told_of.model_dump(mode="json")
        tx.emit("usage.threshold", facts, sequence=number)
        notify(tx, "usage.threshold", _said(told_of), facts)
    tx.update(
        Table.CORE,
        work.key,
        f"SET #told = :told {_DONE}",
        condition=_as_seen(counter),
        values={"told": told + news, **_seen(counter)},
        otherwise=_Moved,
    )
    tx.commit()


def _reached(tenant: Tenant, dimension: str, counter: Item) -> list[int]:
    """By what is used: what is reserved may still be given back."""
    limit, used = getattr(tenant.plan, dimension), counter["used"]
    return [one for one in tenant.settings.usage_thresholds if used * 100 >= one * limit]


def _shown(
    tenant: Tenant, period: str, dimension: str, percent: int, counter: Item
) -> UsageThreshold:
    start = datetime.fromisoformat(period).replace(tzinfo=UTC)
    return UsageThreshold(
        period=usage.cycle(plans.period(tenant.anchor_day, start)),
        dimension=dimension,
        percent=percent,
        **vars(usage.allowance(tenant.plan, dimension, counter)),
    )


def _said(told_of: UsageThreshold) -> str:
    what = told_of.dimension.replace("_", " ").replace("ai ", "AI ")
    return f"{told_of.percent} % of the {what} of this billing cycle are used."


def _close(work: Work, counter: Item) -> None:
    try:
        update(Table.CORE, work.key, _DONE, condition=_as_seen(counter), values=_seen(counter))
    except ConditionFailed:
        raise _Moved from None


def _as_seen(counter: Item) -> str:
    return _AS_SEEN + _LOOKS_AS_SEEN["looks" in counter]


def _seen(counter: Item) -> Item:
    looks = {"looks": counter["looks"]} if "looks" in counter else {}
    return {"seen": counter["used"], **looks}
