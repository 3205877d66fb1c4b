"""PATCH /v1/workspace/settings: change the rules for the workspace's calls."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import IfMatch
from linkwright.transaction import Transaction
from linkwright.workspace import settings
from linkwright.workspace.models import Settings, UpdateSettings


@endpoint(scope="settings:manage")
def handler(account: Account, body: UpdateSettings, if_match: IfMatch, tx: Transaction) -> Settings:
    return settings.change(account, body, if_match, tx)
