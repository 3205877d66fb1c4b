"""DELETE /api/ai/byok: delete the workspace's own key, and generate by the shared one again."""

from linkwright.ai.own_key import keys
from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction


@endpoint(scope="byok:manage", status=204)
def handler(account: Account, tx: Transaction) -> None:
    keys.delete(account, tx)
