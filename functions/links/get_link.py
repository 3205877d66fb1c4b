"""GET /api/links/{link_id}: retrieve a short link."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links import links
from linkwright.links.models import Link


@endpoint(scope="links:read")
def handler(account: Account, link_id: str) -> Link:
    return links.find(account, link_id)
