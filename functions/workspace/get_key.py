"""GET /v1/keys/{key_id}: retrieve an API key, without its token."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.workspace import key_lifecycle
from linkwright.workspace.key_models import ApiKey


@endpoint(scope="keys:manage")
def handler(account: Account, key_id: str) -> ApiKey:
    return key_lifecycle.find(account, key_id)
