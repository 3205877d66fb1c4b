"""Events as they are read: newest first, for the 30 days that they are kept."""

from datetime import UTC, datetime

from linkwright import events, ids, pagination
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.looked_up import get_any, looked_up
from linkwright.pagination import MAX_LIMIT, Fetch, Page, Place, Placed
from linkwright.table import Item, Key, Table, get
from linkwright.webhooks import catalogue
from linkwright.webhooks.logs import bodies
from linkwright.webhooks.logs.event_models import Event, EventsQuery
from linkwright.workspace.operations import place

_ROUTE = "events"
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def find(account: Account, event_id: str) -> Event:
    """As it is sent, with what is kept elsewhere. Errors: no such event (404)."""
    event = stored(account.partition, event_id)
    if event is None:
        raise ResourceNotFound("There is no such event.")
    return bodies.whole(event)


def stored(partition: str, event_id: str) -> Item | None:
    """An event, or a test; a test has `only`, the endpoint that it is for."""
    if not ids.matches("evt", event_id):
        return None
    happened = get(Table.CORE, events.key(partition, event_id))
    return happened or get(Table.CORE, events.test_key(partition, event_id))


def page(account: Account, query: EventsQuery) -> Page[Event]:
    fetch = _with_metadata(account.partition, _fetch(account.partition, query))
    return pagination.paged(account, _ROUTE, query, fetch, bodies.shown)


def between(after: datetime | None, before: datetime | None) -> tuple[str, str]:
    """The ids of events that were made from one moment to before another one."""
    return ids.first_at("evt", after or _EARLIEST), ids.last_before("evt", before or _LATEST)


def _fetch(of: str, query: EventsQuery) -> Fetch:
    base, when = events.key(of, "").pk, between(query.created_after, query.created_before)
    if query.object is not None:
        name, index = events.object_partition(of, query.object), "gsi1"
    elif query.type is not None:
        name, index = events.type_partition(of, query.type), "gsi3"
    else:
        return pagination.partition(Table.CORE, base, between=when)
    rows = pagination.partition(Table.CORE, name, index=index, base=base, between=when)
    # An index has only keys: an event is written once and seldom listed, so no copy pays.
    return looked_up(rows, lambda row: Key(row["pk"], row["sk"]), lambda: place(of))


def _with_metadata(of: str, fetch: Fetch) -> Fetch:
    """Events with the metadata of whose lead they tell, unless it is deleted by now."""

    def read(after: Place | None, count: int) -> tuple[list[Placed], Place | None]:
        rows, reached = fetch(after, count)
        # What is one too many is not shown.
        keys = [catalogue.lead_key(of, row) for _, row in rows[:MAX_LIMIT]]
        wanted = list({key: None for key in keys if key is not None})
        there = get_any(Table.CORE, wanted, lambda: place(of))
        told = [
            (at, bodies.with_metadata(row, _metadata(there.get(key))) if key else row)
            for (at, row), key in zip(rows, keys, strict=False)
        ]
        return told + rows[MAX_LIMIT:], reached

    return read


def _metadata(lead: Item | None) -> Item:
    return dict(lead["view"]["metadata"]) if lead else {}
