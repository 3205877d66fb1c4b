"""Ending the weekly digest by a click, as RFC 8058 has it: by an address that is signed.

Whoever has the address may do only this. Shown, it does nothing, as what scans mails asks for all
that is in them; posted to, by a mail client or the button of the page, it ends the digest.
"""

from contextlib import suppress

from linkwright import ids, signatures
from linkwright.audit import Actor
from linkwright.http import Request, Response
from linkwright.pages import link_unknown
from linkwright.table import Item, Table
from linkwright.transaction import Transaction
from linkwright.workspace import members, workspaces
from linkwright.workspace.mailed import pages

_PURPOSE = "unsubscribe"
_MOST_CHARS = 200


class _Ended(Exception):
    """It is ended already, or they are no member any more, and mailed nothing."""


def path(workspace: Item, member_id: str) -> str:
    """Where a member ends it, by the workspace's own item."""
    mac = signatures.made(workspace["cursor_key"], _PURPOSE, workspace["id"], member_id)
    return f"/v1/unsubscribe/{workspace['id']}.{member_id}.{mac}"


def show(request: Request) -> Response:
    """Raises `NoSuchRoute` for an address that is none of ours, unless a page is asked for."""
    return pages.asking() if _member(request) else link_unknown(request)


def end(request: Request) -> Response:
    """Once or more often. Raises `NoSuchRoute` as `show` does."""
    named = _member(request)
    if named is None:
        return link_unknown(request)
    workspace_id, member_id = named
    tx = Transaction(workspace_id, request.id, Actor("unsubscribe", member_id))
    tx.update(
        Table.ACCESS,
        members.row(workspace_id, member_id),
        "SET #view.#weekly_digest = :off",
        condition="attribute_exists(#pk) AND #view.#weekly_digest <> :off",
        values={"off": "off"},
        otherwise=_Ended,
    )
    tx.audit("member.changed", member_id, {"weekly_digest": "off"})
    with suppress(_Ended):
        tx.commit()
    return pages.done()


def _member(request: Request) -> tuple[str, str] | None:
    token = request.path_parameters.get("token", "")
    workspace_id, _, rest = token.partition(".")
    member_id, _, mac = rest.partition(".")
    is_one = ids.matches("ws", workspace_id) and ids.matches("usr", member_id)
    workspace = workspaces.find(workspace_id) if is_one and len(token) <= _MOST_CHARS else None
    if workspace is None or not signatures.is_made(
        *(mac, workspace["cursor_key"], _PURPOSE, workspace_id, member_id)
    ):
        return None
    return workspace_id, member_id
