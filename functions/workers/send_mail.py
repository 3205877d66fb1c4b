"""Queue MailQueue: send what is due of a mailbox, and see to campaigns that start or are over."""

from collections.abc import Callable, Mapping

from linkwright import jobs
from linkwright.jobs import Work
from linkwright.mailer.sending import filling, running
from linkwright.worker import queue_worker

DONE_BY: Mapping[str, Callable[[Work], None]] = {
    jobs.MAILBOX_LINE: running.run,
    jobs.CAMPAIGN: filling.run,
}


@queue_worker()
def handler(work: Work) -> None:
    DONE_BY[work.kind](work)
