"""GET /v1/voice/do-not-call: list the numbers that are never called."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.pagination import Page
from linkwright.voice.compliance import do_not_call
from linkwright.voice.compliance.models import DoNotCallEntry, NumbersQuery


@endpoint(scope="suppressions:read")
def handler(account: Account, query: NumbersQuery) -> Page[DoNotCallEntry]:
    return do_not_call.listed(account, query)
