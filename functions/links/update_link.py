"""PATCH /api/links/{link_id}: change a short link, which makes its next version."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import IfMatch, Request
from linkwright.links import changes
from linkwright.links.models import Link, UpdateLink
from linkwright.transaction import Transaction


@endpoint(scope="links:write")
def handler(
    account: Account,
    link_id: str,
    body: UpdateLink,
    if_match: IfMatch,
    request: Request,
    tx: Transaction,
) -> Link:
    return changes.change(account, link_id, body, if_match, request, tx)
