"""DELETE /v1/webhooks/{webhook_id}: delete a webhook endpoint; nothing more is sent to it."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.webhooks import endpoints


@endpoint(scope="webhooks:write", status=204)
def handler(account: Account, webhook_id: str, tx: Transaction) -> None:
    endpoints.delete(account, webhook_id, tx)
