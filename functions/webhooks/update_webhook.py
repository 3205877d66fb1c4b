"""PATCH /v1/webhooks/{webhook_id}: change a webhook endpoint, pause it, or enable it again."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.webhooks import endpoint_changes
from linkwright.webhooks.models import UpdateWebhook, Webhook


@endpoint(scope="webhooks:write")
def handler(account: Account, webhook_id: str, body: UpdateWebhook, tx: Transaction) -> Webhook:
    return endpoint_changes.change(account, webhook_id, body, tx)
