"""API keys. The token is shown once, when it is made; what is kept is its hash.

A key is two items: the credential, under its hash, which a request finds by one look-up, and a
pointer, under its id, which tells what the key is and where the credential lies. The pointers of a
workspace lie beside its ring, whose version each change of any of them raises: who reads the ring,
then the pointers, and writes at that version only, decides on what there is.
"""

from itertools import chain
from typing import NamedTuple

from linkwright import auth, clock, ids, tokens
from linkwright.table import Item, Key, Table, get, pages
from linkwright.transaction import Outrun, Transaction

LIMIT = 25
_PAGE = 100


class Ring(NamedTuple):
    """Pointers of a workspace, of expired keys too, and the version that they were read at."""

    seen: int
    keys: list[Item]


def pointer(workspace_id: str, key_id: str) -> Key:
    return Key(f"W#{workspace_id}#KEY", key_id)


def credential(key: Item) -> Key:
    """Where the credential of a pointer lies."""
    return Key(f"KEY#{key['hash']}", "META")


def of(workspace_id: str) -> Ring:
    """All keys of a workspace, newest first."""
    # The ring first: what is read later may be newer than the version, and never older.
    ring = get(Table.ACCESS, _ring(workspace_id)) or {}
    partition = pointer(workspace_id, "").pk
    read = pages(Table.ACCESS, partition, between=("key_", "key_~"), limit=_PAGE, strong=True)
    return Ring(int(ring.get("v", 0)), list(chain.from_iterable(read)))


def of_maker(workspace_id: str, subject: str) -> Ring:
    """The keys that a person made, and that are good still."""
    ring = of(workspace_id)
    made = [key for key in ring.keys if key.get("maker") == subject and not is_over(key)]
    return Ring(ring.seen, made)


def of_people(workspace_id: str) -> Ring:
    """The keys that anybody made but the operator, and that are good still."""
    ring = of(workspace_id)
    return Ring(ring.seen, [key for key in ring.keys if key.get("maker") and not is_over(key)])


def bump(tx: Transaction, workspace_id: str, seen: int | None = None) -> None:
    """Raise the ring's version: those who decide by an older one decide anew.

    With `seen` only at that version, or `Outrun` is raised at the commit. Without, for a change
    that is right whatever other keys there are.
    """
    tx.update(
        Table.ACCESS,
        _ring(workspace_id),
        "ADD #v :one",
        condition=None
        if seen is None
        else "attribute_not_exists(#v)"
        if not seen
        else "#v = :seen",
        values={"one": 1} | ({"seen": seen} if seen else {}),
        otherwise=Outrun,
    )


def set_role(key: Item, role: str, tx: Transaction) -> None:
    """A key never has more than its maker's role: for a change of that. `Outrun` if it is gone."""
    tx.update(
        Table.ACCESS,
        credential(key),
        "SET #role = :role",
        condition="attribute_exists(#pk)",
        values={"role": role},
        otherwise=Outrun,
    )


def remove(key: Item, tx: Transaction) -> None:
    """Its next request is refused. The ring's version is for the caller to raise."""
    tx.delete(Table.ACCESS, Key(key["pk"], key["sk"]), condition="")
    tx.delete(Table.ACCESS, credential(key), condition="")


def is_over(key: Item) -> bool:
    """Whether it has expired: no request with it is good any more."""
    expires_at = key["view"]["expires_at"]
    return expires_at is not None and expires_at <= clock.timestamp()


def make(
    workspace: Item,
    *,
    mode: str,
    role: str,
    scopes: list[str],
    name: str,
    tx: Transaction,
    maker: str | None = None,
    owner: str | None = None,
    rolled: Item | None = None,
    ai_credits_per_day: int | None = None,
    ai_credits_of: str | None = None,
) -> tuple[Item, str]:
    """Put a key and its audit entry; returns what is shown of it, and its token.

    One in the place of another, `rolled`, has had its requests: none gets around the limit so.
    What a request must know is copied onto the credential, so that authenticating is the only
    look-up it needs; the workspace's plan and name are copied again when they change.
    """
    token, key_id = tokens.new(mode), ids.new("key")
    place = auth.api_key(token)
    limits = {} if ai_credits_per_day is None else {"ai_credits_per_day": ai_credits_per_day}
    view = {
        **{"id": key_id, "name": name, "mode": mode, "scopes": scopes},
        **{"created_at": clock.timestamp(), "expires_at": None},
        **{"created_by": tx.actor.id if tx.actor else None, "owner": owner},
        **{"rolled_from": rolled["sk"] if rolled else None},
        **limits,
    }
    of = {"maker": maker, "ai_credits_of": ai_credits_of}
    made_by = {name: value for name, value in of.items() if value}
    tx.put(
        Table.ACCESS,
        {
            **place.attributes(),
            **{"id": key_id, "type": "api_key"},
            **{"mode": mode, "role": role, "scopes": scopes},
            **auth.workspace_facts(workspace),
            **made_by,
            **limits,
            **(_counted(rolled) if rolled else {}),
        },
    )
    where = pointer(workspace["id"], key_id).attributes()
    shown: Item = {"hash": place.pk.removeprefix("KEY#"), "view": view, **made_by}
    tx.put(Table.ACCESS, {**where, **shown})
    tx.audit("key.created", key_id, {name: view[name] for name in ("name", "mode", "scopes")})
    return view, token


def _counted(key: Item) -> Item:
    """Its requests in the window of now, as they stand on a credential."""
    item = get(Table.ACCESS, credential(key)) or {}
    count = f"h{clock.epoch() // auth.WINDOW_S}"
    return {count: item[count]} if count in item else {}


def _ring(workspace_id: str) -> Key:
    return pointer(workspace_id, "RING")
