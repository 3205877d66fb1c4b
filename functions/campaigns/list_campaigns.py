"""GET /api/campaigns: list the link campaigns of the workspace, the newest first."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links import campaigns
from linkwright.links.campaign_models import Campaign
from linkwright.pagination import ListQuery, Page


@endpoint(scope="links:read")
def handler(account: Account, query: ListQuery) -> Page[Campaign]:
    return campaigns.listed(account, query)
