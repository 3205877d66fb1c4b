"""GET /v1/mailer/campaigns/{campaign_id}: retrieve a mail campaign, with how its leads stand."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.campaigns import campaigns
from linkwright.mailer.campaigns.models import MailerCampaign


@endpoint(scope="campaigns:read")
def handler(account: Account, campaign_id: str) -> MailerCampaign:
    return campaigns.find(account, campaign_id)
