"""Ending a kind of mail by a click, as RFC 8058 has it: by an address that is signed.

Whoever has the address may do only this. Shown, it does nothing, as what scans mails asks for all
that is in them; posted to, by a mail client or the button of the page, it ends the mail.
"""

from contextlib import suppress
from typing import NamedTuple

from linkwright import ids, signatures
from linkwright.audit import Actor
from linkwright.http import Request, Response
from linkwright.pages import link_unknown
from linkwright.table import Item, Table
from linkwright.transaction import Transaction
from linkwright.workspace import members, workspaces
from linkwright.workspace.mailed import pages

# What a token is signed for, and what it has of its kind: one of a digest is in mails that are out.
_PURPOSES: dict[members.Wants, tuple[str, str]] = {
    "weekly_digest": ("unsubscribe", ""),
    "alerts": ("unsubscribe alerts", "alerts."),
}
_MOST_CHARS = 200


class _Named(NamedTuple):
    workspace: str
    member: str
    wants: members.Wants


class _Ended(Exception):
    """It is ended already, or they are no member any more, and mailed nothing."""


def path(workspace: Item, member_id: str, wants: members.Wants) -> str:
    """Where a member ends it, by the workspace's own item."""
    purpose, kind = _PURPOSES[wants]
    mac = signatures.made(workspace["cursor_key"], purpose, workspace["id"], member_id)
    return f"/v1/unsubscribe/{workspace['id']}.{member_id}.{kind}{mac}"


def show(request: Request) -> Response:
    """Raises `NoSuchRoute` for an address that is none of ours, unless a page is asked for."""
    named = _named(request)
    return pages.asking(named.wants) if named else link_unknown(request)


def end(request: Request) -> Response:
    """Once or more often. Raises `NoSuchRoute` as `show` does."""
    named = _named(request)
    if named is None:
        return link_unknown(request)
    workspace_id, member_id, wants = named
    tx = Transaction(workspace_id, request.id, Actor("unsubscribe", member_id))
    tx.update(
        Table.ACCESS,
        members.row(workspace_id, member_id),
        f"SET #view.#{wants} = :off",
        condition=f"attribute_exists(#pk) AND #view.#{wants} <> :off",
        values={"off": "off"},
        otherwise=_Ended,
    )
    tx.audit("member.changed", member_id, {wants: "off"})
    with suppress(_Ended):
        tx.commit()
    return pages.done(wants)


def _named(request: Request) -> _Named | None:
    token = request.path_parameters.get("token", "")
    workspace_id, _, rest = token.partition(".")
    member_id, _, rest = rest.partition(".")
    wants: members.Wants = "alerts" if rest.startswith("alerts.") else "weekly_digest"
    purpose, kind = _PURPOSES[wants]
    is_one = ids.matches("ws", workspace_id) and ids.matches("usr", member_id)
    workspace = workspaces.find(workspace_id) if is_one and len(token) <= _MOST_CHARS else None
    if workspace is None or not signatures.is_made(
        *(rest.removeprefix(kind), workspace["cursor_key"], purpose, workspace_id, member_id)
    ):
        return None
    return _Named(workspace_id, member_id, wants)
