"""GET /v1/mailer/mailboxes/{mailbox_id}: retrieve a mailbox, and what came of its mails."""

from typing import cast

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer import rates
from linkwright.mailer.mailboxes import held_up, mailboxes
from linkwright.mailer.mailboxes.items import MailboxView
from linkwright.mailer.mailboxes.models import MailboxInUse


@endpoint(scope="mailboxes:read")
def handler(account: Account, mailbox_id: str) -> MailboxInUse:
    mailbox = mailboxes.find(account, mailbox_id)
    view = mailbox.model_dump()
    return MailboxInUse(
        **view,
        deliverability=rates.shown(account.partition, view),
        held_up=held_up.shown(account.partition, cast(MailboxView, view)),
    )
