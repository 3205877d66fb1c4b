"""What a table's stream tells the relay: the changes since it was last asked."""

from collections.abc import Iterable, Mapping
from typing import Any

from linkwright.table import Item
from tests.client import stream_event


class Stream:
    """Made of what is stored whenever it is asked: changes between two times are one.

    Only what the template's filter lets through: items that ask for a message.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Item] = {}

    def changes(self, rows: Iterable[Item]) -> list[tuple[Item | None, Item]]:
        """What is there now that was not, or was otherwise, in the order of the sort keys."""
        known, self._known = self._known, {(item["pk"], item["sk"]): item for item in rows}
        changed = [
            (known.get(where), item)
            for where, item in self._known.items()
            if "outbox" in item and known.get(where) != item
        ]
        return sorted(changed, key=lambda change: str(change[1]["sk"]))

    def event(self, rows: Iterable[Item]) -> Mapping[str, Any] | None:
        """The changes as an event; None if there are none."""
        changes = self.changes(rows)
        return stream_event(*changes) if changes else None
