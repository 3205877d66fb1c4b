"""POST /v1/mailer/suppressions: mail nothing to an address any more."""

from linkwright.endpoint import endpoint
from linkwright.mailer.suppressions import suppressions
from linkwright.mailer.suppressions.models import AddSuppression, Suppression
from linkwright.transaction import Transaction


@endpoint(scope="suppressions:write", status=201)
def handler(body: AddSuppression, tx: Transaction) -> Suppression:
    return suppressions.add(body, tx)
