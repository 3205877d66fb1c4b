"""GET /v1/mailer/mailboxes/{mailbox_id}/checks: look at what the mailbox's domain publishes."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.mailboxes import checking
from linkwright.mailer.mailboxes.known_models import MailboxChecks


@endpoint(scope="mailboxes:read")
def handler(account: Account, mailbox_id: str) -> MailboxChecks:
    return checking.check(account, mailbox_id)
