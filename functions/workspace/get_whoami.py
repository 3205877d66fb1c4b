"""GET /v1/whoami: resolve the calling credential to its workspace, plan and scopes."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.workspace import workspaces
from linkwright.workspace.models import Whoami


@endpoint(scope=None)
def handler(account: Account) -> Whoami:
    return workspaces.whoami(account)
