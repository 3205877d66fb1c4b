"""The one mail that a mailbox sends to itself: sent once, whatever is killed, and read back."""

from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import cast

from linkwright import clock, ids
from linkwright.egress_limits import Deadline
from linkwright.errors import Unavailable
from linkwright.mailer.mailboxes import items, logging_in
from linkwright.mailer.mailboxes.items import MailboxView, Probe
from linkwright.mailer.mailboxes.known_models import MailboxProof
from linkwright.providers.mailbox import headers, looking
from linkwright.providers.mailbox.imap import Session
from linkwright.providers.mailbox.looking import Found, Trace
from linkwright.providers.mailbox.types import Login, MailboxFailed, OutcomeUnknown
from linkwright.table import ConditionFailed, Item, Key, Table, get, update

# Of each conversation.
CONVERSATION_S = 15.0
# A host that files what is sent does so by then.
_FILED = timedelta(seconds=30)
_INBOX = "INBOX"
_SUBJECT = "Linkwright has connected this mailbox"
_TEXT = """\
This mail was sent from your mailbox to itself when it was connected to Linkwright.
It shows that mail can be sent and read. You may delete it.
"""


class Elsewhere(Exception):
    """The mailbox was changed meanwhile, or another run is at it."""


def probe(row: Item, by: Login) -> Probe:
    """The one that is there, or a new one, once it was sent. What is known not to have been sent
    leaves none. Raises `MailboxFailed` and `Elsewhere`.
    """
    if "probe" in row:
        return cast(Probe, row["probe"])
    view, noted = row["view"], _intended(row)
    made = noted.copy()
    try:
        with logging_in.sending(view, by, Deadline(CONVERSATION_S)) as session:
            session.send(view["email"], view["email"], _mail(view, made))
        made["state"] = "sent"
    except OutcomeUnknown:
        made["state"] = "unknown"
    except MailboxFailed:
        _note(row, "REMOVE #probe", noted, {})
        raise
    _note(row, "SET #probe = :probe", noted, {"probe": made})
    return made


def found(view: MailboxView, made: Probe, by: Login) -> MailboxProof | None:
    """What the mail tells once it has come. Raises `MailboxFailed`."""
    with logging_in.reading(view, by, Deadline(CONVERSATION_S)) as session:
        return _read(session, made)


def _read(session: Session, made: Probe) -> MailboxProof | None:
    sent_at = clock.parse(made["at"])
    trace = Trace(made["message_id"], made["mark"])
    folders = session.folders()
    junk, sent = looking.junk_folder(folders), looking.sent_folder(folders)
    place, mail = "inbox", looking.find(session, _INBOX, trace, sent_at)
    if mail is None and junk:
        place, mail = "junk", looking.find(session, junk, trace, sent_at)
    if mail is None:
        return None
    told = headers.parsed(session.header(mail.uid))
    copy = looking.find(session, sent, trace, sent_at) if sent else None
    if sent and copy is None and clock.now() - sent_at < _FILED:
        return None
    return _proof(place, mail, told, sent, copy)


def _proof(
    place: str, mail: Found, told: dict[str, list[str]], sent: str | None, copy: Found | None
) -> MailboxProof:
    results = headers.authentication(told)
    return MailboxProof.model_validate(
        {
            "at": clock.timestamp(),
            "found_in": place,
            "sent_copy": "host" if copy else "ours" if sent else "nobody",
            "sent_folder": sent,
            "keeps_message_id": mail.keeps_our_id,
            **results,
            "judged_by": headers.judge(told),
            "dkim_selectors": [selector for _, selector in headers.signatures(told)][:5],
        }
    )


def _intended(row: Item) -> Probe:
    """Written before the mail is sent: who finds it sends no other."""
    made: Probe = {
        "mark": ids.new("prb"),
        "message_id": f"<{ids.new('mail')}@{items.domain(row['view'])}>",
        "at": clock.timestamp(),
        "state": "sending",
    }
    try:
        update(
            Table.CORE,
            Key(row["pk"], row["sk"]),
            "SET #probe = :probe",
            condition="#v = :seen AND attribute_not_exists(#probe)",
            values={"probe": made, "seen": row["v"]},
        )
    except ConditionFailed:
        # By ourselves, where the client tried twice: then nobody else would ever send it.
        if not _is_noted(row, made):
            raise Elsewhere from None
    except Unavailable:
        if not _is_noted(row, made):
            raise
    return made


def _is_noted(row: Item, made: Probe) -> bool:
    kept = (get(Table.CORE, Key(row["pk"], row["sk"])) or {}).get("probe", {})
    return bool(kept == made)


def _note(row: Item, expression: str, noted: Probe, values: Item) -> None:
    try:
        update(
            Table.CORE,
            Key(row["pk"], row["sk"]),
            expression,
            condition="#probe = :noted",
            values={**values, "noted": noted},
        )
    except ConditionFailed:
        if not values or not _is_noted(row, values["probe"]):
            raise Elsewhere from None


def _mail(view: MailboxView, made: Probe) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = mail["To"] = view["email"]
    mail["Subject"] = _SUBJECT
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = made["message_id"]
    mail["Auto-Submitted"] = "auto-generated"
    mail[looking.MARK] = made["mark"]
    mail.set_content(_TEXT)
    # Plain, the library writes a long id as an encoded word.
    return mail.as_bytes(policy=SMTP.clone(max_line_length=998))
