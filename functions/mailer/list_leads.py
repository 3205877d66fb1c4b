"""GET /v1/mailer/campaigns/{campaign_id}/leads: list leads, the newest first, by status."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.leads import leads
from linkwright.mailer.leads.models import LeadsQuery, LeadSummary
from linkwright.pagination import Page


@endpoint(scope="leads:read")
def handler(account: Account, campaign_id: str, query: LeadsQuery) -> Page[LeadSummary]:
    return leads.listed(account, campaign_id, query)
