"""Notifications: what a workspace's people are told where they look, beside events and mail."""

from linkwright import clock, ids, pagination
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.notifications import items
from linkwright.notifications.models import Notification, NotificationsQuery
from linkwright.pagination import Page
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun, Transaction

_ROUTE = "notifications"


def listed(account: Account, query: NotificationsQuery) -> Page[Notification]:
    """The newest first."""
    every = items.key(account.partition, "").pk
    if query.unread:
        of = items.unread_partition(account.partition)
        fetch = pagination.partition(Table.CORE, of, index="gsi3", base=every)
    else:
        fetch = pagination.partition(Table.CORE, every)
    return pagination.paged(account, _ROUTE, query, fetch, lambda row: _shown(row["view"]))


def read(account: Account, notification_id: str, tx: Transaction) -> Notification:
    """Mark one as read, which stays so. Errors: no such notification (404)."""
    row = None
    if ids.matches("ntf", notification_id):
        row = get(Table.CORE, items.key(account.partition, notification_id))
    if row is None:
        raise ResourceNotFound("There is no such notification.")
    if "read_at" in row["view"]:
        return _shown(row["view"])
    view = row["view"] | {"read_at": clock.timestamp()}
    tx.update(
        Table.CORE,
        items.key(account.partition, notification_id),
        "SET #view = :view REMOVE #gsi3pk",
        condition="attribute_exists(#gsi3pk)",
        values={"view": view},
        otherwise=Outrun,
    )
    return _shown(view)


def _shown(view: Item) -> Notification:
    return Notification.model_validate(view)
