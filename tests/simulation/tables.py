"""DynamoDB in memory: the template's tables behind the four calls of the client that are used.

One at a time: it is for a process whose threads take turns. `test_tables.py` holds it against the
real client on an emulator.
"""

import re
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from linkwright.client import core
from linkwright.table import Item
from tests.simulation import expressions
from tests.simulation.expressions import Expression, Scope
from tests.simulation.values import copied, refused
from tools.template import template

_READ = SimpleNamespace(consumed_rcu=1.0, consumed_wcu=None)
_WRITTEN = SimpleNamespace(consumed_rcu=None, consumed_wcu=1.0)
_KEY_CONDITION = re.compile(r"\s*(#?\w+)\s*=\s*(:\w+)(?:\s+AND\s+(.+))?\s*", re.IGNORECASE)

_CONDITIONS = ("condition_expression", "filter_expression")

Position = tuple[str, str, str]
# In seconds.
Clock = Callable[[], float]


class Change(NamedTuple):
    """What a write did to one item; None where there is none. The items are not to be changed."""

    table: str
    before: Item | None
    after: Item | None


Listener = Callable[[list[Change]], None]


class _Index:
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

    def key(self, item: Item) -> Item:
        return {name: item[name] for name in (self.hash, self.range, "pk", "sk")}

    def require_strings(self, item: Item) -> None:
        for name in (self.hash, self.range):
            if name in item and (not isinstance(item[name], str) or not item[name]):
                raise refused(f"The key attribute {name} must be a string that is not empty")

    def _place(self, item: Item) -> tuple[str, Position]:
        return item[self.hash], (item[self.range], item["pk"], item["sk"])


class _Table:
    """Its indexes learn of each write after a `lag`, in the order of the writes."""

    def __init__(self, declared: Mapping[str, Any], now: Clock, lag: Callable[[], float]) -> None:
        self._now = now
        self._lag = lag
        self._behind: deque[tuple[float, Item | None, Item | None]] = deque()
        self.items: dict[tuple[str, str], Item] = {}
        self.own = _Index("", declared)
        more = declared.get("GlobalSecondaryIndexes", [])
        self.indexes = {index["IndexName"]: _Index(index["IndexName"], index) for index in more}

    def find(self, key: Item) -> Item | None:
        self.own.require_strings(key)
        return self.items.get((key["pk"], key["sk"]))

    def check(self, key: Item, item: Item) -> None:
        if any(item.get(name) != key[name] for name in key):
            raise refused("Cannot update an attribute that is part of the key")
        for index in (self.own, *self.indexes.values()):
            index.require_strings(item)

    def write(self, key: Item, after: Item | None) -> Item | None:
        """Put the item there, or none. Returns what was there before."""
        where = (key["pk"], key["sk"])
        before = self.items.pop(where, None)
        if after is not None:
            self.items[where] = after
        self.own.replace(before, after)
        if self.indexes:
            self._behind.append((self._now() + self._lag(), before, after))
        return before

    def catch_up(self, until: float | None) -> None:
        """Let the indexes know what they should have learned by a moment, or all there is."""
        while self._behind and (until is None or self._behind[0][0] <= until):
            _, before, after = self._behind.popleft()
            for index in self.indexes.values():
                index.replace(before, after)

    def index(self, name: str | None) -> _Index:
        self.catch_up(self._now())
        if name and name not in self.indexes:
            raise refused(f"The table does not have the specified index: {name}")
        return self.indexes[name] if name else self.own


class Tables:
    """The driver. `names` says under which name each logical id of the template is deployed.

    `lag` draws how many seconds an index is behind, by the clock `now`; without it, none is.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        now: Clock = lambda: 0.0,
        lag: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._tables = {
            names[logical_id]: _Table(resource["Properties"], now, lag)
            for logical_id, resource in template()["Resources"].items()
            if resource["Type"] == "AWS::DynamoDB::Table"
        }
        self._done: dict[str, list[Item]] = {}
        self.listeners: list[Listener] = []

    def rows(self, table: str) -> list[Item]:
        """What is stored, to be looked at and not to be changed."""
        return list(self._table(table).items.values())

    def find(self, table: str, pk: str, sk: str) -> Item | None:
        """The same of one item."""
        return self._table(table).items.get((pk, sk))

    def partition(self, table: str, pk: str) -> Iterator[Item]:
        held = self._table(table)
        return (held.items[place[1:]] for place in held.own.partitions.get(pk, ()))

    def catch_up(self) -> None:
        """Let every index know what was written."""
        for table in self._tables.values():
            table.catch_up(None)

    def first(self, table: str, index: str) -> str | None:
        """The lowest sort key of an index that has caught up, whatever its partition."""
        self.catch_up()
        partitions = self._table(table).indexes[index].partitions.values()
        return min((order[0][0] for order in partitions if order), default=None)

    # ---- the client's calls ---------------------------------------------------------------------

    def sync_get_item(
        self, table: str, key: Item, consistent_read: bool = False
    ) -> tuple[Item | None, Any]:
        item = self._table(table).find(key)
        return copied(item), _READ

    def sync_query_page(
        self, table: str, key_condition_expression: str, **options: Any
    ) -> tuple[list[Item], Item | None, Any]:
        index = self._table(table).index(options.get("index_name"))
        filtered = options.get("filter_expression")
        matched = _KEY_CONDITION.fullmatch(key_condition_expression)
        if not matched:
            raise refused("Invalid KeyConditionExpression")
        given = _given(options, key_condition_expression)
        if given.names.get(matched[1], matched[1]) != index.hash:
            raise refused(f"Query condition missed key schema element: {index.hash}")
        partition = given.values[matched[2]]
        order = index.page(
            partition,
            options.get("exclusive_start_key"),
            forward=options.get("scan_index_forward", True) is not False,
        )
        within = (index.rows[(partition, place)] for place in order)
        read, is_full = _first(within, matched[3], given, options.get("limit"))
        rows = [index.shown(item) for item in read if _holds(filtered, item, given)]
        return rows, index.key(read[-1]) if is_full else None, _READ

    def sync_update_item(self, table: str, key: Item, **options: Any) -> tuple[Item | None, Any]:
        operation = {"type": "update", "table": table, "key": key, **options}
        after = self._after(operation, _given(operation))
        self._tell([self._write(table, key, after)])
        return copied(after) if options.get("return_values") == "ALL_NEW" else None, _WRITTEN

    def sync_transact_write(
        self, operations: list[Item], *, client_request_token: str | None = None
    ) -> None:
        if client_request_token in self._done:
            if self._done[client_request_token] != operations:
                raise core.IdempotentParameterMismatchException("Request token already in use")
            return
        self._require_distinct(operations)
        givens = [_given(operation) for operation in operations]
        outcomes = [self._outcome(*one) for one in zip(operations, givens, strict=True)]
        if any(code != "None" for code, _ in outcomes):
            raise cancelled([code for code, _ in outcomes])
        changes = [
            self._write(operation["table"], _key(operation), after)
            for operation, (_, after) in zip(operations, outcomes, strict=True)
            if operation["type"] != "condition_check"
        ]
        if client_request_token:
            self._done[client_request_token] = copied(operations)
        self._tell(changes)

    # ---- writing --------------------------------------------------------------------------------

    def _outcome(self, operation: Item, given: Scope) -> tuple[str, Item | None]:
        """The code of the cancellation reason, and the item as it will be."""
        try:
            return "None", self._after(operation, given)
        except core.ConditionalCheckFailedException:
            return "ConditionalCheckFailed", None
        except core.ValidationException:
            return "ValidationError", None

    def _after(self, operation: Item, given: Scope) -> Item | None:
        table, key = self._table(operation["table"]), _key(operation)
        before = table.find(key)
        if not _holds(operation.get("condition_expression"), before or {}, given):
            raise core.ConditionalCheckFailedException("The conditional request failed")
        if operation["type"] in {"delete", "condition_check"}:
            return None
        after: Item = copied(operation.get("item") or before or key)
        if change := operation.get("update_expression"):
            expressions.update(change).evaluate(given._replace(item=after))
        table.check(key, after)
        return after

    def _write(self, table: str, key: Item, after: Item | None) -> Change:
        return Change(table, self._table(table).write(key, after), after)

    def _tell(self, changes: list[Change]) -> None:
        for listener in self.listeners:
            listener(changes)

    def _require_distinct(self, operations: list[Item]) -> None:
        places = [(operation["table"], *_key(operation).values()) for operation in operations]
        if not all(place[1] and place[2] for place in places):
            raise refused("The AttributeValue for a key attribute cannot be an empty string")
        if len(set(places)) < len(places):
            raise refused("Transaction request cannot include multiple operations on one item")

    def _table(self, name: str) -> _Table:
        if name not in self._tables:
            raise core.ResourceNotFoundException(f"Table '{name}' not found")
        return self._tables[name]


def cancelled(codes: list[str]) -> Exception:
    text = "Transaction cancelled, please refer cancellation reasons for specific reasons"
    refusal: Exception = core.TransactionCanceledException(f"{text} [{', '.join(codes)}]")
    return refusal


def _key(operation: Item) -> Item:
    whole = operation["item"] if operation["type"] == "put" else operation["key"]
    return {"pk": whole["pk"], "sk": whole["sk"]}


def _given(options: Item, key_condition: str | None = None) -> Scope:
    """Names and values, none of them missing and none too many."""
    names = options.get("expression_attribute_names") or {}
    values = options.get("expression_attribute_values") or {}
    texts = filter(None, (*map(options.get, _CONDITIONS), key_condition))
    parsed: list[Expression[Any]] = [expressions.condition(text) for text in texts]
    if change := options.get("update_expression"):
        parsed.append(expressions.update(change))
    if {placeholder for one in parsed for placeholder in one.placeholders} != {*names, *values}:
        raise refused("The placeholders of the expressions are not those that were given")
    if any(values[low] > values[high] for one in parsed for low, high in one.bounds):
        raise refused("The BETWEEN operator requires upper bound to be no less than lower bound")
    return Scope({}, names, {name: _taken(value) for name, value in values.items()})


def _taken(value: Any) -> Any:
    return value if type(value) in {str, int} else copied(value)


def _holds(text: str | None, item: Item, given: Scope) -> bool:
    return not text or expressions.condition(text).evaluate(given._replace(item=item))


def _first(
    rows: Iterator[Item], key_condition: str | None, given: Scope, limit: int | None
) -> tuple[list[Item], bool]:
    """The rows that the key condition admits, up to the limit, and whether the limit was met."""
    found: list[Item] = []
    for row in rows:
        if _holds(key_condition, row, given):
            found.append(row)
            if len(found) == limit:
                return found, True
    return found, False
