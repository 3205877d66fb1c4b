"""POST /v1/mailer/leads/{lead_id}/reply: answer a lead's newest message, in its thread."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.responses import replying
from linkwright.mailer.responses.models import AnswerLead, LeadMessage
from linkwright.transaction import Transaction


@endpoint(scope="emails:approve", status=202)
def handler(account: Account, lead_id: str, body: AnswerLead, tx: Transaction) -> LeadMessage:
    return replying.answer(account, lead_id, body, tx)
