"""DELETE /v1/mailer/leads/{lead_id}: delete a lead, with all that is known of the person."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.leads import erasing
from linkwright.transaction import Transaction


@endpoint(scope="leads:write", status=204)
def handler(account: Account, lead_id: str, tx: Transaction) -> None:
    erasing.delete(account, lead_id, tx)
