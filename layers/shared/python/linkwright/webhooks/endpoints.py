"""Webhook endpoints, as they are read and deleted: where a workspace has its events sent."""

from linkwright import ids, pagination
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.pagination import ListQuery, Page, Place, Placed
from linkwright.table import Item, Key, Table, get, query
from linkwright.transaction import Transaction
from linkwright.webhooks import health, queue
from linkwright.webhooks.models import (
    Webhook,
)

_ROUTE = "webhooks"
# Most of a plan, and the ring.
_MOST = 100
_RING = "RING"


def find(account: Account, webhook_id: str) -> Webhook:
    return Webhook.model_validate(health.shown(existing(account.partition, webhook_id)))


def delete(account: Account, webhook_id: str, tx: Transaction) -> None:
    """Nothing more is sent; what was sent is kept as long as it is. Errors: no such (404)."""
    _require_id(webhook_id)
    tx.delete(Table.CORE, queue.endpoint_key(account.partition, webhook_id), otherwise=not_found)
    tx.audit("webhook.deleted", webhook_id)


def listed(account: Account, query: ListQuery) -> Page[Webhook]:
    """Newest first. All are read at once, as a workspace has few."""

    def fetch(after: Place | None, count: int) -> tuple[list[Placed], Place | None]:
        found, _ = all_of(account.partition)
        rows = [(Place(item["sk"], item["sk"]), item) for item in reversed(found)]
        return [row for row in rows if after is None or row[0] < after][:count], None

    return pagination.paged(
        account, _ROUTE, query, fetch, lambda item: Webhook.model_validate(health.shown(item))
    )


def arn_key(arn: str) -> Key:
    """Of whose a bus or a queue is: all are sent to by one role, which may send to any of them."""
    return Key(f"ARN#{arn}", "OWNER")


def of(partition: str) -> list[Item]:
    """All endpoints of a partition, strongly."""
    return all_of(partition)[0]


def stored(partition: str, webhook_id: str) -> Item | None:
    return get(Table.CORE, queue.endpoint_key(partition, webhook_id))


def existing(partition: str, webhook_id: str) -> Item:
    """Errors: no such endpoint (404)."""
    _require_id(webhook_id)
    item = stored(partition, webhook_id)
    if item is None:
        raise not_found()
    return item


def not_found() -> ResourceNotFound:
    return ResourceNotFound("There is no such webhook.")


def _require_id(webhook_id: str) -> None:
    if not ids.matches("wh", webhook_id):
        raise not_found()


def all_of(partition: str) -> tuple[list[Item], Item]:
    """All endpoints, strongly, and the ring by which their number is kept."""
    where = queue.endpoint_key(partition, _RING)
    rows, _ = query(Table.CORE, where.pk, limit=_MOST, newest_first=False, strong=True)
    ring = next((row for row in rows if row["sk"] == _RING), {**where.attributes(), "v": 0})
    return [row for row in rows if row["sk"] != _RING], ring
