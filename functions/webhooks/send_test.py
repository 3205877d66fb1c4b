"""POST /v1/webhooks/{webhook_id}/test: send the documented sample of an event type."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.webhooks.logs import delivery_log
from linkwright.webhooks.models import Delivery, SendTest


@endpoint(scope="webhooks:write", status=202)
def handler(account: Account, webhook_id: str, body: SendTest, tx: Transaction) -> Delivery:
    return delivery_log.send_test(account, webhook_id, body, tx)
