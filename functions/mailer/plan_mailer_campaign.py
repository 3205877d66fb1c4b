"""GET /v1/mailer/campaigns/{campaign_id}/plan: what it comes to, and what blocks it."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.campaigns.models import CampaignPlan
from linkwright.mailer.sending import planning


@endpoint(scope="campaigns:read")
def handler(account: Account, campaign_id: str) -> CampaignPlan:
    return planning.plan(account, campaign_id)
