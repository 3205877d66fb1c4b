"""What a table's stream tells the relay: the changes since it was last asked."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from linkwright.table import Item
from tests.client import stream_event

# What the template's filters let through, of an item as it was and is.
FILTERS: Mapping[str, Callable[[Item | None, Item], bool]] = {
    "CoreTable": lambda _, item: "outbox" in item,
    "ClicksTable": lambda before, item: before is None and "count" in item,
}


class Stream:
    """Made of what is stored whenever it is asked: changes between two times are one."""

    def __init__(self, table: str = "CoreTable") -> None:
        self._asks = FILTERS[table]
        self._known: dict[tuple[str, str], Item] = {}

    def changes(self, rows: Iterable[Item]) -> list[tuple[Item | None, Item]]:
        """What is there now that was not, or was otherwise, in the order of the sort keys."""
        known, self._known = self._known, {(item["pk"], item["sk"]): item for item in rows}
        changed = [
            (before, item)
            for where, item in self._known.items()
            # Most are the same objects, and to compare two of them takes a while.
            if (before := known.get(where)) is not item
            and before != item
            and self._asks(before, item)
        ]
        return sorted(changed, key=lambda change: str(change[1]["sk"]))

    def event(self, rows: Iterable[Item]) -> Mapping[str, Any] | None:
        """The changes as an event; None if there are none."""
        changes = self.changes(rows)
        return stream_event(*changes) if changes else None
