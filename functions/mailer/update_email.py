"""PATCH /v1/mailer/leads/{lead_id}/emails/{seq}: approve or reject an email, or change its text."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import IfMatch
from linkwright.mailer.emails import approval
from linkwright.mailer.emails.models import UpdateEmail
from linkwright.mailer.leads.models import LeadEmail
from linkwright.transaction import Transaction


@endpoint(scope="emails:approve")
def handler(
    account: Account,
    lead_id: str,
    seq: str,
    body: UpdateEmail,
    if_match: IfMatch,
    tx: Transaction,
) -> LeadEmail:
    return approval.change(account, lead_id, seq, body, if_match, tx)
