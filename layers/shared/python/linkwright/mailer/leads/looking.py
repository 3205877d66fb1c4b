"""What is known of addresses before they become leads: whose they are, and who is suppressed."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from linkwright import clock
from linkwright.mailer import items
from linkwright.table import Item, Key, Table, get_many, query

_READ_AT_ONCE = 99


class Known(NamedTuple):
    """By the hash of an address: its row, which names the lead, and that nothing is mailed to it.

    `others` are what was asked for besides, by their keys.
    """

    rows: dict[str, Item]
    suppressed: set[str]
    others: dict[Key, Item]


def look(
    partition: str,
    campaign_id: str,
    hashes: Sequence[str],
    *,
    in_workspace: bool = False,
    others: Iterable[Key] = (),
) -> Known:
    """Strongly: what was pushed a moment ago is seen. `in_workspace` asks for any campaign's."""
    of = {items.address_key(partition, one, campaign_id): one for one in hashes}
    stops = {items.suppression_key(partition, one): one for one in hashes}
    found = _read(partition, campaign_id, [*others, *of, *stops])
    rows = {of[key]: row for key, row in found.items() if key in of}
    if in_workspace:
        for one in hashes:
            if one not in rows and (row := _elsewhere(partition, one)):
                rows[one] = row
    return Known(
        rows,
        {stops[key] for key, row in found.items() if key in stops and holds(row)},
        {key: row for key, row in found.items() if key not in of and key not in stops},
    )


def holds(suppression: Item) -> bool:
    """Whether an entry of the suppression list holds still: some are for a while."""
    until = suppression["view"].get("until")
    return until is None or clock.now() < clock.parse(until)


def _read(partition: str, campaign_id: str, keys: list[Key]) -> dict[Key, Item]:
    # With one that is there for certain: an answer without any proves nothing.
    anchor = items.campaign_key(partition, campaign_id)
    found: dict[Key, Item] = {}
    for at in range(0, len(keys), _READ_AT_ONCE):
        found |= get_many(Table.CORE, [anchor, *keys[at : at + _READ_AT_ONCE]], strong=True)
    return found


def _elsewhere(partition: str, address_hash: str) -> Item | None:
    where = items.address_partition(partition, address_hash)
    rows, _ = query(Table.CORE, where, limit=1, strong=True)
    return rows[0] if rows else None
