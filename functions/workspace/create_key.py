"""POST /v1/keys: create an API key, whose token is shown this once."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.workspace import key_lifecycle
from linkwright.workspace.key_models import CreatedKey, CreateKey


@endpoint(scope="keys:manage", status=201, location="/v1/keys/{id}", has_secret=True)
def handler(account: Account, body: CreateKey, tx: Transaction) -> CreatedKey:
    return key_lifecycle.create(account, body, tx)
