"""The port to people: `send(Mail(…))`."""

from linkwright.providers.mail.letter import Mail, MailRefused, message
from linkwright.providers.mail.ses import MailNotConfigured, send

__all__ = ["Mail", "MailNotConfigured", "MailRefused", "message", "send"]
