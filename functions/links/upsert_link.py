"""PUT /api/links/upsert: make the short link of an external id, or change it."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import Request
from linkwright.links import changes
from linkwright.links.models import Link, UpsertLink
from linkwright.transaction import Transaction


@endpoint(scope="links:write")
def handler(account: Account, body: UpsertLink, request: Request, tx: Transaction) -> Link:
    return changes.upsert(account, body, request, tx)
