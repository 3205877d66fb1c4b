"""Queue MailboxQueue: prove a mailbox, look at its domain again, and read what has come to it."""

from collections.abc import Callable, Mapping

from linkwright import jobs
from linkwright.jobs import Work
from linkwright.mailer.mailboxes import tending
from linkwright.mailer.responses import companies, reading
from linkwright.worker import queue_worker

DONE_BY: Mapping[str, Callable[[Work], None]] = {
    jobs.MAILBOX: tending.tend,
    jobs.MAILBOX_READING: reading.run,
    jobs.COMPANY: companies.stop,
}


@queue_worker()
def handler(work: Work) -> None:
    DONE_BY[work.kind](work)
