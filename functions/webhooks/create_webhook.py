"""POST /v1/webhooks: create a webhook endpoint, whose secret is shown this once."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.webhooks import endpoint_changes
from linkwright.webhooks.models import CreatedWebhook, CreateWebhook


@endpoint(scope="webhooks:write", status=201, location="/v1/webhooks/{id}", has_secret=True)
def handler(account: Account, body: CreateWebhook, tx: Transaction) -> CreatedWebhook:
    return endpoint_changes.create(account, body, tx)
