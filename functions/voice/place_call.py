"""POST /v1/voice/calls: place an outbound call."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.voice.calls import placing
from linkwright.voice.calls.models import Call, PlaceCall


@endpoint(scope="calls:write", status=201, location="/v1/voice/calls/{id}")
def handler(account: Account, body: PlaceCall, tx: Transaction) -> Call:
    return placing.place(account, body, tx)
