"""GET /api/links: list the short links of the workspace, the newest first."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links import links
from linkwright.links.models import Link, LinksQuery
from linkwright.pagination import Page


@endpoint(scope="links:read")
def handler(account: Account, query: LinksQuery) -> Page[Link]:
    return links.listed(account, query)
