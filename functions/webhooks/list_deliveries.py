"""GET /v1/webhooks/{webhook_id}/deliveries: list what was sent to an endpoint, newest first."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.pagination import Page
from linkwright.webhooks.logs import delivery_log
from linkwright.webhooks.models import DeliveriesQuery, Delivery


@endpoint(scope="webhooks:read")
def handler(account: Account, webhook_id: str, query: DeliveriesQuery) -> Page[Delivery]:
    return delivery_log.page(account, webhook_id, query)
