"""PATCH /v1/mailer/leads/{lead_id}: change what is known of a lead."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.leads import leads
from linkwright.mailer.leads.models import Lead, UpdateLead
from linkwright.transaction import Transaction


@endpoint(scope="leads:write")
def handler(account: Account, lead_id: str, body: UpdateLead, tx: Transaction) -> Lead:
    return leads.change(account, lead_id, body, tx)
