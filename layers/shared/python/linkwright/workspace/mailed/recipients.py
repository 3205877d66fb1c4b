"""Who is mailed the weekly digest: owners and admins who have a verified address, and want it."""

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from linkwright.table import ConditionFailed, Item, Table, get, query, update
from linkwright.workspace import members

# No digest goes to more people.
MOST = 20
_PAGE = 100
_ROLES = frozenset({"owner", "admin"})


class Recipient(NamedTuple):
    """`is_refused`: nothing reaches the address, as SES said of it."""

    id: str
    email: str
    is_refused: bool


def all_of(partition: str) -> list[Recipient]:
    """Some at most, in the order in which they came, strongly read."""
    found: list[Recipient] = []
    for row in _rows(_workspace(partition)):
        if recipient := _of(row):
            found.append(recipient)
        if len(found) == MOST:
            break
    return found


def find(partition: str, member_id: str) -> Recipient | None:
    """As they are now; None of who is gone, or does not want it any more."""
    row = get(Table.ACCESS, members.row(_workspace(partition), member_id))
    return _of(row) if row else None


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


def _of(row: Item) -> Recipient | None:
    view = row["view"]
    if view["role"] not in _ROLES or not view["email"] or view.get("weekly_digest", "on") != "on":
        return None
    return Recipient(row["sk"], view["email"], row.get("refused") == view["email"])


def _rows(workspace_id: str) -> Iterator[Item]:
    behind: Item | None = None
    while True:
        rows, behind = query(
            *(Table.ACCESS, members.row(workspace_id, "").pk),
            start_after=behind,
            limit=_PAGE,
            newest_first=False,
            strong=True,
        )
        yield from rows
        if behind is None:
            return


def _workspace(partition: str) -> str:
    return partition.partition(".")[0]
