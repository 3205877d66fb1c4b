"""GET /v1/workspace/usage: retrieve what this billing cycle has used of the plan."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.workspace import usage
from linkwright.workspace.models import Usage


@endpoint(scope="usage:read")
def handler(account: Account) -> Usage:
    return usage.current(account)
