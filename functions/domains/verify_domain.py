"""POST /api/domains/{domain_id}/verify: look whether a domain is proven, and leads to us."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.fields import Nothing
from linkwright.links.domains import checking
from linkwright.links.domains.models import Domain
from linkwright.transaction import Transaction


@endpoint(scope="domains:write")
def handler(account: Account, domain_id: str, body: Nothing, tx: Transaction) -> Domain:
    return checking.verify(account, domain_id, tx)
