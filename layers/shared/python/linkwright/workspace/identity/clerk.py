"""What Clerk tells of organisations, their members and people: in any order, and more than once.

Of each thing what was told last holds, by the time of the event; what is older is ignored. An
organisation and its members make the workspace, whichever comes first. Who and what was deleted
stays so, whatever else is told.
"""

import json
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from linkwright import auth, ids, inbound_webhooks
from linkwright.audit import Actor
from linkwright.errors import InvalidRequest, Unavailable
from linkwright.http import Request, Response
from linkwright.observability import count
from linkwright.settings import settings as deployment
from linkwright.table import Item, Table, pages
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import facts, members, people, settings, workspaces
from linkwright.workspace.identity import organisations
from linkwright.workspace.identity.clerk_models import Event, Membership, Organisation, User, clean

TRIES = 5
_CLERK = Actor("clerk", "clerk")
_ROLES = {"admin": "admin", **{role: role for role in auth.ROLES}}


def received(request: Request) -> Response:
    """An event, once or more often. Raises `InvalidRequest`, and `Unavailable`: it comes again."""
    body = inbound_webhooks.received(request, lambda known: known.clerk_webhook_secrets)
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
    known = organisations.known(told.id)
    if known is None:
        _open(told, at, request_id)
        return
    if organisations.is_deleted(known):
        return
    tx = _transaction(known["workspace_id"], request_id)
    is_news = at >= known.get("clerk_at", 0)
    creator = known.get("created_by") or told.created_by
    if is_news or creator != known.get("created_by"):
        noted = {"clerk_at": max(at, known.get("clerk_at", 0)), "created_by": creator}
        organisations.note(told.id, known, noted, tx)
    if creator and not known.get("created_by"):
        # Their membership was told first, and not that they made the organisation.
        member = members.find(told.id, creator)
        if member and "revoked_at" not in member and _owns(member["role"], member):
            members.set_role(member, creator, "owner", member["clerk_at"], tx)
    if is_news:
        workspace = workspaces.existing(known["workspace_id"])
        if (name := clean(told.name)) and name != workspace["name"]:
            facts.change(tx, workspace, {"name": name})
            renamed = {"from": workspace["name"], "to": name}
            tx.audit("workspace.renamed", workspace["id"], renamed)
    tx.commit()


def _member(told: Membership, at: int, request_id: str) -> None:
    organisation, subject = told.organization.id, told.public_user_data.user_id
    if people.known(subject).is_deleted:
        return
    known = organisations.known(organisation)
    if known is None:
        # Not known to be of now: the organisation's own event says its name.
        _open(told.organization, 0, request_id)
        raise Outrun
    if organisations.is_deleted(known):
        return
    member = members.find(organisation, subject)
    seen = (member or {}).get("clerk_at", 0)
    is_out = member is None or "revoked_at" in member
    if at < seen or (is_out and at == seen):
        return
    role = _ROLES.get(told.role.removeprefix("org:"), "viewer")
    if subject == (known.get("created_by") or told.organization.created_by) and _owns(role, member):
        role = "owner"
    tx = _transaction(known["workspace_id"], request_id)
    if member is None or is_out:
        workspace = workspaces.existing(known["workspace_id"])
        of = {"organisation": organisation, "subject": subject, "role": role}
        members.add(workspace, **of, tx=tx, at=at, is_back=member is not None)
    else:
        members.set_role(member, subject, role, at, tx)
    organisations.hold(organisation, known, tx)
    tx.commit()


def _member_left(told: Membership, at: int, request_id: str) -> None:
    _remove(told.organization.id, told.public_user_data.user_id, at, request_id)


def _remove(
    organisation: str, subject: str, at: int, request_id: str, *, for_good: bool = False
) -> None:
    member = members.find(organisation, subject)
    seen = (member or {}).get("clerk_at", 0)
    if for_good:
        at = max(at, seen)
    if at < seen:
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
    known = organisations.known(told.id)
    if known is None:
        tx = _transaction("", request_id)
        organisations.keep_out(told.id, at, tx)
        tx.commit()
        return
    if "workspace_id" not in known:
        return
    if not organisations.is_deleted(known):
        # First, so that nobody comes in behind; and no key waits for all members to be removed.
        tx = _transaction(known["workspace_id"], request_id)
        organisations.note(told.id, known, {"deleted_at": at}, tx)
        members.revoke_keys(known["workspace_id"], "organization.deleted", tx)
        tx.commit()
    of = members.row(known["workspace_id"], "").pk
    for row in chain.from_iterable(pages(Table.ACCESS, of, limit=100, strong=True)):
        _remove(told.id, row["subject"], at, request_id, for_good=True)


def _user(told: User, at: int, request_id: str) -> None:
    person = people.known(told.id)
    if person.is_deleted or at < person.clerk_at:
        return
    rows = list(people.memberships(told.id))
    tx = _transaction("", request_id)
    renamed = people.rename(person, told.name, told.email, at, tx, is_member=bool(rows))
    tx.commit()
    # Behind it, and each part only while nothing newer is known of the person.
    for start in range(0, len(rows), people.MOST):
        tx = _transaction("", request_id)
        people.hold(renamed, tx)
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


def _user_left(told: User, at: int, request_id: str) -> None:
    person = people.known(told.id)
    if not person.is_deleted:
        # First, so that nothing of them is written down behind.
        tx = _transaction("", request_id)
        people.forget(person, at, tx)
        tx.commit()
    for row in people.memberships(told.id):
        _remove(row["sk"].removeprefix("ORG#"), told.id, at, request_id, for_good=True)


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


def _open(told: Organisation, at: int, request_id: str) -> None:
    """Make the workspace of an organisation. Raises `Outrun` where there is one by now."""
    workspace_id = ids.new("ws")
    tx = _transaction(workspace_id, request_id)
    organisations.begin(told.id, workspace_id, told.created_by, at, tx)
    rules = settings.of_new(deployment().default_country)
    workspaces.create(workspace_id, clean(told.name) or "Workspace", "free", rules, tx)
    tx.commit()


def _owns(role: str, member: Item | None) -> bool:
    """Whether the maker of an organisation, who is told to have a role, is its owner.

    Who was removed is not any more, though they come back: whoever lets them in says as what.
    """
    return role == "admin" and not members.was_removed(member)


def _transaction(workspace_id: str, request_id: str) -> Transaction:
    return Transaction(workspace_id, request_id, _CLERK)
