"""Lists of calls: by agent, by status, by date, and any of them together."""

from datetime import UTC, datetime

from linkwright import ids, pagination
from linkwright.auth import Account
from linkwright.pagination import Fetch, Page
from linkwright.table import Item, Table
from linkwright.voice.calls import items
from linkwright.voice.calls.models import CallsQuery, CallSummary

_ROUTE = "voice/calls"
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def page(account: Account, filters: CallsQuery) -> Page[CallSummary]:
    """Newest first, by the narrowest index: agent, else status, else all of them."""
    return pagination.paged(account, _ROUTE, filters, _fetch(account.partition, filters), _summary)


def _fetch(partition: str, filters: CallsQuery) -> Fetch:
    base = items.key(partition, "").pk
    between = (
        ids.first_at("call", filters.created_after or _EARLIEST),
        ids.last_before("call", filters.created_before or _LATEST),
    )
    if filters.agent_id is not None:
        only = {f"s{at}": status.value for at, status in enumerate(filters.status)}
        return pagination.partition(
            Table.CORE,
            items.agent_partition(partition, filters.agent_id),
            index="gsi1",
            base=base,
            between=between,
            condition=f"#view.#status IN ({', '.join(f':{name}' for name in only)})"
            if only
            else None,
            values=only,
        )
    if filters.status:
        return pagination.merged(
            [
                pagination.partition(
                    Table.CORE,
                    items.status_partition(partition, status),
                    index="gsi3",
                    base=base,
                    between=between,
                )
                for status in filters.status
            ]
        )
    return pagination.partition(Table.CORE, base, between=between)


def _summary(row: Item) -> CallSummary:
    return CallSummary.model_validate(row["view"])
