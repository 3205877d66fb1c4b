"""PATCH /v1/mailer/campaigns/{campaign_id}: change a mail campaign, or archive it."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import IfMatch
from linkwright.mailer.campaigns import states
from linkwright.mailer.campaigns.models import MailerCampaign, UpdateMailerCampaign
from linkwright.transaction import Transaction


@endpoint(scope="campaigns:write")
def handler(
    account: Account,
    campaign_id: str,
    body: UpdateMailerCampaign,
    if_match: IfMatch,
    tx: Transaction,
) -> MailerCampaign:
    return states.change(account, campaign_id, body, if_match, tx)
