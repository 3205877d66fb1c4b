"""Looking at a mailbox's domain because somebody asks."""

from linkwright.auth import Account
from linkwright.mailer.mailboxes import checks, items, mailboxes, simulation
from linkwright.mailer.mailboxes.known_models import MailboxChecks


def check(account: Account, mailbox_id: str) -> MailboxChecks:
    """What is found now; what is kept of it is the worker's. Errors: no such mailbox (404)."""
    view = mailboxes.existing(account.partition, mailbox_id)["view"]
    if simulation.is_simulated(account.partition):
        return simulation.checks(items.domain(view))
    return checks.look(view)
