"""People as the identity provider tells of them, whether they are members of anything yet or not.

A person's item has a version, which each of their memberships raises: who writes a new name to all
of them finds out if one was added meanwhile.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from linkwright.table import Item, Key, Table, get, query
from linkwright.transaction import Outrun, Transaction

_PAGE = 100
# So that a change of all of somebody's memberships fits a transaction.
MOST = 40


@dataclass(frozen=True)
class Person:
    """`email` is an address that is verified, if there is one."""

    subject: str
    name: str | None = None
    email: str | None = None
    clerk_at: int = 0
    v: int = 0


def key(subject: str) -> Key:
    return Key(f"USER#{subject}", "META")


def pointer(subject: str, organisation: str) -> Key:
    return Key(f"USER#{subject}", f"ORG#{organisation}")


def known(subject: str) -> Person:
    item = get(Table.ACCESS, key(subject)) or {}
    named = {name: item[name] for name in ("name", "email", "clerk_at", "v") if name in item}
    return Person(subject, **named)


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
    _change(person, {}, tx)


def rename(person: Person, name: str | None, email: str | None, at: int, tx: Transaction) -> None:
    _change(person, {"name": name, "email": email, "clerk_at": at}, tx)


def memberships(subject: str) -> Iterator[Item]:
    """The pointers of a person, strongly read."""
    behind = None
    while True:
        rows, behind = query(
            Table.ACCESS,
            key(subject).pk,
            between=("ORG#", "ORG#~"),
            start_after=behind,
            limit=_PAGE,
            strong=True,
        )
        yield from rows
        if behind is None:
            return


def _change(person: Person, facts: Item, tx: Transaction) -> None:
    wanted = {**facts, "v": person.v + 1}
    tx.update(
        Table.ACCESS,
        key(person.subject),
        "SET " + ", ".join(f"#{name} = :new_{name}" for name in wanted),
        condition="#v = :seen" if person.v else "attribute_not_exists(#v)",
        values={f"new_{name}": value for name, value in wanted.items()}
        | ({"seen": person.v} if person.v else {}),
        otherwise=Outrun,
    )
