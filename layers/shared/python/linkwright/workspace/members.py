"""Members: the people who may act in a workspace with a session, and their roles.

A member is three items: the membership, which a session finds by one look-up; a row of the
workspace's list, which tells who it is; and a pointer from the person. What depends on who has
which role is one transaction with it: the keys that a person made.
"""

from itertools import islice
from typing import Any, Literal

from linkwright import auth, clock, ids, mail_addresses, pagination
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.pagination import ListQuery, Page
from linkwright.table import Item, Key, Table, get, pages
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import keys, people, workspaces
from linkwright.workspace.models import Member, UpdateMember

# No mail goes to more people.
MOST_IN_CHARGE = 20
# What somebody may be mailed, by what they say of it.
Wants = Literal["alerts", "weekly_digest"]
_IN_CHARGE = frozenset({"owner", "admin"})
_PAGE = 100
_ROUTE = "workspace/members"
_SEEN = "(attribute_not_exists(#clerk_at) OR #clerk_at <= :clerk_at)"
_OUT = f"attribute_not_exists(#pk) OR (attribute_exists(#revoked_at) AND {_SEEN})"


def row(workspace_id: str, member_id: str) -> Key:
    return Key(f"W#{workspace_id}#MBR", member_id)


def listed(account: Account, query: ListQuery) -> Page[Member]:
    """In the order in which they came."""
    fetch = pagination.partition(Table.ACCESS, row(account.workspace_id, "").pk, newest_first=False)
    return pagination.paged(account, _ROUTE, query, fetch, _show)


def change(account: Account, member_id: str, wanted: UpdateMember, tx: Transaction) -> Member:
    """Errors: no such member (404). Raises `Outrun` at the commit."""
    where = row(account.workspace_id, member_id)
    item = get(Table.ACCESS, where) if ids.matches("usr", member_id) else None
    if item is None:
        raise _not_found()
    before, changes = _show(item), wanted.changes()
    after = before.model_copy(update=changes)
    if after != before:
        tx.update(
            Table.ACCESS,
            where,
            "SET " + ", ".join(f"#view.#{name} = :{name}" for name in changes),
            condition="#view = :seen",
            values={**changes, "seen": item["view"]},
            otherwise=Outrun,
        )
        tx.audit("member.changed", member_id, changes)
    return after


def in_charge(workspace_id: str, wants: Wants) -> list[Item]:
    """The rows of owners and admins who have a verified address, one that can be mailed, and want
    that mail: some at most, in the order in which they came, strongly read.
    """
    of = row(workspace_id, "").pk
    read = pages(Table.ACCESS, of, limit=_PAGE, newest_first=False, strong=True)
    found = (one for rows in read for one in rows if is_in_charge(one, wants))
    return list(islice(found, MOST_IN_CHARGE))


def is_in_charge(item: Item, wants: Wants) -> bool:
    view = item["view"]
    return (
        view["role"] in _IN_CHARGE
        and view.get(wants, "on") == "on"
        # Before anybody pays for a mail that cannot be sent.
        and bool(view["email"] and mail_addresses.is_mailable(view["email"]))
    )


def find(organisation: str, subject: str) -> Item | None:
    """The membership, of one who was removed too."""
    return get(Table.ACCESS, auth.membership(organisation, subject))


def was_removed(member: Item | None) -> bool:
    """Whether somebody is out, or was and came back."""
    return member is not None and ("revoked_at" in member or "is_back" in member)


def add(
    workspace: Item,
    *,
    organisation: str,
    subject: str,
    role: str,
    tx: Transaction,
    at: int = 0,
    member_id: str | None = None,
    is_back: bool = False,
) -> str:
    """Give a person of the identity provider's organisation a role; returns the member's id.

    What a request must know is copied onto the membership, as it is onto an API key. `at` is when
    the provider says so, in milliseconds; `is_back`: they were removed before. Raises `Outrun`, at
    the commit too.
    """
    person = people.living(subject)
    member_id = member_id or ids.new("usr")
    view = {"id": member_id, "name": person.name, "email": person.email, "role": role}
    joined_at = clock.timestamp(clock.from_epoch_ms(at) if at else None)
    tx.put(
        Table.ACCESS,
        {
            **auth.membership(organisation, subject).attributes(),
            "id": member_id,
            "type": "session",
            "role": role,
            **auth.workspace_facts(workspace),
            "clerk_at": at,
            **({"is_back": True} if is_back else {}),
        },
        # Who was removed may come back.
        condition=_OUT,
        values={"clerk_at": at},
        otherwise=Outrun,
    )
    tx.put(
        Table.ACCESS,
        {
            **row(workspace["id"], member_id).attributes(),
            "organisation": organisation,
            "subject": subject,
            "view": view | {"joined_at": joined_at, "alerts": "on"},
        },
    )
    people.point(person, organisation, workspace["id"], member_id, tx)
    workspaces.require_unchanged(tx, workspace)
    tx.audit("member.added", member_id, {"role": role})
    return member_id


def set_role(member: Item, subject: str, role: str, at: int, tx: Transaction) -> None:
    """Let a member, and the keys that they made, have another role."""
    _change(member, "SET #role = :role, #clerk_at = :clerk_at", {"role": role, "clerk_at": at}, tx)
    if role == member["role"]:
        return
    tx.update(
        Table.ACCESS,
        row(member["workspace_id"], member["id"]),
        "SET #view.#role = :role",
        condition="attribute_exists(#pk)",
        values={"role": role},
        otherwise=Outrun,
    )
    ring = keys.of_maker(member["workspace_id"], subject)
    for key in ring.keys:
        keys.set_role(key, role, tx)
    keys.bump(tx, member["workspace_id"], ring.seen)
    tx.audit("member.changed", member["id"], {"from": member["role"], "to": role})


def remove(member: Item, organisation: str, subject: str, at: int, tx: Transaction) -> None:
    """Let a member, and the keys that they made, be refused at the next request.

    What is left of the membership keeps what is told late from giving it back.
    """
    removed = {"clerk_at": at, "now": clock.timestamp()}
    _change(member, "SET #clerk_at = :clerk_at, #revoked_at = :now", removed, tx)
    tx.delete(Table.ACCESS, row(member["workspace_id"], member["id"]), condition="")
    people.leave(subject, organisation, tx)
    workspace_id = member["workspace_id"]
    _revoke(keys.of_maker(workspace_id, subject), workspace_id, "member.removed", tx)
    tx.audit("member.removed", member["id"], {"role": member["role"]})


def revoke_keys(workspace_id: str, because: str, tx: Transaction) -> None:
    """Let all keys that members made be refused at the next request: 25 of them at most."""
    _revoke(keys.of_people(workspace_id), workspace_id, because, tx)


def keep_out(organisation: str, subject: str, at: int, tx: Transaction) -> None:
    """Somebody is removed of whom nothing is known yet: their coming may be told later."""
    tx.put(
        Table.ACCESS,
        {
            **auth.membership(organisation, subject).attributes(),
            "clerk_at": at,
            "revoked_at": clock.timestamp(),
        },
        condition=_OUT,
        values={"clerk_at": at},
        otherwise=Outrun,
    )


def _revoke(ring: keys.Ring, workspace_id: str, because: str, tx: Transaction) -> None:
    for key in ring.keys:
        keys.remove(key, tx)
        tx.audit("key.revoked", key["sk"], {"because": because})
    keys.bump(tx, workspace_id, ring.seen)


def _change(member: Item, expression: str, values: dict[str, Any], tx: Transaction) -> None:
    tx.update(
        Table.ACCESS,
        Key(member["pk"], member["sk"]),
        expression,
        # By the role that was read, too: what depends on it is written only where it changes.
        condition=f"#id = :id AND #role = :was AND attribute_not_exists(#revoked_at) AND {_SEEN}",
        values={**values, "id": member["id"], "was": member["role"]},
        otherwise=Outrun,
    )


def _not_found() -> ResourceNotFound:
    return ResourceNotFound("There is no such member.")


def _show(item: Item) -> Member:
    return Member.model_validate(item["view"])
