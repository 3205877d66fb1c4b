"""POST /v1/voice/calls/{call_id}/cancel: cancel a call that has not ended."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.fields import Nothing
from linkwright.transaction import Transaction
from linkwright.voice import calls
from linkwright.voice.models import Call


@endpoint(scope="calls:write")
def handler(account: Account, call_id: str, body: Nothing, tx: Transaction) -> Call:
    return calls.cancel(account, call_id, tx)
