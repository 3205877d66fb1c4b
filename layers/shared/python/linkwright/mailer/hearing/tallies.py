"""What is counted against the mailbox that sent, for which its campaigns may be paused."""

from linkwright.mailer import lines, rates
from linkwright.mailer.items import mailbox_key
from linkwright.mailer.lines import Send
from linkwright.mailer.sending import guard
from linkwright.table import Table, get
from linkwright.transaction import Transaction


def note(tx: Transaction, send: Send, kind: rates.Kind) -> None:
    """Nothing of a mailbox that was deleted since."""
    mailbox = get(Table.CORE, mailbox_key(tx.partition, send["mailbox"]))
    if mailbox is not None:
        line = get(Table.CORE, lines.line_key(tx.partition, send["mailbox"]))
        guard.note(tx, mailbox, line, kind)
