"""Queue MailQueue: send what is due of a mailbox, and see to campaigns that start or are over."""

from collections.abc import Callable, Mapping

from linkwright import jobs
from linkwright.jobs import Work
from linkwright.mailer.responses import mailing
from linkwright.mailer.sending import filling, running
from linkwright.worker import mark_given_up, queue_worker

DONE_BY: Mapping[str, Callable[[Work], None]] = {
    jobs.MAILBOX_LINE: running.run,
    jobs.CAMPAIGN: filling.run,
    jobs.LEAD_ANSWER: mailing.mail,
}


def _give_up(work: Work) -> None:
    (mailing.give_up if work.kind == jobs.LEAD_ANSWER else mark_given_up)(work)


@queue_worker(_give_up)
def handler(work: Work) -> None:
    DONE_BY[work.kind](work)
