"""POST /v1/mailer/mailboxes: connect a mailbox, once its host has let us in."""

from linkwright.auth import Account
from linkwright.endpoint import endpoint
from linkwright.mailer.mailboxes import connecting
from linkwright.mailer.mailboxes.models import CreateMailbox, Mailbox
from linkwright.transaction import Transaction


# A log-in that is tried is counted by itself: a repetition tries none.
@endpoint(scope="mailboxes:write", status=201, location="/v1/mailer/mailboxes/{id}", in_parts=True)
def handler(account: Account, body: CreateMailbox, tx: Transaction) -> Mailbox:
    return connecting.create(account, body, tx)
