"""GET /v1/mailer/mailboxes/{mailbox_id}: retrieve a mailbox, and what came of its mails."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer import rates
from linkwright.mailer.mailboxes import mailboxes
from linkwright.mailer.mailboxes.models import MailboxInUse


@endpoint(scope="mailboxes:read")
def handler(account: Account, mailbox_id: str) -> MailboxInUse:
    mailbox = mailboxes.find(account, mailbox_id)
    came_of_it = rates.shown(account.partition, mailbox.model_dump())
    return MailboxInUse(**mailbox.model_dump(), deliverability=came_of_it)
