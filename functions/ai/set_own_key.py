"""PUT /api/ai/byok: let the workspace generate by a key of its own."""

from linkwright.ai.own_key import setting
from linkwright.ai.own_key.models import OwnKey, SetOwnKey
from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction


@endpoint(scope="byok:manage")
def handler(account: Account, body: SetOwnKey, tx: Transaction) -> OwnKey:
    return setting.keep(account, body, tx)
