"""POST /api/links/bulk: make up to 100 short links, each with a result of its own."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import Request
from linkwright.links import bulk
from linkwright.links.models import BulkResults, CreateLinks
from linkwright.transaction import Transaction


@endpoint(scope="links:write", in_parts=True)
def handler(account: Account, body: CreateLinks, request: Request, tx: Transaction) -> BulkResults:
    return bulk.create(account, body, request, tx)
