"""DELETE /api/campaigns/{campaign_id}: delete a link campaign that no link is in."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.links import campaigns
from linkwright.transaction import Transaction


@endpoint(scope="links:write", status=204)
def handler(account: Account, campaign_id: str, tx: Transaction) -> None:
    campaigns.delete(account, campaign_id, tx)
