"""Where notifications are kept, and how one is made."""

from datetime import timedelta

from linkwright import clock, ids
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction

RETENTION = timedelta(days=90)


def key(partition: str, notification_id: str) -> Key:
    return Key(f"W#{partition}#NTF", notification_id)


def unread_partition(partition: str) -> str:
    """Of gsi3: those that nobody has read."""
    return f"W#{partition}#NTF#UNREAD"


def put(tx: Transaction, kind: str, message: str, data: Item, *, link_id: str | None = None) -> str:
    """Tell something in the transaction of what is told: that one sees to it that it is told once.

    `kind` as "usage.threshold", which is shown as the type. Returns the id.
    """
    notification_id = ids.new("ntf")
    view = {
        "id": notification_id,
        "type": kind,
        "message": message,
        "data": data,
        "created_at": clock.timestamp(),
    }
    if link_id is not None:
        view["link_id"] = link_id
    tx.put(
        Table.CORE,
        {
            **key(tx.partition, notification_id).attributes(),
            "gsi3pk": unread_partition(tx.partition),
            "view": view,
            "ttl": clock.epoch() + int(RETENTION.total_seconds()),
        },
    )
    return notification_id
