"""GET /v1/webhooks/{webhook_id}: retrieve a webhook endpoint, without its secret."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.webhooks import endpoints
from linkwright.webhooks.models import Webhook


@endpoint(scope="webhooks:read")
def handler(account: Account, webhook_id: str) -> Webhook:
    return endpoints.find(account, webhook_id)
