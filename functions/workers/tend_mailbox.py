"""Queue MailboxQueue: prove a mailbox by one mail to itself, and look at its domain again."""

from linkwright.jobs import Work
from linkwright.mailer.mailboxes import tending
from linkwright.worker import queue_worker


@queue_worker()
def handler(work: Work) -> None:
    tending.tend(work)
