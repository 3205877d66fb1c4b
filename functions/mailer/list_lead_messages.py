"""GET /v1/mailer/leads/{lead_id}/messages: list a lead's thread, the newest message first."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.responses import messages
from linkwright.mailer.responses.models import LeadMessage
from linkwright.pagination import ListQuery, Page


@endpoint(scope="leads:read")
def handler(account: Account, lead_id: str, query: ListQuery) -> Page[LeadMessage]:
    return messages.listed(account, lead_id, query)
