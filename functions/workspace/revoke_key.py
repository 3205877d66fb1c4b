"""DELETE /v1/keys/{key_id}: revoke an API key; its next request is refused."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.workspace import key_lifecycle


@endpoint(scope="keys:manage", status=204)
def handler(account: Account, key_id: str, tx: Transaction) -> None:
    key_lifecycle.revoke(account, key_id, tx)
