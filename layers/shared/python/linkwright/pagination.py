"""Pages and cursors.

A cursor is the place of the last row shown, signed with the workspace's own key over the route and
its filters. It holds nothing but sort keys, and the partition is rebuilt from the credential, so a
forged one could not cross a tenant even without the signature.
"""

import base64
import binascii
import hashlib
import heapq
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from linkwright.auth import Account
from linkwright.errors import InvalidRequest
from linkwright.fields import Model, RequestModel
from linkwright.table import Item, Table, query

Row = TypeVar("Row")

DEFAULT_LIMIT = 25
MAX_LIMIT = 100
_VERSION = "1"
_MAC_BYTES = 16
MAX_READS = 5
# Room for sort keys that take 700 bytes together.
_MAX_CURSOR = 1024


class Page(Model, Generic[Row]):
    """The list envelope: these two keys and nothing else."""

    data: list[Row]
    next_cursor: str | None

    @classmethod
    def model_parametrized_name(cls, params: tuple[type[Any], ...]) -> str:
        return f"{params[0].__name__}Page"


def _limit(raw: object) -> int:
    # ASCII digits only: int() would take "١٠", "1_0" and " 10 " as well.
    if isinstance(raw, int) or (isinstance(raw, str) and re.fullmatch("[0-9]{1,3}", raw)):
        limit = int(raw)
        if 1 <= limit <= MAX_LIMIT:
            return limit
    raise PydanticCustomError("limit", f"must be an integer from 1 to {MAX_LIMIT}")


class ListQuery(RequestModel):
    """What every list takes; a list with filters adds its own."""

    limit: Annotated[
        int,
        BeforeValidator(_limit),
        WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}),
    ] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=_MAX_CURSOR)] | None = None

    def filters(self) -> str:
        """What a cursor is bound to: everything but the page's size and place."""
        return self.model_dump_json(exclude={"limit", "cursor"}, exclude_none=True)


class Place(NamedTuple):
    """Where a row stands in a list: by the list's sort key, then by its own, which no other has.

    They are the same where a list is sorted by the rows' own.
    """

    key: str
    sk: str


# Reads up to so many rows after a place, in the list's order and each with its own place, and tells
# the place reached if it stopped before it knew that there are no more.
Placed = tuple[Place, Item]
Fetch = Callable[[Place | None, int], tuple[list[Placed], Place | None]]


def paged(
    account: Account, route: str, query: ListQuery, fetch: Fetch, show: Callable[[Item], Row]
) -> Page[Row]:
    """One page of a list. Raises `InvalidRequest` for a cursor that is not of this list.

    One row too many is read: it only tells that there is a next page. DynamoDB's own mark for that
    is set on an exact fit too.
    """
    after = _position(account, route, query) if query.cursor is not None else None
    rows, reached = fetch(after, query.limit + 1)
    shown = rows[: query.limit]
    last = shown[-1][0] if len(rows) > query.limit else reached
    cursor = _cursor(account, route, query, last) if last else None
    return Page(data=[show(row) for _, row in shown], next_cursor=cursor)


def partition(
    table: Table,
    name: str,
    *,
    index: str = "",
    base: str = "",
    between: tuple[str, str] | None = None,
    newest_first: bool = True,
    condition: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> Fetch:
    """Fetches one partition of a table or of its index; `base` is then the rows' own partition.

    A filter, or rows so large that one read does not hold them, takes several reads. Their number
    is bounded: a page may be short and still have a cursor.
    """

    def place(row: Item) -> Place:
        return Place(row[f"{index}sk"], row["sk"])

    def fetch(after: Place | None, count: int) -> tuple[list[Placed], Place | None]:
        if between and between[0] > between[1]:
            return [], None  # DynamoDB refuses a range that holds nothing
        start: Item | None = None
        if after:
            start = {
                "pk": base or name,
                "sk": after.sk,
                f"{index}pk": name,
                f"{index}sk": after.key,
            }
        rows: list[Placed] = []
        for _ in range(MAX_READS):
            more, start = query(
                table,
                name,
                index=index,
                between=between,
                start_after=start,
                limit=count,
                newest_first=newest_first,
                condition=condition,
                values=values,
            )
            rows += [(place(row), row) for row in more]
            if start is None or len(rows) >= count:
                return rows[:count], None
        return rows, place(start) if start else None

    return fetch


def merged(fetches: Sequence[Fetch]) -> Fetch:
    """Fetches several partitions as one: ids order by time across all of them.

    Not for a sort key that several rows may have: in which order those are read, DynamoDB does not
    say.
    """

    def fetch(after: Place | None, count: int) -> tuple[list[Placed], Place | None]:
        each = [one(after, count) for one in fetches]
        rows = heapq.merge(*(some for some, _ in each), key=itemgetter(0), reverse=True)
        # What is older than a place where a read stopped may be missing rows of that partition.
        reached = max((reached for _, reached in each if reached), default=None)
        complete = [row for row in rows if reached is None or row[0] >= reached]
        return complete[:count], reached

    return fetch


def _position(account: Account, route: str, query: ListQuery) -> Place:
    try:
        cursor = query.cursor or ""
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        genuine = hmac.compare_digest(mac, _mac(account, route, query, payload))
        # A cursor has one spelling: base64 that decodes alike but reads differently was altered.
        if genuine and _encode(payload + mac) == cursor:
            _, sk, *other = json.loads(payload)
            return Place(other[0] if other else sk, sk)
    except (binascii.Error, ValueError):
        pass  # not base64, not ASCII
    raise InvalidRequest("The cursor is not one of this list.", field="cursor")


def _cursor(account: Account, route: str, query: ListQuery, last: Place) -> str:
    keys = [last.sk] if last.key == last.sk else [last.sk, last.key]
    payload = json.dumps([_VERSION, *keys], ensure_ascii=False, separators=(",", ":")).encode()
    cursor = _encode(payload + _mac(account, route, query, payload))
    # No request could bring it back, and nobody would see the rows behind it.
    if len(cursor) > _MAX_CURSOR:
        raise ValueError(f"the keys of this list take more than {_MAX_CURSOR} characters")
    return cursor


def _mac(account: Account, route: str, query: ListQuery, payload: bytes) -> bytes:
    context: list[Any] = [account.partition, route, query.filters()]
    message = json.dumps(context, ensure_ascii=False).encode() + b"\0" + payload
    digest = hmac.new(account.cursor_key.encode(), message, hashlib.sha256).digest()
    return digest[:_MAC_BYTES]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
