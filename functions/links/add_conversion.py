"""POST /api/conversions: tell that somebody who followed a link did what it is for."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links.metrics import conversions
from linkwright.links.metrics.conversions_models import AddConversion, Conversion
from linkwright.transaction import Transaction


@endpoint(scope="links:write", status=201)
def handler(account: Account, body: AddConversion, tx: Transaction) -> Conversion:
    return conversions.add(account, body, tx)
