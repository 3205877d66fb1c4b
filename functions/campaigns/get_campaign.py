"""GET /api/campaigns/{campaign_id}: retrieve a link campaign."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links import campaigns
from linkwright.links.campaign_models import Campaign


@endpoint(scope="links:read")
def handler(account: Account, campaign_id: str) -> Campaign:
    return campaigns.find(account, campaign_id)
