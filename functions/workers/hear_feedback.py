"""Queue FeedbackQueue: hear from SES what became of campaigns' mails."""

from linkwright.mailer.responses import reported
from linkwright.worker import topic_worker


@topic_worker
def handler(body: str) -> None:
    reported.hear(body)
