"""Lists of which a partition only tells which rows there are: each is read by itself."""

from collections.abc import Callable, Sequence

from linkwright.errors import Unavailable
from linkwright.pagination import MAX_LIMIT, Fetch, Place, Placed
from linkwright.table import Item, Key, Table, get_many


def looked_up(fetch: Fetch, key: Callable[[Item], Key], besides: Callable[[], Key]) -> Fetch:
    """`key` names the row that one of the partition tells of. It may be gone by now: the page is
    short then, and the list goes on behind it. `besides` tells of an item that is there.
    """

    def read(after: Place | None, count: int) -> tuple[list[Placed], Place | None]:
        rows, reached = fetch(after, count)
        # What is one too many is not shown.
        shown, more = rows[:MAX_LIMIT], rows[MAX_LIMIT:]
        keys = [key(row) for _, row in shown]
        found = get_any(Table.CORE, keys, besides)
        placed = zip(shown, keys, strict=True)
        there = [(row[0], found[key]) for row, key in placed if key in found]
        if len(there) < len(shown) and len(rows) == count:
            return there, shown[-1][0]
        return there + more, reached

    return read


def get_any(table: Table, keys: Sequence[Key], besides: Callable[[], Key]) -> dict[Key, Item]:
    """As `get_many`, where perhaps none is there any more: `besides` tells of one that is."""
    try:
        return get_many(table, keys)
    except Unavailable:
        parts = [[besides(), *keys[at : at + 99]] for at in range(0, len(keys), 99)]
        return {key: item for part in parts for key, item in get_many(table, part).items()}
