"""GET /api/domains: list the domains of the workspace, the newest first."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links.domains import domains
from linkwright.links.domains.models import Domain
from linkwright.pagination import ListQuery, Page


@endpoint(scope="domains:read")
def handler(account: Account, query: ListQuery) -> Page[Domain]:
    return domains.listed(account, query)
