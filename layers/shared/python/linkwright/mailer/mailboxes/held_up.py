"""Why a mailbox that is active sends nothing now, though some of its mails are due."""

from datetime import timedelta

from linkwright import clock, jobs
from linkwright.mailer import lines
from linkwright.mailer.mailboxes import simulation
from linkwright.mailer.mailboxes.items import MailboxView
from linkwright.mailer.mailboxes.known_models import MailboxHeldUp
from linkwright.table import Table, get
from linkwright.transaction import Transaction

# Whoever asked for no more may have done so in an inbox that nobody reads.
_UNREAD = timedelta(minutes=15)
# Then it is looked at again whether it is read, as often as that may be: after a stack that was
# stopped for a while the first reading is a moment behind.
LOOKED_AGAIN = timedelta(minutes=1)
# Since when there is something with the reading of it: its host, our worker, or that none came.
_SINCE = ("troubled_since", "failing_since", "gsi2sk")


def shown(partition: str, view: MailboxView) -> MailboxHeldUp | None:
    """Of a mailbox, by its view."""
    if view["status"] != "active":
        return None
    if is_unread(partition, view):
        until = clock.now() + LOOKED_AGAIN
        return MailboxHeldUp(reason="inbox_not_read", until=clock.timestamp(until))
    line = get(Table.CORE, lines.line_key(partition, view["id"])) or {}
    withheld = line.get("withheld")
    if withheld is None or clock.parse(withheld["until"]) <= clock.now():
        return None
    return MailboxHeldUp(reason=withheld["reason"], until=withheld["until"])


def is_unread(partition: str, view: MailboxView) -> bool:
    """Whether its inbox, if it has one, could not be read for some minutes, or nobody is to."""
    if not simulation.has_inbox(partition, view):
        return False
    row = get(Table.CORE, lines.reading_key(partition, view["id"]))
    if row is None or not jobs.is_due(row):
        return True
    since = min((row[name] for name in _SINCE if name in row), default=clock.timestamp())
    return clock.now() - clock.parse(since) >= _UNREAD


def have_read(partition: str, mailbox_id: str) -> None:
    """Have a mailbox read from now on that nobody is to read: its mails wait for that alone."""
    row = get(Table.CORE, lines.reading_key(partition, mailbox_id))
    if row is None or not jobs.is_due(row):
        tx = Transaction(partition, "")
        lines.ask_to_read(tx, mailbox_id)
        tx.commit()
