"""Reading the rows that clicks were counted into, from one to another."""

from collections import Counter
from collections.abc import Iterable, Mapping

from linkwright.table import Item, Key, Table, pages

_PAGE = 1000


def between(low: Key, high: Key) -> dict[str, Item]:
    """Both of them included, by their sort keys: those of a quarter are one page."""
    where = (low.sk, high.sk)
    read = pages(Table.METRICS, low.pk, between=where, limit=_PAGE, newest_first=False)
    return {row["sk"]: row for rows in read for row in rows}


def total(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total = Counter[str]()
    for one in counts:
        total.update({name: n for name, n in one.items() if isinstance(n, int)})
    return total
