"""GET /v1/voice/calls: list calls, newest first, by agent, status and date."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.pagination import Page
from linkwright.voice.calls import lists
from linkwright.voice.calls.models import CallsQuery, CallSummary


@endpoint(scope="calls:read")
def handler(account: Account, query: CallsQuery) -> Page[CallSummary]:
    return lists.page(account, query)
