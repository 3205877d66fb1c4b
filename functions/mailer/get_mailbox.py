"""GET /v1/mailer/mailboxes/{mailbox_id}: retrieve a mailbox, and whether it is proven."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.mailboxes import mailboxes
from linkwright.mailer.mailboxes.models import Mailbox


@endpoint(scope="mailboxes:read")
def handler(account: Account, mailbox_id: str) -> Mailbox:
    return mailboxes.find(account, mailbox_id)
