"""DELETE /v1/mailer/suppressions/{suppression_id}: take an address off the list."""

from linkwright.endpoint import endpoint
from linkwright.mailer.suppressions import suppressions
from linkwright.transaction import Transaction


@endpoint(scope="suppressions:write", status=204)
def handler(suppression_id: str, tx: Transaction) -> None:
    suppressions.remove(suppression_id, tx)
