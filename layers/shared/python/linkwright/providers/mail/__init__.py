"""The port to people: `send(Mail(…))`, and `send_once` for a job that mails several."""

from linkwright.providers.mail.letter import Mail, MailRefused, message, new_id
from linkwright.providers.mail.once import send_once
from linkwright.providers.mail.ses import MailNotConfigured, send

__all__ = ["Mail", "MailNotConfigured", "MailRefused", "message", "new_id", "send", "send_once"]
