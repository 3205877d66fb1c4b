"""GET /v1/mailer/mailboxes: list the workspace's mailboxes, newest first."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.mailboxes import mailboxes
from linkwright.mailer.mailboxes.models import Mailbox
from linkwright.pagination import ListQuery, Page


@endpoint(scope="mailboxes:read")
def handler(account: Account, query: ListQuery) -> Page[Mailbox]:
    return mailboxes.listed(account, query)
