"""Pages and cursors.

A cursor is the place of the last row shown, signed with the workspace's own key over the route and
its filters. It holds nothing but sort keys, and the partition is rebuilt from the credential, so a
forged one could not cross a tenant even without the signature.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import ceil
from typing import Annotated, Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from linkwright.auth import Account
from linkwright.errors import InvalidRequest
from linkwright.fields import Model, RequestModel
from linkwright.table import Item, Table, query, sort_key

Row = TypeVar("Row")
Shown = TypeVar("Shown", bound=BaseModel)

DEFAULT_LIMIT = 25
MAX_LIMIT = 100
_VERSION = "1"
_MAC_BYTES = 16
MAX_READS = 5
# Room for sort keys that take 700 bytes together.
_MAX_CURSOR = 1024
# Lambda answers 6 MB, a page as a text within a text.
MAX_PAGE_BYTES = 5 * 1024 * 1024


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


_LIMITS = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}
Limit = Annotated[int, BeforeValidator(_limit), WithJsonSchema(_LIMITS)]
Cursor = Annotated[str, Field(max_length=_MAX_CURSOR)]


class ListQuery(RequestModel):
    """What every list takes; a list with filters adds its own."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor | None = None

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
    account: Account, route: str, query: ListQuery, fetch: Fetch, show: Callable[[Item], Shown]
) -> Page[Shown]:
    """One page of a list. Raises `InvalidRequest` for a cursor that is not of this list.

    It has as many rows as were asked for, or as can be answered. One row too many is read: it only
    tells that there is a next page. DynamoDB's own mark for that is set on an exact fit too.
    """
    after = _position(account, route, query) if query.cursor is not None else None
    rows, reached = fetch(after, query.limit + 1)
    data = list(_fitting(show(row) for _, row in rows[: query.limit]))
    last = rows[len(data) - 1][0] if len(data) < len(rows) else reached
    cursor = _cursor(account, route, query, last) if last else None
    return Page(data=data, next_cursor=cursor)


def _fitting(rows: Iterable[Shown]) -> Iterator[Shown]:
    """The rows that one answer can hold; always the first, which is far below that."""
    room = MAX_PAGE_BYTES
    for at, row in enumerate(rows):
        room -= _weight(row)
        if room < 0 and at:
            return
        yield row


def _weight(row: BaseModel) -> int:
    """In the answer: there the row is JSON within JSON, where quotes are escaped once more."""
    text = row.model_dump_json()
    return len(text.encode()) + text.count('"') + text.count("\\")


def partition(
    table: Table,
    name: str,
    *,
    index: str = "",
    base: str = "",
    between: tuple[str, str] | None = None,
    newest_first: bool = True,
) -> Fetch:
    """Fetches one partition of a table or of its index; `base` is then the rows' own partition.

    Nothing is filtered: what a list leaves out has a partition of its own. Rows so large that one
    read does not hold them take several. Their number is bounded: a page may be short and still
    have a cursor.
    """

    def place(row: Item) -> Place:
        return Place(row[sort_key(index)], row["sk"])

    def fetch(after: Place | None, count: int) -> tuple[list[Placed], Place | None]:
        if between and between[0] > between[1]:
            return [], None  # DynamoDB refuses a range that holds nothing
        start: Item | None = None
        if after:
            start = {
                "pk": base or name,
                "sk": after.sk,
                f"{index}pk": name,
                sort_key(index): after.key,
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
            )
            rows += [(place(row), row) for row in more]
            if start is None or len(rows) >= count:
                return rows[:count], None
        return rows, place(start) if start else None

    return fetch


def merged(fetches: Sequence[Fetch]) -> Fetch:
    """Fetches several partitions as one: ids order by time across all of them.

    They share what is still wanted, and each is read on when it has been used up: at most twice as
    many rows are read as are shown, however they are spread. Not for a sort key that several rows
    may have: in which order those are read, DynamoDB does not say.
    """

    def fetch(after: Place | None, count: int) -> tuple[list[Placed], Place | None]:
        parts = [_Part(one, after) for one in fetches]
        rows: list[Placed] = []
        while len(rows) < count:
            parts = [part for part in parts if part.rows or not part.is_over]
            for part in parts:
                if not part.rows:
                    part.read_on(ceil((count - len(rows)) / len(parts)))
            found = [part for part in parts if part.rows]
            if not found:
                break
            rows.append(max(found, key=lambda part: part.rows[0][0]).rows.popleft())
        return rows, None

    return fetch


class _Part:
    """One of the partitions of a merged list: what was read of it and is not shown yet."""

    def __init__(self, fetch: Fetch, after: Place | None) -> None:
        self.rows: deque[Placed] = deque()
        self.is_over = False
        self._fetch = fetch
        self._after = after

    def read_on(self, count: int) -> None:
        """Read so many more, or what there is; some at least, unless there are none."""
        while not self.rows and not self.is_over:
            rows, reached = self._fetch(self._after, count)
            self.rows.extend(rows)
            self._after = reached or (rows[-1][0] if rows else None)
            self.is_over = len(rows) < count and reached is None


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
