"""Who is mailed the weekly digest: owners and admins who have a verified address, and want it."""

from contextlib import suppress
from typing import NamedTuple

from linkwright.table import ConditionFailed, Item, Table, get, update
from linkwright.workspace import members

_WANTS: members.Wants = "weekly_digest"


class Recipient(NamedTuple):
    """`is_refused`: nothing reaches the address, as SES said of it."""

    id: str
    email: str
    is_refused: bool


def all_of(partition: str) -> list[Recipient]:
    """Some at most, in the order in which they came, strongly read."""
    rows = members.in_charge(_workspace(partition), _WANTS)
    return [_recipient(row) for row in rows]


def find(partition: str, member_id: str) -> Recipient | None:
    """As they are now; None of who is gone, or does not want it any more."""
    row = get(Table.ACCESS, members.row(_workspace(partition), member_id))
    return _recipient(row) if row and members.is_in_charge(row, _WANTS) else None


def refuse(partition: str, recipient: Recipient) -> None:
    """Mail the address no more, until they have another one."""
    with suppress(ConditionFailed):  # they have another one, or are gone
        update(
            Table.ACCESS,
            members.row(_workspace(partition), recipient.id),
            "SET #refused = :email",
            condition="#view.#email = :email",
            values={"email": recipient.email},
        )


def _recipient(row: Item) -> Recipient:
    address = row["view"]["email"]
    return Recipient(row["sk"], address, row.get("refused") == address)


def _workspace(partition: str) -> str:
    return partition.partition(".")[0]
