"""POST /v1/mailer/campaigns/{campaign_id}/emails/approve: approve up to 100 emails."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.emails import many
from linkwright.mailer.emails.models import ApprovalResults, ApproveEmails
from linkwright.transaction import Transaction


@endpoint(scope="emails:approve", in_parts=True)
def handler(
    account: Account, campaign_id: str, body: ApproveEmails, tx: Transaction
) -> ApprovalResults:
    return many.approve(account, campaign_id, body, tx)
