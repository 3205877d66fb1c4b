"""DynamoDB: get, query and update. With `transaction.py` the only code that uses its client."""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple, Protocol, TypeVar, cast

from linkwright import clock, deadline
from linkwright.client import core
from linkwright.errors import Unavailable
from linkwright.expressions import placeholders
from linkwright.settings import settings
from linkwright.startup import in_advance

Item = dict[str, Any]
Result = TypeVar("Result")

CONNECT_TIMEOUT_S = 1.0
READ_TIMEOUT_S = 3.0
ATTEMPTS = 2
# A call that might outlast the function is not begun: the function answers for itself instead.
CALL_BUDGET_S = ATTEMPTS * (CONNECT_TIMEOUT_S + READ_TIMEOUT_S) + 1

# What no retry can mend. Everything else that the client raises may be a passing fault.
_PERMANENT = (
    core.AccessDeniedException,
    core.ResourceNotFoundException,
    core.SerializationException,
    core.ValidationException,
)
# TransactionConflictException, of which the client passes on what it says and not its name.
_CONFLICT = re.compile(r"TransactionConflict|[Tt]ransaction is ongoing")
# About as long as a transaction is under way.
_CONFLICT_S = (0.01, 0.05)


class Table(StrEnum):
    CORE = "core"
    ACCESS = "access"
    IDEM = "idem"
    CLICKS = "clicks"
    METRICS = "metrics"
    LEDGER = "ledger"

    @property
    def deployed_name(self) -> str:
        return cast(str, getattr(settings(), f"{self}_table"))


class Key(NamedTuple):
    pk: str
    sk: str

    def attributes(self) -> Item:
        return {"pk": self.pk, "sk": self.sk}


def sort_key(index: str) -> str:
    """The attribute by which an index is sorted, or the table itself."""
    return "sk" if index in {"", "gsi3", "gsi4"} else f"{index}sk"


class Driver(Protocol):
    """The calls of the client that are used: the seam where tests count calls and inject faults."""

    def sync_get_item(
        self, table: str, key: Item, consistent_read: bool = False
    ) -> tuple[Item | None, Any]: ...
    def sync_batch_get(self, table: str, keys: list[Item], consistent_read: bool) -> list[Item]: ...
    def sync_query_page(
        self, table: str, key_condition_expression: str, **options: object
    ) -> tuple[list[Item], Item | None, Any]: ...
    def sync_update_item(
        self, table: str, key: Item, **options: object
    ) -> tuple[Item | None, Any]: ...
    def sync_transact_write(
        self, operations: list[Item], *, client_request_token: str | None = None
    ) -> None: ...


class ConditionFailed(Exception):
    """The item is not in the state that a conditional update asked for."""


class _Met(Unavailable):
    """A transaction is under way on the item, so nothing was done."""


@in_advance
@cache
def driver() -> Driver:
    """One client per process: its connections are kept."""
    client = core.DynamoDBClient(
        region=settings().aws_region,
        endpoint_url=settings().dynamodb_endpoint,
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        max_retries=ATTEMPTS,  # the client's word for attempts in all
    )
    return cast(Driver, client)


def run(operation: Callable[[], Result]) -> Result:
    """Make one call of the client. Raises `Unavailable` for a fault that may pass."""
    if deadline.seconds_left() < CALL_BUDGET_S:
        raise Unavailable
    try:
        return operation()
    except core.ConditionalCheckFailedException as failure:
        raise ConditionFailed from failure
    except (core.TransactionCanceledException, *_PERMANENT):
        raise
    except core.PydynoxException as fault:
        raise (_Met if _CONFLICT.search(str(fault)) else Unavailable) from fault


def get(table: Table, key: Key) -> Item | None:
    """Read one item, strongly: what was just written is seen."""
    item, metrics = run(
        lambda: driver().sync_get_item(table.deployed_name, key.attributes(), consistent_read=True)
    )
    _require_genuine(metrics.consumed_rcu)
    return item


def get_many(table: Table, keys: Sequence[Key], *, strong: bool = False) -> dict[Key, Item]:
    """Read up to 100 items at once, those that are there.

    Not strongly where an index has told of them: it is later than they are. One at least must be
    there: an answer without any cannot be told from none of DynamoDB's. Raises `Unavailable`.
    """
    if not keys:
        return {}
    wanted = [key.attributes() for key in keys]
    found = run(lambda: driver().sync_batch_get(table.deployed_name, wanted, strong))
    if not found:
        raise Unavailable
    return {Key(item["pk"], item["sk"]): item for item in found}


def query(
    table: Table,
    partition: str,
    *,
    index: str = "",
    between: tuple[str, str] | None = None,
    start_after: Item | None = None,
    limit: int,
    newest_first: bool = True,
    strong: bool = False,
) -> tuple[list[Item], Item | None]:
    """One page of a partition in the order of its sort key, and the key to go on from.

    Nothing is filtered: what would be left out is read and paid all the same. `strong`: what was
    just written is seen, as no index can.
    """
    where = f"#{index}pk = :partition"
    bound = {"partition": partition}
    if between:
        where += f" AND #{sort_key(index)} BETWEEN :low AND :high"
        bound |= {"low": between[0], "high": between[1]}
    rows, last, metrics = run(
        lambda: driver().sync_query_page(
            table.deployed_name,
            where,
            index_name=index or None,
            limit=limit,
            exclusive_start_key=start_after,
            scan_index_forward=not newest_first,
            consistent_read=strong,
            **placeholders(where, values=bound),
        )
    )
    _require_genuine(metrics.consumed_rcu)
    return rows, last


def pages(
    table: Table,
    partition: str,
    *,
    index: str = "",
    between: tuple[str, str] | None = None,
    limit: int,
    newest_first: bool = True,
    strong: bool = False,
) -> Iterator[list[Item]]:
    """All of a partition as `query` reads it, page by page: each when it is asked for."""
    behind: Item | None = None
    while True:
        rows, behind = query(
            *(table, partition),
            index=index,
            between=between,
            start_after=behind,
            limit=limit,
            newest_first=newest_first,
            strong=strong,
        )
        yield rows
        if behind is None:
            return


def update(
    table: Table,
    key: Key,
    expression: str,
    *,
    condition: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> Item:
    """Change one item and return it as it is now. Raises `ConditionFailed`."""

    def write() -> tuple[Item | None, Any]:
        return driver().sync_update_item(
            table.deployed_name,
            key.attributes(),
            update_expression=expression,
            condition_expression=condition,
            return_values="ALL_NEW",
            **placeholders(expression, condition, values=values),
        )

    try:
        item, metrics = run(write)
    except _Met:
        clock.sleep(random.uniform(*_CONFLICT_S))  # noqa: S311 -- not a secret
        item, metrics = run(write)
    _require_genuine(metrics.consumed_wcu)
    return item or {}


def _require_genuine(consumed: float | None) -> None:
    # The client always asks for the capacity consumed. An answer without it is not DynamoDB's and
    # must not pass for "no such item".
    if consumed is None:
        raise Unavailable
