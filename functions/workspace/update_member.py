"""PATCH /v1/workspace/members/{member_id}: change what a member is told, each their own."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.workspace import members
from linkwright.workspace.models import Member, UpdateMember


@endpoint(scope="settings:manage", own="member_id")
def handler(account: Account, member_id: str, body: UpdateMember, tx: Transaction) -> Member:
    return members.change(account, member_id, body, tx)
