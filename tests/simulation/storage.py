"""Items in the order of their keys: one table, and the indexes that follow it."""

import marshal
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydynox.size import calculate_item_size

from linkwright.table import Item
from tests.simulation.values import copied, refused

Position = tuple[str, str, str]
# In seconds.
Clock = Callable[[], float]
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
_MOST_BYTES = 400 * 1024


class Index:
    """The order of a table's items by some key; the table itself is one, by its own key."""

    def __init__(self, name: str, declared: Mapping[str, Any]) -> None:
        self.name = name
        self.hash, self.range = (key["AttributeName"] for key in declared["KeySchema"])
        projection = declared.get("Projection", {"ProjectionType": "ALL"})
        self._shown = None
        if projection["ProjectionType"] != "ALL":
            named = projection.get("NonKeyAttributes", [])
            self._shown = {"pk", "sk", self.hash, self.range, *named}
        self.partitions: dict[str, list[Position]] = defaultdict(list)
        # The items as the index knows them: it may be behind the table.
        self.rows: dict[tuple[str, Position], Item] = {}

    def holds(self, item: Item) -> bool:
        return self.hash in item and self.range in item

    def replace(self, old: Item | None, new: Item | None) -> None:
        before = self._place(old) if old and self.holds(old) else None
        after = self._place(new) if new and self.holds(new) else None
        if before and before != after:
            order = self.partitions[before[0]]
            del order[bisect_left(order, before[1])]
            del self.rows[before]
        if new and after:
            if before != after:
                insort(self.partitions[after[0]], after[1])
            self.rows[after] = new

    def page(
        self, partition: str, start: Item | None, *, forward: bool
    ) -> Sequence[Position] | Iterator[Position]:
        order = self.partitions.get(partition, [])
        if start is None:
            return order if forward else reversed(order)
        held, position = self._place(start)
        if held != partition:
            raise refused("The provided starting key is outside query boundaries")
        if forward:
            return order[bisect_right(order, position) :]
        return reversed(order[: bisect_left(order, position)])

    def shown(self, item: Item) -> Item:
        shown = self._shown
        seen = item if shown is None else {name: item[name] for name in item if name in shown}
        found: Item = copied(seen)
        return found

    def find(self, key: Item) -> Item | None:
        """By the table's own key."""
        return self.rows.get((key["pk"], (key["sk"], key["pk"], key["sk"])))

    def key(self, item: Item) -> Item:
        return {name: item[name] for name in (self.hash, self.range, "pk", "sk")}

    def require_strings(self, item: Item) -> None:
        for name in (self.hash, self.range):
            if name in item and (not isinstance(item[name], str) or not item[name]):
                raise refused(f"The key attribute {name} must be a string that is not empty")

    def _place(self, item: Item) -> tuple[str, Position]:
        return item[self.hash], (item[self.range], item["pk"], item["sk"])


class Table:
    """Its indexes learn of each write after a `lag`, in the order of the writes.

    So does the replica, which answers for the table where nobody asks for a consistent read.
    """

    def __init__(self, declared: Mapping[str, Any], now: Clock, lag: Callable[[], float]) -> None:
        self._now = now
        self._lag = lag
        self._behind: deque[tuple[float, Item | None, Item | None]] = deque()
        self.items: dict[tuple[str, str], Item] = {}
        self.own, self.replica = Index("", declared), Index("", declared)
        more = declared.get("GlobalSecondaryIndexes", [])
        self.indexes = {index["IndexName"]: Index(index["IndexName"], index) for index in more}

    def find(self, key: Item, *, is_consistent: bool = True) -> Item | None:
        self.own.require_strings(key)
        if is_consistent:
            return self.items.get((key["pk"], key["sk"]))
        return self.index(None, is_consistent=False).find(key)

    def check(self, key: Item, item: Item) -> None:
        if any(item.get(name) != key[name] for name in key):
            raise refused("Cannot update an attribute that is part of the key")
        for index in (self.own, *self.indexes.values()):
            index.require_strings(item)
        # To marshal it takes a hundredth of the time, and tells whether it may be.
        if (
            len(marshal.dumps(item, 2)) > _MOST_BYTES // 2
            and calculate_item_size(item).bytes > _MOST_BYTES
        ):
            raise refused("Item size has exceeded the maximum allowed size")

    def write(self, key: Item, after: Item | None) -> Item | None:
        """Put the item there, or none. Returns what was there before."""
        where = (key["pk"], key["sk"])
        before = self.items.pop(where, None)
        if after is not None:
            self.items[where] = after
        self.own.replace(before, after)
        self._behind.append((self._now() + self._lag(), before, after))
        return before

    def catch_up(self, until: float | None) -> None:
        """Let the indexes know what they should have learned by a moment, or all there is."""
        while self._behind and (until is None or self._behind[0][0] <= until):
            _, before, after = self._behind.popleft()
            for index in (self.replica, *self.indexes.values()):
                index.replace(before, after)

    def index(self, name: str | None, *, is_consistent: bool) -> Index:
        self.catch_up(self._now())
        if not name:
            return self.own if is_consistent else self.replica
        if name not in self.indexes:
            raise refused(f"The table does not have the specified index: {name}")
        if is_consistent:
            raise refused("Consistent reads are not supported on global secondary indexes")
        return self.indexes[name]
