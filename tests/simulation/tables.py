"""DynamoDB in memory: the template's tables behind the five calls of the client that are used.

One at a time: it is for a process whose threads take turns. `test_tables.py` holds it against the
real client on an emulator.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, ClassVar, NamedTuple

from linkwright.client import core
from linkwright.table import Item
from tests.simulation import expressions
from tests.simulation.evaluation import Scope
from tests.simulation.expressions import Expression
from tests.simulation.storage import Clock, Table
from tests.simulation.values import copied, refused
from tools.template import template

_READ = SimpleNamespace(consumed_rcu=1.0, consumed_wcu=None)
_WRITTEN = SimpleNamespace(consumed_rcu=None, consumed_wcu=1.0)
_KEY_CONDITION = re.compile(r"\s*(#?\w+)\s*=\s*(:\w+)(?:\s+AND\s+(.+))?\s*", re.IGNORECASE)

_CONDITIONS = ("condition_expression", "filter_expression")


class Change(NamedTuple):
    """What a write did to one item; None where there is none. The items are not to be changed."""

    table: str
    before: Item | None
    after: Item | None


Listener = Callable[[list[Change]], None]


class Tables:
    """The driver. `names` says under which name each logical id of the template is deployed.

    `lag` draws for how many seconds, by the clock `now`, only a consistent read sees a write.
    """

    made_of: ClassVar[type[Table]] = Table

    def __init__(
        self,
        names: Mapping[str, str],
        now: Clock = lambda: 0.0,
        lag: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._tables = {
            names[logical_id]: self.made_of(resource["Properties"], now, lag)
            for logical_id, resource in template()["Resources"].items()
            if resource["Type"] == "AWS::DynamoDB::Table"
        }
        self._done: dict[str, list[Item]] = {}
        self.listeners: list[Listener] = []
        # By queries, whether or not a filter left them out.
        self.rows_read = 0

    def rows(self, table: str) -> list[Item]:
        """What is stored, to be looked at and not to be changed."""
        return list(self._table(table).items.values())

    def find(self, table: str, pk: str, sk: str) -> Item | None:
        """The same of one item."""
        return self._table(table).items.get((pk, sk))

    def partition(self, table: str, pk: str) -> Iterator[Item]:
        held = self._table(table)
        return (held.items[place[1:]] for place in held.own.partitions.get(pk, ()))

    def load(self, table: str, items: Iterable[Item]) -> None:
        """Have items there that nobody is told of."""
        for item in items:
            self._table(table).write(_key({"type": "put", "item": item}), item)

    # ---- the client's calls ---------------------------------------------------------------------

    def sync_get_item(
        self, table: str, key: Item, consistent_read: bool = False
    ) -> tuple[Item | None, Any]:
        item = self._table(table).find(key, is_consistent=consistent_read)
        return copied(item), _READ

    def sync_batch_get(self, table: str, keys: list[Item], consistent_read: bool) -> list[Item]:
        if len({(key["pk"], key["sk"]) for key in keys}) < len(keys):
            raise refused("Provided list of item keys contains duplicates")
        found = (self._table(table).find(key, is_consistent=consistent_read) for key in keys)
        return [copied(item) for item in found if item is not None]

    def sync_query_page(
        self, table: str, key_condition_expression: str, **options: Any
    ) -> tuple[list[Item], Item | None, Any]:
        is_consistent = bool(options.get("consistent_read"))
        index = self._table(table).index(options.get("index_name"), is_consistent=is_consistent)
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
        self.rows_read += len(read)
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
        after: Item = operation.get("item") or before or key
        if change := operation.get("update_expression"):
            after = expressions.update(change).evaluate(given._replace(item=after))
        else:
            after = copied(after)
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

    def _table(self, name: str) -> Table:
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
