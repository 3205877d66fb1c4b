"""POST /v1/webhooks/{webhook_id}/rotate-secret: make a new secret; the old one signs for a day."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.fields import Nothing
from linkwright.transaction import Transaction
from linkwright.webhooks import endpoint_changes
from linkwright.webhooks.models import RotatedSecret


@endpoint(scope="webhooks:write", has_secret=True)
def handler(account: Account, webhook_id: str, body: Nothing, tx: Transaction) -> RotatedSecret:
    return endpoint_changes.rotate(account, webhook_id, tx)
