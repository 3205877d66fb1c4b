"""GET /api/ai/byok: retrieve what is known of the workspace's own key."""

from linkwright.ai.own_key import keys
from linkwright.ai.own_key.models import OwnKey
from linkwright.auth import Account
from linkwright.endpoint import endpoint


@endpoint(scope="byok:manage", paid=True)
def handler(account: Account) -> OwnKey:
    return keys.find(account)
