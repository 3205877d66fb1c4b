"""PATCH /v1/mailer/mailboxes/{mailbox_id}: change a mailbox, which makes its next version."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.http import IfMatch
from linkwright.mailer.mailboxes import connecting
from linkwright.mailer.mailboxes.models import Mailbox, UpdateMailbox
from linkwright.transaction import Transaction


@endpoint(scope="mailboxes:write")
def handler(
    account: Account, mailbox_id: str, body: UpdateMailbox, if_match: IfMatch, tx: Transaction
) -> Mailbox:
    return connecting.change(account, mailbox_id, body, if_match, tx)
