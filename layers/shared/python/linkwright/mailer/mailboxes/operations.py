"""What other domains ask of mailboxes."""

from linkwright.mailer.mailboxes.models import Mailbox

__all__ = ["Mailbox"]
