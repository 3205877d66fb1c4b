"""What Clerk tells of organisations, their members and people: in any order, and more than once.

Of each thing what was told last holds, by the time of the event; what is older is ignored. An
organisation and its members make the workspace, whichever comes first.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from linkwright import auth, ids, standard_webhooks
from linkwright.audit import Actor
from linkwright.errors import InvalidRequest, Unavailable
from linkwright.http import Request, Response
from linkwright.observability import count
from linkwright.settings import settings as deployment
from linkwright.table import Item, Key, Table, get, query
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import facts, members, people, settings, workspaces
from linkwright.workspace.identity.clerk_models import Event, Membership, Organisation, User, clean

TRIES = 5
_CLERK = Actor("clerk", "clerk")
_ROLES = {"admin": "admin", **{role: role for role in auth.ROLES}}


def received(request: Request) -> Response:
    """An event, once or more often. Raises `InvalidRequest`, and `Unavailable`: it comes again."""
    body = standard_webhooks.received(request, lambda known: known.clerk_webhook_secrets)
    try:
        event = Event.model_validate(json.loads(body))
        follow = _FOLLOWED.get(event.type)
        if follow is None:
            count("clerk_events_ignored")
            return Response(200)
        model, act = follow
        data = model.model_validate(event.data)
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is no event of Clerk's.") from None
    for _ in range(TRIES):
        try:
            act(data, event.at, request.id)
        except Outrun:
            continue
        return Response(200)
    raise Unavailable


def _organisation(told: Organisation, at: int, request_id: str) -> None:
    known = _known(told.id)
    if known is None:
        _open(told, at, request_id)
        return
    tx = _transaction(known["workspace_id"], request_id)
    is_news = at >= known.get("clerk_at", 0)
    creator = known.get("created_by") or told.created_by
    if is_news or creator != known.get("created_by"):
        noted = {"clerk_at": max(at, known.get("clerk_at", 0)), "created_by": creator}
        _note(told.id, known, noted, tx)
    if creator and not known.get("created_by"):
        # Their membership was told first, and not that they made the organisation.
        member = members.find(told.id, creator)
        if member and "revoked_at" not in member:
            members.set_role(member, creator, "owner", member["clerk_at"], tx)
    if is_news:
        workspace = workspaces.existing(known["workspace_id"])
        if (name := clean(told.name)) and name != workspace["name"]:
            facts.change(tx, workspace, {"name": name})
    tx.commit()


def _member(told: Membership, at: int, request_id: str) -> None:
    organisation, subject = told.organization.id, told.public_user_data.user_id
    known = _known(organisation)
    if known is None:
        # Not known to be of now: the organisation's own event says its name.
        _open(told.organization, 0, request_id)
        raise Outrun
    member = members.find(organisation, subject)
    seen = max((member or {}).get("clerk_at", 0), known.get("deleted_at", 0))
    is_out = member is None or "revoked_at" in member
    if at < seen or (is_out and at == seen):
        return
    role = _role(told.role, subject, known.get("created_by") or told.organization.created_by)
    tx = _transaction(known["workspace_id"], request_id)
    if member is None or is_out:
        workspace = workspaces.existing(known["workspace_id"])
        of = {"organisation": organisation, "subject": subject, "role": role}
        members.add(workspace, **of, tx=tx, at=at)
    else:
        members.set_role(member, subject, role, at, tx)
    _hold(organisation, known, tx)
    tx.commit()


def _member_left(told: Membership, at: int, request_id: str) -> None:
    _remove(told.organization.id, told.public_user_data.user_id, at, request_id)


def _remove(organisation: str, subject: str, at: int, request_id: str) -> None:
    member = members.find(organisation, subject)
    if at < (member or {}).get("clerk_at", 0):
        return
    if member is None or "revoked_at" in member:
        tx = _transaction("", request_id)
        members.keep_out(organisation, subject, at, tx)
    else:
        tx = _transaction(member["workspace_id"], request_id)
        members.remove(member, organisation, subject, at, tx)
    tx.commit()


def _organisation_left(told: Organisation, at: int, request_id: str) -> None:
    """Nobody is a member any more; the workspace, and what it has, stays."""
    known = _known(told.id)
    if known is None:
        return
    if at > known.get("deleted_at", 0):
        # First, so that nobody comes in behind.
        tx = _transaction(known["workspace_id"], request_id)
        _note(told.id, known, {"deleted_at": at}, tx)
        tx.commit()
    behind = None
    while True:
        of = members.row(known["workspace_id"], "").pk
        rows, behind = query(Table.ACCESS, of, start_after=behind, limit=100, strong=True)
        for row in rows:
            _remove(told.id, row["subject"], at, request_id)
        if behind is None:
            return


def _user(told: User, at: int, request_id: str) -> None:
    person = people.known(told.id)
    if at < person.clerk_at:
        return
    rows = list(people.memberships(told.id))
    for start in range(0, len(rows), people.MOST):
        tx = _transaction("", request_id)
        for row in rows[start : start + people.MOST]:
            tx.update(
                Table.ACCESS,
                members.row(row["workspace_id"], row["member_id"]),
                "SET #view.#name = :name, #view.#email = :email",
                condition="attribute_exists(#pk)",
                values={"name": told.name, "email": told.email},
                otherwise=Outrun,
            )
        tx.commit()
    tx = _transaction("", request_id)
    people.rename(person, told.name, told.email, at, tx)
    tx.commit()


def _user_left(told: User, at: int, request_id: str) -> None:
    for row in people.memberships(told.id):
        _remove(row["sk"].removeprefix("ORG#"), told.id, at, request_id)


_FOLLOWED: Mapping[str, tuple[type[Any], Callable[[Any, int, str], None]]] = {
    "organization.created": (Organisation, _organisation),
    "organization.updated": (Organisation, _organisation),
    "organization.deleted": (Organisation, _organisation_left),
    "organizationMembership.created": (Membership, _member),
    "organizationMembership.updated": (Membership, _member),
    "organizationMembership.deleted": (Membership, _member_left),
    "user.created": (User, _user),
    "user.updated": (User, _user),
    "user.deleted": (User, _user_left),
}


# ---- organisations ------------------------------------------------------------------------------


def place(organisation: str) -> Key:
    """Where is written which workspace an organisation is."""
    return Key(f"ORG#{organisation}", "META")


def _known(organisation: str) -> Item | None:
    return get(Table.ACCESS, place(organisation))


def _open(told: Organisation, at: int, request_id: str) -> None:
    """Make the workspace of an organisation. Raises `Outrun` where there is one by now."""
    workspace_id = ids.new("ws")
    tx = _transaction(workspace_id, request_id)
    item = {**place(told.id).attributes(), "workspace_id": workspace_id, "v": 1, "clerk_at": at}
    if told.created_by:
        item["created_by"] = told.created_by
    tx.put(Table.ACCESS, item, otherwise=Outrun)
    rules = settings.of_new(deployment().default_country)
    workspaces.create(workspace_id, clean(told.name) or "Workspace", "free", rules, tx)
    tx.commit()


def _note(organisation: str, known: Item, noted: Item, tx: Transaction) -> None:
    wanted = {name: value for name, value in noted.items() if value is not None}
    wanted["v"] = known["v"] + 1
    tx.update(
        Table.ACCESS,
        place(organisation),
        "SET " + ", ".join(f"#{name} = :new_{name}" for name in wanted),
        condition="#v = :seen",
        values={f"new_{name}": value for name, value in wanted.items()} | {"seen": known["v"]},
        otherwise=Outrun,
    )


def _hold(organisation: str, known: Item, tx: Transaction) -> None:
    """Let the change happen only while the organisation is as it was read."""
    tx.require(
        Table.ACCESS,
        place(organisation),
        "#v = :seen",
        values={"seen": known["v"]},
        otherwise=Outrun,
    )


def _role(told: str, subject: str, creator: str | None) -> str:
    if subject == creator:
        return "owner"
    return _ROLES.get(told.removeprefix("org:"), "viewer")


def _transaction(workspace_id: str, request_id: str) -> Transaction:
    return Transaction(workspace_id, request_id, _CLERK)
