"""What a message that came means for the lead that it is about: once, in one transaction, with the
row that says that it was heard.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Protocol, TypeVar

from linkwright.errors import Unavailable
from linkwright.mailer.hearing import answers, items, matching, returned
from linkwright.mailer.hearing.matching import Match
from linkwright.mailer.inbound import authentication, bounces, parsing
from linkwright.mailer.inbound.parsing import Received, Unreadable
from linkwright.mailer.items import LeadItem
from linkwright.mailer.leads import leads
from linkwright.mailer.sending import settling
from linkwright.observability import count, log_failure
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun, Transaction

# Whoever is outrun so often has met as many changes of one lead.
_TRIES = 8
_Judged = TypeVar("_Judged")


class Heard(Protocol):
    """What was told. `write` adds what follows from it for the lead, as that is now."""

    def write(self, tx: Transaction, lead: LeadItem) -> None: ...


class _AlreadyHeard(Exception):
    """It was heard in another mailbox, or by a run that was killed behind it."""


def hear(partition: str, mailbox: Item, raw: bytes) -> None:
    """Raises `Unavailable`. What cannot be read is passed over: it would stop all behind it."""
    try:
        message = parsing.parse(raw)
        told = _told(partition, mailbox, message)
    except Unreadable as unreadable:
        log_failure("a mail was passed over", unreadable, mailbox=mailbox["sk"])
        count("mails_unreadable")
        return
    if told is not None:
        match, heard = told
        name = message.name or sha256(raw).hexdigest()
        # Not what somebody else wrote in the reader's name.
        is_proof = not isinstance(heard, answers.Answer) or heard.is_trusted
        write(partition, name, match, heard, is_proof=is_proof)


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


def _told(partition: str, mailbox: Item, message: Received) -> tuple[Match, Heard] | None:
    """Raises `Unreadable`, and nothing else for what stands in the message."""
    complaint = _judged(lambda: bounces.complaint(message))
    bounce = None if complaint else _judged(lambda: bounces.bounce(message))
    report = complaint or bounce
    if report is None:
        return answers.heard(partition, mailbox, message, _judged)
    match = matching.by_ids(partition, mailbox["sk"], report.message_ids)
    match = match or matching.by_mark(partition, report.send)
    host = mailbox["view"].get("proof", {}).get("judged_by")
    if match is None or authentication.verdict(message, host) == "fail":
        return None
    if complaint is not None:
        return match, returned.Complained(match.send)
    bounced = returned.bounced(match, bounce.failures) if bounce else None
    return (match, bounced) if bounced else None


def _judged(judge: Callable[[], _Judged]) -> _Judged:
    """Whatever somebody wrote, the mailbox is read on."""
    try:
        return judge()
    except Exception as failure:  # noqa: BLE001 -- see above
        raise Unreadable(f"a rule fails by {type(failure).__name__}") from None
