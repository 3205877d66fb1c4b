"""GET /v1/keys: list the workspace's API keys, newest first."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.pagination import ListQuery, Page
from linkwright.workspace import key_lifecycle
from linkwright.workspace.key_models import ApiKey


@endpoint(scope="keys:manage")
def handler(account: Account, query: ListQuery) -> Page[ApiKey]:
    return key_lifecycle.listed(account, query)
