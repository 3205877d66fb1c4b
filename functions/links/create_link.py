"""POST /api/links: make a short link."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import Request
from linkwright.links import changes
from linkwright.links.models import CreateLink, Link
from linkwright.transaction import Transaction


@endpoint(scope="links:write", status=201, location="/api/links/{id}")
def handler(account: Account, body: CreateLink, request: Request, tx: Transaction) -> Link:
    return changes.create(account, body, request, tx)
