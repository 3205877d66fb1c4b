"""What is counted against the mailbox that sent, for which its campaigns may be paused."""

from linkwright.mailer import lines, rates
from linkwright.mailer.hearing import items
from linkwright.mailer.items import mailbox_key
from linkwright.mailer.lines import Send
from linkwright.mailer.sending import guard
from linkwright.table import Table, get
from linkwright.transaction import Outrun, Transaction


def first(tx: Transaction, send: Send, kind: str) -> bool:
    """Add that such a thing came of a mail. Returns False where that was known."""
    name = f"{kind} of {send['lead']}.{send['seq']}"
    if get(Table.CORE, items.heard_key(tx.partition, name)) is not None:
        return False
    tx.put(Table.CORE, items.heard_row(tx.partition, name), otherwise=Outrun)
    return True


def note(tx: Transaction, send: Send, kind: rates.Kind) -> None:
    """Once for each mail, however often it is reported: one reader is no more than that. Nothing of
    a mailbox that was deleted since.
    """
    if not first(tx, send, kind):
        return
    mailbox = get(Table.CORE, mailbox_key(tx.partition, send["mailbox"]))
    if mailbox is not None:
        line = get(Table.CORE, lines.line_key(tx.partition, send["mailbox"]))
        guard.note(tx, mailbox, line, kind)
