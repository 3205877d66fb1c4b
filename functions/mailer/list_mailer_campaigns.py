"""GET /v1/mailer/campaigns: list mail campaigns, the newest first, by state."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.campaigns import campaigns
from linkwright.mailer.campaigns.models import MailerCampaignsQuery, MailerCampaignSummary
from linkwright.pagination import Page


@endpoint(scope="campaigns:read")
def handler(account: Account, query: MailerCampaignsQuery) -> Page[MailerCampaignSummary]:
    return campaigns.listed(account, query)
