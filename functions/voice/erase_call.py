"""DELETE /v1/voice/calls/{call_id}: erase what was said in a call that has ended."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.transaction import Transaction
from linkwright.voice.follow_up import erasing


@endpoint(scope="calls:write", status=204)
def handler(account: Account, call_id: str, tx: Transaction) -> None:
    erasing.erase(account, call_id, tx)
