"""POST /v1/webhooks/{webhook_id}/replay: send events to an endpoint again, or those it missed."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.webhooks import replays
from linkwright.webhooks.replay_models import Replay, ReplayWebhook


@endpoint(scope="webhooks:write", status=202)
def handler(account: Account, webhook_id: str, body: ReplayWebhook, tx: Transaction) -> Replay:
    return replays.request(account, webhook_id, body, tx)
