"""Counting clicks, each once: it is marked in the transaction that adds it to its rows.

The stream says twice what it said before, and cuts its batches anew: what is marked is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from zoneinfo import ZoneInfo

from linkwright import relay
from linkwright.errors import Unavailable
from linkwright.jobs import Change
from linkwright.links.metrics import noticing, rows
from linkwright.links.metrics.rows import MOST_NAMES, OPEN, Place, Row
from linkwright.observability import count, log_failure
from linkwright.table import Item, Key, Table, get, get_many
from linkwright.transaction import Transaction
from linkwright.workspace import operations

# With at most ten rows, below what a transaction takes.
MOST_CLICKS = 80
# How often it is begun anew: where some are counted, and for each row that has no room.
_TRIES = 12
_MOST_ROWS_KNOWN = 5_000
_FREE = "attribute_not_exists(#{0}) OR size(#{0}) <= :{0}_before"

Zones = dict[str, ZoneInfo]


class _Counted(Exception):
    """One of them at least, or it is there no more."""


class _NoRoom(Exception):
    """A row has as many names of a dimension as it takes."""

    def __init__(self, row: Key) -> None:
        super().__init__()
        self.row = row


def count_all(changes: Sequence[Change]) -> None:
    """Raises `Unavailable` if some could not be counted now, when the others are.

    One that cannot be read holds no other up: it is named and counted as broken.
    """
    zones: Zones = {}
    groups: dict[Place, dict[Key, Item]] = {}
    is_away = False
    for _, item in changes:
        try:
            place = rows.place(item, _zone(item["partition"], zones))
            groups.setdefault(place, {})[Key(item["pk"], item["sk"])] = item
        except Unavailable:
            is_away = True
        except Exception as failure:  # noqa: BLE001 -- see above
            _note_broken(item, failure)
    for place, clicks in groups.items():
        for few in _few(list(clicks.values())):
            is_away |= not _is_seen_to(place, few, zones[place.partition])
    if is_away:
        raise Unavailable


def _is_seen_to(place: Place, clicks: Sequence[Item], zone: ZoneInfo) -> bool:
    """False if it is to be tried again."""
    try:
        _count(place, clicks, zone)
        noticing.look(place, clicks)
    except Unavailable:
        return False
    except Exception as failure:  # noqa: BLE001 -- as above
        if len(clicks) == 1:
            _note_broken(clicks[0], failure)
            return True
        apart = [_is_seen_to(place, [one], zone) for one in clicks]
        return all(apart)
    return True


def _count(place: Place, clicks: Sequence[Item], zone: ZoneInfo) -> None:
    for _ in range(_TRIES):
        if not clicks:
            return
        tx = Transaction(place.partition, "")
        for one in clicks:
            tx.update(
                Table.CLICKS,
                Key(one["pk"], one["sk"]),
                "SET #counted = :yes",
                condition="attribute_exists(#pk) AND attribute_not_exists(#counted)",
                values={"yes": True},
                otherwise=_Counted,
            )
        for row in rows.rows(place, clicks, zone):
            _add(tx, row)
        try:
            tx.commit()
        except _Counted:
            clicks = _uncounted(clicks)
        except _NoRoom as full:
            _look_up(full.row)
        else:
            count("clicks_counted", len(clicks))
            return
    raise Unavailable


def _uncounted(clicks: Sequence[Item]) -> list[Item]:
    keys = [Key(one["pk"], one["sk"]) for one in clicks]
    try:
        found = get_many(Table.CLICKS, keys, strong=True)
    except Unavailable:
        # Or none of them is there: one by one that can be told.
        found = {key: item for key in keys if (item := get(Table.CLICKS, key)) is not None}
    is_open = {key for key, item in found.items() if "counted" not in item}
    return [one for one, key in zip(clicks, keys, strict=True) if key in is_open]


# ---- rows, and the names that they have room for -------------------------------------------------


def _add(tx: Transaction, row: Row) -> None:
    adds, listed = _fitting(row)
    # A name is no word that an expression may have.
    names = {f"n{at}": name for at, name in enumerate(sorted(adds))}
    values: Item = {short: adds[name] for short, name in names.items()} | listed
    conditions = []
    for attribute in listed:
        conditions.append(_FREE.format(attribute))
        values[f"{attribute}_before"] = MOST_NAMES - len(listed[attribute])
    expression = f"ADD {', '.join(f'#{name} :{name}' for name in [*names, *listed])}"
    if row.ttl is not None:
        expression = f"SET #ttl = :ttl {expression}"
        values["ttl"] = row.ttl
    tx.update(
        Table.METRICS,
        row.key,
        expression,
        condition=" AND ".join(f"({one})" for one in conditions) or None,
        values=values,
        names=names,
        otherwise=partial(_NoRoom, row.key),
    )


def _fitting(row: Row) -> tuple[Mapping[str, int], dict[str, set[str]]]:
    """What is added, and which names are new to the row, by the attribute that lists them."""
    adds, listed = dict(row.adds), {}
    for dimension, attribute in OPEN.items():
        wanted = rows.names(adds, dimension)
        known = _known().get((row.key, attribute))
        new = sorted(wanted - known if known is not None else wanted)
        room = MOST_NAMES - len(known or ())
        for name in new[max(room, 0) :]:
            _fold(adds, name)
        if new[: max(room, 0)]:
            listed[attribute] = set(new[:room])
    return adds, listed


def _fold(adds: dict[str, int], name: str) -> None:
    number, into = adds.pop(name), rows.folded(name)
    if into is not None:
        adds[into] = adds.get(into, 0) + number


def _look_up(row: Key) -> None:
    """Learn which names a row has; it never has fewer of them later."""
    if len(_known()) > _MOST_ROWS_KNOWN:
        _known().clear()
    found = get(Table.METRICS, row) or {}
    for attribute in OPEN.values():
        _known()[row, attribute] = set(found.get(attribute, ()))


@cache
def _known() -> dict[tuple[Key, str], set[str]]:
    return {}


# ---- others --------------------------------------------------------------------------------------


def _zone(partition: str, zones: Zones) -> ZoneInfo:
    """Raises `LookupError` for a workspace that is not there."""
    if partition not in zones:
        zones[partition] = ZoneInfo(operations.tenant(partition).settings.time_zone)
    return zones[partition]


def _few(clicks: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (clicks[at : at + MOST_CLICKS] for at in range(0, len(clicks), MOST_CLICKS))


def _note_broken(item: Item, failure: Exception) -> None:
    log_failure("not counted", failure, **relay.named(item))
    count("clicks_broken")


def forget() -> None:
    """What a process knows of rows."""
    _known().clear()
