"""What was heard takes effect: once, in one transaction, with the row that says that it was heard.

Some of it is counted against the mailbox that sent, for which its campaigns may be paused.
"""

from typing import Protocol

from linkwright.errors import Unavailable
from linkwright.mailer import lines, rates
from linkwright.mailer.items import LeadItem, mailbox_key
from linkwright.mailer.leads import leads
from linkwright.mailer.lines import Send
from linkwright.mailer.responses import items
from linkwright.mailer.responses.matching import Match
from linkwright.mailer.sending import guard, settling
from linkwright.observability import count
from linkwright.table import Table, get
from linkwright.transaction import Outrun, Transaction

# Whoever is outrun so often has met as many changes of one lead.
_TRIES = 8


class Heard(Protocol):
    """What was told. `write` adds what follows from it for the lead, as that is now."""

    def write(self, tx: Transaction, lead: LeadItem) -> None: ...


class _AlreadyHeard(Exception):
    """It was heard in another mailbox, or by a run that was killed behind it."""


def write(
    partition: str,
    name: str,
    match: Match,
    heard: Heard,
    *,
    is_proof: bool,
    named: str | None = None,
) -> None:
    """Nothing of what was heard by that name before, nor of a lead that is gone.

    `is_proof`: the mail that it is about was sent, and is known by `named` instead of our id.
    """
    if get(Table.CORE, items.heard_key(partition, name)) is not None:
        return
    for _ in range(_TRIES):
        lead = leads.stored(partition, match.lead["sk"])
        if lead is None:
            return
        tx = Transaction(partition, "")
        tx.put(Table.CORE, items.heard_row(partition, name), otherwise=_AlreadyHeard)
        heard.write(tx, lead)
        if is_proof:
            _prove(tx, match, named)
        try:
            tx.commit()
        except Outrun:
            continue
        except _AlreadyHeard:
            return
        count(f"heard_{type(heard).__name__.lower()}")
        return
    raise Unavailable


def _prove(tx: Transaction, match: Match, named: str | None) -> None:
    """Add that a mail was sent, a step or an answer of ours, where nobody knew that."""
    if match.is_named:
        settling.prove(tx, match.send, named)
    if match.answer is None:
        return
    where = items.message_key(tx.partition, match.lead["sk"], match.answer)
    row = get(Table.CORE, where)
    if row is not None and row["view"]["state"] == "unknown":
        tx.update(
            Table.CORE,
            where,
            "SET #view = :view",
            condition="#view = :seen",
            values={"view": row["view"] | {"state": "sent"}, "seen": row["view"]},
            otherwise=Outrun,
        )


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
