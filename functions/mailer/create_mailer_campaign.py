"""POST /v1/mailer/campaigns: make a mail campaign, which mails nothing until it is started."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.campaigns import campaigns
from linkwright.mailer.campaigns.models import CreateMailerCampaign, MailerCampaign
from linkwright.transaction import Transaction


@endpoint(scope="campaigns:write", status=201, location="/v1/mailer/campaigns/{id}")
def handler(account: Account, body: CreateMailerCampaign, tx: Transaction) -> MailerCampaign:
    return campaigns.create(account, body, tx)
