"""People as the identity provider tells of them, whether they are members of anything yet or not.

A person's item has a version, which each of their memberships raises: who writes a new name to all
of them finds out if one was added meanwhile. Of who was deleted nothing is kept but that; a person
of whom nobody's list tells is forgotten after a while.
"""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from linkwright import clock
from linkwright.table import Item, Key, Table, get, pages
from linkwright.transaction import Outrun, Transaction

_PAGE = 100
# So that a change of all of somebody's memberships fits a transaction.
MOST = 40
# Clerk tells of people before it tells of what they are invited to, and of removals in passing.
_KEPT_S = 30 * 24 * 3600


class Person(NamedTuple):
    """`email` is an address that is verified, if there is one.

    Who is deleted does not come back: Clerk gives an id once.
    """

    subject: str
    name: str | None = None
    email: str | None = None
    clerk_at: int = 0
    v: int = 0
    deleted_at: int | None = None

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None


def key(subject: str) -> Key:
    return Key(f"USER#{subject}", "META")


def pointer(subject: str, organisation: str) -> Key:
    return Key(f"USER#{subject}", f"ORG#{organisation}")


def known(subject: str) -> Person:
    item = get(Table.ACCESS, key(subject)) or {}
    named = ("name", "email", "clerk_at", "v", "deleted_at")
    return Person(subject, **{name: item[name] for name in named if name in item})


def living(subject: str) -> Person:
    """For whoever makes them a member of something. Raises `Outrun` if they were deleted."""
    if (person := known(subject)).is_deleted:
        raise Outrun
    return person


def point(
    person: Person, organisation: str, workspace_id: str, member_id: str, tx: Transaction
) -> None:
    """Note of which workspace somebody is a member now. Raises `Outrun` at the commit."""
    where = pointer(person.subject, organisation).attributes()
    tx.put(
        Table.ACCESS,
        {**where, "workspace_id": workspace_id, "member_id": member_id},
        condition="",
    )
    _change(person, {}, tx, removed=("ttl",))


def leave(subject: str, organisation: str, tx: Transaction) -> None:
    """Somebody is not a member of an organisation any more. Raises `Outrun` at the commit."""
    person = known(subject)
    where = pointer(subject, organisation)
    tx.delete(Table.ACCESS, where, condition="")
    is_elsewhere = any(row["sk"] != where.sk for row in memberships(subject))
    _change(person, {} if is_elsewhere or person.is_deleted else _until_forgotten(), tx)


def rename(
    person: Person,
    name: str | None,
    email: str | None,
    at: int,
    tx: Transaction,
    *,
    is_member: bool = False,
) -> Person:
    """`is_member`: of anything, read after the person. Returns the person as they are then.

    Raises `Outrun` at the commit.
    """
    facts: Item = {"name": name, "email": email, "clerk_at": at}
    if is_member:
        _change(person, facts, tx, removed=("ttl",))
    else:
        _change(person, facts | _until_forgotten(), tx)
    return person._replace(**facts, v=person.v + 1)


def hold(person: Person, tx: Transaction) -> None:
    """Let the change happen only while the person is as they were read."""
    tx.require(
        Table.ACCESS, key(person.subject), "#v = :seen", values={"seen": person.v}, otherwise=Outrun
    )


def forget(person: Person, at: int, tx: Transaction) -> None:
    """What is left keeps what is told late from being written down."""
    _change(person, {"deleted_at": at}, tx, removed=("name", "email", "ttl"))


def memberships(subject: str) -> Iterator[Item]:
    """The pointers of a person, strongly read."""
    of = key(subject).pk
    read = pages(Table.ACCESS, of, between=("ORG#", "ORG#~"), limit=_PAGE, strong=True)
    return chain.from_iterable(read)


def _until_forgotten() -> Item:
    return {"ttl": clock.epoch() + _KEPT_S}


def _change(person: Person, facts: Item, tx: Transaction, removed: tuple[str, ...] = ()) -> None:
    wanted = {**facts, "v": person.v + 1}
    gone = " REMOVE " + ", ".join(f"#{name}" for name in removed) if removed else ""
    tx.update(
        Table.ACCESS,
        key(person.subject),
        "SET " + ", ".join(f"#{name} = :new_{name}" for name in wanted) + gone,
        condition="#v = :seen" if person.v else "attribute_not_exists(#v)",
        values={f"new_{name}": value for name, value in wanted.items()}
        | ({"seen": person.v} if person.v else {}),
        otherwise=Outrun,
    )
