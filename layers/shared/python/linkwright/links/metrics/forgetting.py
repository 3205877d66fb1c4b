"""Forgetting who visited: the hashes of a day that is over, and first the salt they were made with.

Without its salt a hash tells nobody anything, whoever has it. What a run does not finish the next
one does: the salt's item, emptied, stays for as long as its day has visits.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from linkwright import clock, deadline
from linkwright.errors import Unavailable
from linkwright.links import items
from linkwright.links.redirect import salts
from linkwright.table import Item, Key, Table, query, update
from linkwright.transaction import Transaction

# How long before a day its salt is there, and how long after it somebody may be on the way still.
_AHEAD = timedelta(hours=2)
_AFTER = timedelta(hours=1)
# As many as a transaction deletes.
_PAGE = 100
# With less left nothing more is begun.
_RESERVE_S = 15.0
_MOST_DAYS = 10


def run() -> int:
    """Returns how many visits were deleted. Raises `Unavailable` if some are left.

    All salts first: without its salt a visit is nobody's, however long it lies there, and no day
    waits for another one's.
    """
    now = clock.now()
    for moment in (now, now + _AHEAD):
        salts.make(salts.day(moment))
    over = _over(now)
    for day in over:
        update(Table.CLICKS, items.salt_key(day), "REMOVE #salt")
    deleted, is_done = 0, True
    for day in over:
        try:
            deleted += _forget(day)
        except Unavailable:
            is_done = False
    if not is_done:
        raise Unavailable
    return deleted


def _over(now: datetime) -> list[str]:
    """The days that nobody visits on any more, of which something is there."""
    last = salts.day(now - _AFTER)
    first = items.salt_key("0")
    rows, _ = query(
        Table.CLICKS,
        first.pk,
        between=(first.sk, last),
        limit=_MOST_DAYS,
        newest_first=False,
        strong=True,
    )
    return [row["sk"] for row in rows if row["sk"] < last]


def _forget(day: str) -> int:
    deleted = sum(
        _delete(keys)
        for shard in range(items.VISIT_SHARDS)
        for keys in _pages(items.visits_partition(day, shard))
    )
    _delete([items.salt_key(day)])
    return deleted


def _pages(partition: str) -> Iterator[list[Key]]:
    behind: Item | None = None
    while True:
        if deadline.seconds_left() < _RESERVE_S:
            raise Unavailable
        rows, behind = query(
            Table.CLICKS,
            partition,
            start_after=behind,
            limit=_PAGE,
            newest_first=False,
            strong=True,
        )
        yield [Key(row["pk"], row["sk"]) for row in rows]
        if behind is None:
            return


def _delete(keys: list[Key]) -> int:
    """What is gone already stays that."""
    tx = Transaction("", "")
    for key in keys:
        tx.delete(Table.CLICKS, key, condition="")
    tx.commit()
    return len(keys)
