"""POST /v1/keys/{key_id}/roll: make a key in the place of another, which is good for a while."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.workspace import key_lifecycle
from linkwright.workspace.key_models import CreatedKey, RollKey


@endpoint(scope="keys:manage", status=201, location="/v1/keys/{id}", has_secret=True)
def handler(account: Account, key_id: str, body: RollKey, tx: Transaction) -> CreatedKey:
    return key_lifecycle.roll(account, key_id, body, tx)
