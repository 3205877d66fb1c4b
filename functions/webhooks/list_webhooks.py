"""GET /v1/webhooks: list the workspace's webhook endpoints, newest first."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.pagination import ListQuery, Page
from linkwright.webhooks import endpoints
from linkwright.webhooks.models import Webhook


@endpoint(scope="webhooks:read")
def handler(account: Account, query: ListQuery) -> Page[Webhook]:
    return endpoints.listed(account, query)
