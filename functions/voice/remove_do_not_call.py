"""DELETE /v1/voice/do-not-call/{number}: take a number off the do-not-call list."""

from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.voice.compliance import do_not_call


@endpoint(scope="suppressions:write", status=204)
def handler(number: str, tx: Transaction) -> None:
    do_not_call.remove(number, tx)
