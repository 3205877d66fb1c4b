"""POST /v1/mailer/campaigns/{campaign_id}/pause: have it mail nothing until it is started."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.fields import Nothing
from linkwright.mailer.campaigns import states
from linkwright.mailer.campaigns.models import MailerCampaign
from linkwright.transaction import Transaction


@endpoint(scope="campaigns:send")
def handler(account: Account, campaign_id: str, body: Nothing, tx: Transaction) -> MailerCampaign:
    return states.pause(account, campaign_id, tx)
