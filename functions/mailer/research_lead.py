"""POST /v1/mailer/leads/{lead_id}/research: have a lead researched, the first time or again."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.fields import Nothing
from linkwright.mailer.leads import researching
from linkwright.mailer.leads.models import Lead
from linkwright.transaction import Transaction


@endpoint(scope="leads:write", status=202)
def handler(account: Account, lead_id: str, body: Nothing, tx: Transaction) -> Lead:
    return researching.again(account, lead_id, tx)
