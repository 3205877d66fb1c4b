"""GET /v1/workspace/settings: retrieve the rules for the workspace's calls."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.workspace import settings
from linkwright.workspace.models import Settings


@endpoint(scope="settings:manage")
def handler(account: Account) -> Settings:
    return settings.get(account)
