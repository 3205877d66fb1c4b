"""GET /v1/mailer/leads/{lead_id}: retrieve a lead: its research, its emails and its reply."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.leads import leads
from linkwright.mailer.leads.models import Lead


@endpoint(scope="leads:read")
def handler(account: Account, lead_id: str) -> Lead:
    return leads.find(account, lead_id)
