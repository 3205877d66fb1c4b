"""POST /api/ai/actions/apply: apply an action to a link, or undo one."""

from linkwright.ai.actions import applying
from linkwright.ai.actions.models import Applied, ApplyAction
from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import Request
from linkwright.transaction import Transaction


@endpoint(scope="ai:actions", paid=True, free_with="undo_of")
def handler(account: Account, body: ApplyAction, request: Request, tx: Transaction) -> Applied:
    return applying.apply(account, body, request, tx)
