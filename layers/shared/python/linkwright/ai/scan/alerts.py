"""Alerts that are open: one for each kind and link, from the scan that found it to the one that
finds it over. The next one is another.
"""

from collections.abc import Iterable
from typing import NamedTuple

from linkwright import clock, ids
from linkwright.ai.scan.judging import Finding
from linkwright.ai.scan.models import AlertKind
from linkwright.notifications.operations import notify
from linkwright.table import Item, Key, Table, get_many, query
from linkwright.transaction import Outrun, Transaction

_FIRST = 1
# How many items of a transaction an alert takes.
OPERATIONS = 3
_AS_SEEN = "#id = :id AND #level = :level"


class Place(NamedTuple):
    """What an alert is of."""

    kind: AlertKind
    link: str


def key(partition: str, place: Place) -> Key:
    return Key(_partition(partition), f"{place.kind}#{place.link}")


def opened(partition: str, places: Iterable[Place], besides: Key) -> dict[Place, Item]:
    """Up to 99 places at which an alert is open: by one strong read, with an item that is there."""
    keys = {place: key(partition, place) for place in places}
    found = get_many(Table.CORE, [besides, *keys.values()], strong=True)
    return {place: found[where] for place, where in keys.items() if where in found}


def page(partition: str, behind: Item, limit: int) -> tuple[list[Place], Item | None]:
    """Places at which one is open, from the `beginning` on, and the key to go on from."""
    rows, reached = query(
        Table.CORE,
        behind["pk"],
        start_after=behind,
        limit=limit,
        newest_first=False,
        strong=True,
    )
    return [Place(row["kind"], row["link"]) for row in rows], reached


def beginning(partition: str) -> Item:
    """A key before all of them."""
    return Key(_partition(partition), "#").attributes()


def is_among(partition: str, behind: Item) -> bool:
    """Whether a key to go on from is one of alerts."""
    return bool(behind["pk"] == _partition(partition))


def tell(tx: Transaction, link: Item, found: Finding, before: Item | None) -> None:
    """Open an alert of a link, or have one that is open told again. Raises `Outrun` at the commit
    where somebody else has told it.
    """
    view = link["view"]
    where = key(tx.partition, Place(found.kind, view["id"]))
    alert: Item = {
        "id": ids.new("alr"),
        "kind": found.kind,
        "link_id": view["id"],
        "short_url": view["short_url"],
        "message": found.message,
        "data": found.data,
        "created_at": clock.timestamp(),
    }
    kept = {"kind": found.kind, "link": view["id"], "id": alert["id"], "level": found.level}
    tx.put(
        Table.CORE,
        {**where.attributes(), **kept},
        condition=_AS_SEEN if before else "attribute_not_exists(#pk)",
        values=_seen(before) if before else None,
        otherwise=Outrun,
    )
    data = {"kind": found.kind, **found.data}
    notify(tx, "link.alert", found.message, data, link_id=view["id"])
    tx.emit("link.alert", alert, sequence=_FIRST)


def lower(tx: Transaction, before: Item, level: int) -> None:
    """It still holds, and less: what rises again is told again."""
    tx.update(
        Table.CORE,
        Key(before["pk"], before["sk"]),
        "SET #level = :lower",
        condition=_AS_SEEN,
        values={**_seen(before), "lower": level},
        otherwise=Outrun,
    )


def clear(tx: Transaction, before: Item) -> None:
    """It is over."""
    where = Key(before["pk"], before["sk"])
    tx.delete(Table.CORE, where, condition=_AS_SEEN, values=_seen(before), otherwise=Outrun)


def _partition(partition: str) -> str:
    return f"W#{partition}#ALR"


def _seen(before: Item) -> Item:
    return {"id": before["id"], "level": before["level"]}
