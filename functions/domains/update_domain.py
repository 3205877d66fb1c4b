"""PATCH /api/domains/{domain_id}: change a domain, which makes its next version."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import IfMatch, Request
from linkwright.links.domains import changes
from linkwright.links.domains.models import Domain, UpdateDomain
from linkwright.transaction import Transaction


@endpoint(scope="domains:write")
def handler(
    account: Account,
    domain_id: str,
    body: UpdateDomain,
    if_match: IfMatch,
    request: Request,
    tx: Transaction,
) -> Domain:
    return changes.change(account, domain_id, body, if_match, request, tx)
