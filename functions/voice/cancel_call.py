"""POST /v1/voice/calls/{call_id}/cancel: cancel a call that has not ended."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.fields import Nothing
from linkwright.transaction import Transaction
from linkwright.voice.calls import canceling
from linkwright.voice.calls.models import Call


@endpoint(scope="calls:write")
def handler(account: Account, call_id: str, body: Nothing, tx: Transaction) -> Call:
    return canceling.cancel(account, call_id, tx)
