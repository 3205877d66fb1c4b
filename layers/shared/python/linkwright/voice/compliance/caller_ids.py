"""The numbers that workspaces call from: each is registered to one, by who runs the service.

All call by one account of the carrier's, which would let any of them call with any of its numbers:
in the name of another.
"""

from linkwright import ownership
from linkwright.errors import ValidationFailed
from linkwright.table import Key
from linkwright.transaction import Otherwise, Transaction

REASON = "number_not_registered"


def key(number: str) -> Key:
    return Key(f"NUMBER#{number}", "OWNER")


def require(tx: Transaction, number: str, otherwise: Otherwise) -> None:
    """Let the change happen only while the workspace may call from the number."""
    ownership.require(tx, key(number), otherwise)


def not_registered() -> ValidationFailed:
    return ValidationFailed(
        "Field 'phone_number' must be a number that is registered to the workspace.",
        field="phone_number",
        reason=REASON,
    )
