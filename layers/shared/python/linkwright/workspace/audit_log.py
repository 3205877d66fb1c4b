"""The audit log as it is read: newest first, by the index of just the filter that is given."""

from datetime import UTC, datetime

from linkwright import audit, ids, pagination
from linkwright.auth import Account
from linkwright.pagination import Fetch, Page
from linkwright.table import Item, Table
from linkwright.workspace.audit_models import AuditEntry, AuditQuery

_ROUTE = "workspace/audit"
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def page(account: Account, query: AuditQuery) -> Page[AuditEntry]:
    return pagination.paged(account, _ROUTE, query, _fetch(account.partition, query), _show)


def _fetch(of: str, query: AuditQuery) -> Fetch:
    base = audit.partition(of)
    index, name = "", base
    if query.object is not None:
        index, name = "gsi1", audit.object_partition(of, query.object)
    elif query.actor is not None:
        index, name = "gsi3", audit.actor_partition(of, query.actor)
    elif query.action is not None:
        index, name = "gsi4", audit.action_partition(of, query.action)
    between = (
        ids.first_at("aud", query.created_after or _EARLIEST),
        ids.last_before("aud", query.created_before or _LATEST),
    )
    return pagination.partition(Table.CORE, name, index=index, base=base, between=between)


def _show(row: Item) -> AuditEntry:
    return AuditEntry.model_validate(row["view"])
