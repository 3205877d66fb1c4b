"""POST /api/ai/proactive/scan: look for links that somebody should look at, and tell of them."""

from linkwright.ai.scan import scanning
from linkwright.ai.scan.models import Scanned
from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.fields import Nothing
from linkwright.transaction import Transaction


@endpoint(scope="ai:actions", paid=True)
def handler(account: Account, body: Nothing, tx: Transaction) -> Scanned:
    return scanning.scan(account, tx)
