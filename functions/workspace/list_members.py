"""GET /v1/workspace/members: list the workspace's members and their roles."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.pagination import ListQuery, Page
from linkwright.workspace import members
from linkwright.workspace.models import Member


@endpoint(scope="members:read")
def handler(account: Account, query: ListQuery) -> Page[Member]:
    return members.listed(account, query)
