"""GET /v1/voice/calls/{call_id}: retrieve a call with its status and transcript."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.voice.calls import reading
from linkwright.voice.calls.models import Call


@endpoint(scope="calls:read")
def handler(account: Account, call_id: str) -> Call:
    return reading.get(account, call_id)
