"""Every AWS call on a request's path, and the capacity it consumes: that is the bill.

Units are computed from the items by DynamoDB's published rules (the emulators do not weigh what a
query reads): half a unit for each 4 KB read eventually, one if strongly; one for each KB written,
two in a transaction, and one for each KB of each index entry it makes.
"""

from dataclasses import dataclass, field
from math import ceil
from typing import Any

from pydynox.size import calculate_item_size

from linkwright import table
from linkwright.table import Item

READ_BYTES = 4096
WRITE_BYTES = 1024


@dataclass
class Meter:
    """The client, with a count of its calls and of the units they consume."""

    driver: table.Driver
    calls: list[str] = field(default_factory=list)
    read_units: float = 0
    write_units: int = 0

    def reset(self) -> None:
        self.calls, self.read_units, self.write_units = [], 0, 0

    def sync_get_item(self, *args: Any, **options: Any) -> Any:
        self.calls.append("GetItem")
        answer = self.driver.sync_get_item(*args, **options)
        self.read_units += max(ceil(_size(answer[0] or {}) / READ_BYTES), 1)
        return answer

    def sync_batch_get(self, *args: Any) -> Any:
        self.calls.append("BatchGetItem")
        answer = self.driver.sync_batch_get(*args)
        # Each by itself, also one that is not there.
        missing = len(args[1]) - len(answer)
        units = sum(ceil(_size(item) / READ_BYTES) for item in answer) + missing
        self.read_units += units if args[2] else units / 2
        return answer

    def sync_query_page(self, *args: Any, **options: Any) -> Any:
        self.calls.append("Query")
        answer = self.driver.sync_query_page(*args, **options)
        units = max(ceil(sum(map(_size, answer[0])) / READ_BYTES), 1)
        self.read_units += units if options.get("consistent_read") else units / 2
        return answer

    def sync_update_item(self, *args: Any, **options: Any) -> Any:
        self.calls.append("UpdateItem")
        answer = self.driver.sync_update_item(*args, **options)
        self.write_units += ceil(_size(answer[0]) / WRITE_BYTES)
        return answer

    def sync_transact_write(self, operations: list[Item], **options: Any) -> None:
        self.calls.append("TransactWriteItems")
        deleted = {at: self._stored(o) for at, o in enumerate(operations) if o["type"] == "delete"}
        self.driver.sync_transact_write(operations, **options)
        for at, operation in enumerate(operations):
            item = operation.get("item") or deleted.get(at) or self._stored(operation)
            self.write_units += 2 * max(ceil(_size(item) / WRITE_BYTES), 1)
            if operation["type"] == "put":
                self.write_units += sum(ceil(_size(e) / WRITE_BYTES) for e in _index_entries(item))

    def _stored(self, operation: Item) -> Item:
        """As it is now; what is asked for to be absent is none, and costs a unit all the same."""
        item, _ = self.driver.sync_get_item(operation["table"], operation["key"], True)
        return item or {}


def _size(item: Item) -> int:
    return calculate_item_size(item).bytes


def _index_entries(item: Item) -> list[Item]:
    names = [index for index in ("gsi1", "gsi2", "gsi3", "gsi4") if f"{index}pk" in item]
    return [
        {
            name: value
            for name, value in item.items()
            if name in {"pk", "sk", f"{index}pk", f"{index}sk"} or (name, index) in _PROJECTED
        }
        for index in names
    ]


_PROJECTED = {("view", "gsi1"), ("view", "gsi3"), ("view", "gsi4")}
