"""PATCH /api/campaigns/{campaign_id}: change a link campaign."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links import campaigns
from linkwright.links.campaign_models import Campaign, UpdateCampaign
from linkwright.transaction import Transaction


@endpoint(scope="links:write")
def handler(account: Account, campaign_id: str, body: UpdateCampaign, tx: Transaction) -> Campaign:
    return campaigns.change(account, campaign_id, body, tx)
