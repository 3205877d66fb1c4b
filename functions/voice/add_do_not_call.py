"""POST /v1/voice/do-not-call: put a number on the list of those that are never called."""

from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.voice.compliance import do_not_call
from linkwright.voice.compliance.models import AddNumber, DoNotCallEntry


@endpoint(scope="suppressions:write", status=201, location="/v1/voice/do-not-call/{number}")
def handler(body: AddNumber, tx: Transaction) -> DoNotCallEntry:
    return do_not_call.add(body.number, tx, source="api", reason=body.reason)
