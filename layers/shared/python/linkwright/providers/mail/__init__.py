"""The port to people: `send(Mail(…))`, and `send_once` and `send_to_each` for jobs that mail."""

from linkwright.providers.mail.letter import (
    Mail,
    MailHeldUp,
    MailRefused,
    judged,
    message,
    new_id,
    one_click,
)
from linkwright.providers.mail.once import send_once, send_to_each
from linkwright.providers.mail.ses import MailNotConfigured, send

__all__ = [
    "Mail",
    "MailHeldUp",
    "MailNotConfigured",
    "MailRefused",
    "judged",
    "message",
    "new_id",
    "one_click",
    "send",
    "send_once",
    "send_to_each",
]
