"""DELETE /v1/mailer/mailboxes/{mailbox_id}: delete a mailbox, and what logs in to it."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.mailboxes import mailboxes
from linkwright.transaction import Transaction


@endpoint(scope="mailboxes:write", status=204)
def handler(account: Account, mailbox_id: str, tx: Transaction) -> None:
    mailboxes.delete(account, mailbox_id, tx)
