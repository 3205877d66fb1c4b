"""GET /api/domains/{domain_id}: retrieve a domain, with the records to set."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links.domains import domains
from linkwright.links.domains.models import Domain


@endpoint(scope="domains:read")
def handler(account: Account, domain_id: str) -> Domain:
    return domains.find(account, domain_id)
