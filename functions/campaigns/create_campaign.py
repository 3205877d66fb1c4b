"""POST /api/campaigns: make a campaign that links are grouped by."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links import campaigns
from linkwright.links.campaign_models import Campaign, CreateCampaign
from linkwright.transaction import Transaction


@endpoint(scope="links:write", status=201, location="/api/campaigns/{id}")
def handler(account: Account, body: CreateCampaign, tx: Transaction) -> Campaign:
    return campaigns.create(account, body, tx)
