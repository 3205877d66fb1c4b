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
    """Newest first, by the index of just the filters that are given: nothing else is read."""
    return pagination.paged(account, _ROUTE, filters, _fetch(account.partition, filters), _summary)


def _fetch(partition: str, filters: CallsQuery) -> Fetch:
    base = items.key(partition, "").pk
    between = (
        ids.first_at("call", filters.created_after or _EARLIEST),
        ids.last_before("call", filters.created_before or _LATEST),
    )

    def by(index: str, name: str) -> Fetch:
        return pagination.partition(Table.CORE, name, index=index, base=base, between=between)

    agent_id, statuses = filters.agent_id, filters.status
    if agent_id is not None and statuses:
        names = (items.agent_status_partition(partition, agent_id, one) for one in statuses)
        return pagination.merged([by("gsi4", name) for name in names])
    if agent_id is not None:
        return by("gsi1", items.agent_partition(partition, agent_id))
    if statuses:
        names = (items.status_partition(partition, one) for one in statuses)
        return pagination.merged([by("gsi3", name) for name in names])
    return by("", base)


def _summary(row: Item) -> CallSummary:
    return CallSummary.model_validate(row["view"])
