"""GET /api/ai/credits: retrieve the balance of AI credits, and each change of it."""

from linkwright.auth import Account
from linkwright.credits import credits
from linkwright.credits.models import Credits, CreditsQuery
from linkwright.endpoint import endpoint


@endpoint(scope="usage:read")
def handler(account: Account, query: CreditsQuery) -> Credits:
    return credits.find(account, query)
