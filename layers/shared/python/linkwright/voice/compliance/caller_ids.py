"""The numbers that workspaces call from: each is registered to one, by who runs the service.

All call by one account of the carrier's, which would let any of them call with any of its numbers:
in the name of another.
"""

from linkwright import clock
from linkwright.errors import ValidationFailed
from linkwright.table import Key, Table
from linkwright.transaction import Otherwise, Transaction

REASON = "number_not_registered"


class Taken(Exception):
    """The number is registered to another workspace."""


class Unregistered(Exception):
    """The number is registered to nobody."""


def key(number: str) -> Key:
    return Key(f"NUMBER#{number}", "OWNER")


def register(number: str, tx: Transaction) -> None:
    """Let the workspace, in both modes, call from the number. Raises `Taken` at the commit."""
    item = {
        **key(number).attributes(),
        "owner": _workspace(tx),
        "created_at": clock.timestamp(),
    }
    tx.put(
        Table.CORE,
        item,
        condition="attribute_not_exists(#pk) OR #owner = :owner",
        values={"owner": item["owner"]},
        otherwise=Taken,
    )


def release(number: str, tx: Transaction) -> None:
    """Nobody may call from the number any more. Raises `Unregistered` at the commit."""
    tx.delete(Table.CORE, key(number), otherwise=Unregistered)


def require(tx: Transaction, number: str, otherwise: Otherwise) -> None:
    """Let the change happen only while the workspace may call from the number."""
    tx.require(
        Table.CORE,
        key(number),
        "#owner = :owner",
        values={"owner": _workspace(tx)},
        otherwise=otherwise,
    )


def not_registered() -> ValidationFailed:
    return ValidationFailed(
        "Field 'phone_number' must be a number that is registered to the workspace.",
        field="phone_number",
        reason=REASON,
    )


def _workspace(tx: Transaction) -> str:
    return tx.partition.removesuffix(".test")
