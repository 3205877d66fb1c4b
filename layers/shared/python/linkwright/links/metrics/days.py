"""Reading the rows that clicks were counted into, from one to another."""

from collections import Counter
from collections.abc import Iterable, Mapping

from linkwright.table import Item, Key, Table, query

_PAGE = 1000


def between(low: Key, high: Key) -> dict[str, Item]:
    """Both of them included, by their sort keys: those of a quarter are one page."""
    found: dict[str, Item] = {}
    behind: Item | None = None
    while True:
        page, behind = query(
            Table.METRICS,
            low.pk,
            between=(low.sk, high.sk),
            start_after=behind,
            limit=_PAGE,
            newest_first=False,
        )
        found |= {row["sk"]: row for row in page}
        if behind is None:
            return found


def total(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total = Counter[str]()
    for one in counts:
        total.update({name: n for name, n in one.items() if isinstance(n, int)})
    return total
