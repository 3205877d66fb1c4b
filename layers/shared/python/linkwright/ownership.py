"""Things of who runs the service that one workspace alone may use, in both modes: a number that
calls, a bus or a queue that webhooks are sent to. Each is registered by a tool, as an item.
"""

from linkwright import clock
from linkwright.table import Key, Table, get
from linkwright.transaction import Otherwise, Transaction


class Taken(Exception):
    """It is registered to another workspace."""


class Unregistered(Exception):
    """It is registered to nobody."""


def register(key: Key, tx: Transaction) -> None:
    """Let the workspace use it. Raises `Taken` at the commit."""
    owner = workspace(tx.partition)
    tx.put(
        Table.CORE,
        {**key.attributes(), "owner": owner, "created_at": clock.timestamp()},
        condition="attribute_not_exists(#pk) OR #owner = :owner",
        values={"owner": owner},
        otherwise=Taken,
    )


def release(key: Key, tx: Transaction) -> None:
    """Nobody may use it any more. Raises `Unregistered` at the commit."""
    tx.delete(Table.CORE, key, otherwise=Unregistered)


def require(tx: Transaction, key: Key, otherwise: Otherwise) -> None:
    """Let the change happen only while the workspace may use it."""
    tx.require(
        Table.CORE,
        key,
        "#owner = :owner",
        values={"owner": workspace(tx.partition)},
        otherwise=otherwise,
    )


def owner(key: Key) -> str | None:
    """The workspace that may use it, if any."""
    item = get(Table.CORE, key)
    return item["owner"] if item else None


def workspace(partition: str) -> str:
    return partition.removesuffix(".test")
