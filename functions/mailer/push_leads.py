"""POST /v1/mailer/campaigns/{campaign_id}/leads: push one lead into a campaign, or up to 500."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import Request
from linkwright.mailer.leads import pushing
from linkwright.mailer.leads.models import KnownLead, Lead, PushLeads, PushResults
from linkwright.transaction import Transaction


@endpoint(
    scope="leads:write",
    status=201,
    others_status=200,
    location="/v1/mailer/leads/{id}",
    in_parts=True,
)
def handler(
    account: Account, campaign_id: str, body: PushLeads, request: Request, tx: Transaction
) -> Lead | KnownLead | PushResults:
    return pushing.push(account, campaign_id, body, request, tx)
