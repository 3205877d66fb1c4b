"""The way by which a mailbox sends: its own host by SMTP, or SES for who has opted in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from linkwright.egress_limits import Deadline
from linkwright.errors import Unavailable, Unheard
from linkwright.mailer.mailboxes import logging_in, simulation
from linkwright.mailer.sending.verdicts import (
    Counted,
    Deferred,
    NotTried,
    Outcome,
    Refused,
    Sent,
    Unknown,
    Withheld,
)
from linkwright.observability import log_failure
from linkwright.providers import mail as mails
from linkwright.providers.mail import (
    Mail,
    MailHeldUp,
    MailNotConfigured,
    MailRefused,
    message,
    ses,
)
from linkwright.providers.mailbox import looking
from linkwright.providers.mailbox.looking import MARK, Trace
from linkwright.providers.mailbox.refusals import About
from linkwright.providers.mailbox.types import Failure, Login, MailboxFailed, OutcomeUnknown
from linkwright.sealing import Unsealable
from linkwright.table import Item

# All that logging in and handing over may take.
CONVERSATION_S = 20.0
# RFC 5321 and 3463 have these for a mailbox that is full: later it may not be.
_FULL, _IS_FULL = 552, "5.2.2"
# RFC 3463: for who sends, or for what was said, and not for want of a reader.
_OF_POLICY = "5.7."
# Of the mailbox, whatever it is to send.
_OF_MAILBOX = frozenset(
    {
        *(Failure.HOST_NOT_ALLOWED, Failure.STARTTLS_MISSING, Failure.LOGIN_REFUSED),
        *(Failure.LOGIN_METHOD_MISSING, Failure.TOKEN_REFUSED, Failure.SENDER_REFUSED),
    }
)
# To one mail, whomever they speak of.
_ANSWERS = frozenset(
    {
        *(Failure.DEFERRED, Failure.SENDER_REFUSED),
        *(Failure.RECIPIENT_REFUSED, Failure.CONTENT_REFUSED),
    }
)
Send = Callable[[Mail], Outcome]


class Down(Exception):
    """The host lets nobody in now: it is tried later."""


class Broken(Exception):
    """The mailbox cannot send before somebody has changed it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Found(NamedTuple):
    named: str | None


@contextmanager
def opened(partition: str, mailbox: Item) -> Iterator[Send]:
    """Who is let in. Raises `Down` and `Broken`, before anything was sent."""
    if simulation.is_simulated(partition):
        yield lambda letter: _handed_over(lambda: simulation.handed_over(letter.to))
        return
    if mailbox["view"]["transport"] == "ses":
        yield lambda letter: _by_ses(partition, mailbox, letter)
        return
    view, within = mailbox["view"], Deadline(CONVERSATION_S)
    with _judged():
        by = log_in(partition, mailbox, within)
        with logging_in.sending(view, by, within) as session:
            yield lambda letter: _handed_over(
                lambda: session.send(view["email"], letter.to, message(letter, view["email"]))
            )


@contextmanager
def _judged() -> Iterator[None]:
    try:
        yield
    except Unsealable:
        raise Broken("secret_lost") from None
    except MailboxFailed as failure:
        if failure.failure in _OF_MAILBOX:
            raise Broken(failure.failure.value) from None
        raise Down from None


def log_in(partition: str, mailbox: Item, within: Deadline) -> Login:
    try:
        return logging_in.log_in(partition, mailbox, within)
    except logging_in.Outdated:
        raise Down from None


def _handed_over(send: Callable[[], object]) -> Outcome:
    try:
        accepted = send()
    except OutcomeUnknown:
        return Unknown()
    except MailRefused as refused:
        return Refused(refused.reason)
    except MailboxFailed as failure:
        return _said(failure)
    named = getattr(accepted, "named", None)
    return Sent(named.strip("<>") if named else None)


def _said(failure: MailboxFailed) -> Outcome:
    """By what a host answered before it had the mail."""
    kind, about = failure.failure, failure.about
    said = f"{kind} {failure.code or ''} {failure.status}".rstrip()
    if about is About.PACE and kind in _ANSWERS:
        return Withheld("quota_exceeded", said, may_be_own=False)
    if kind in _OF_MAILBOX:
        raise Broken(kind.value)
    if kind not in _ANSWERS:
        return NotTried()
    if about is About.SENDER:
        if kind is Failure.DEFERRED:
            return Withheld("deferred", said)
        counted: Counted | None = "policy" if failure.status.startswith(_OF_POLICY) else None
        return Withheld("policy_refused", said, counted)
    if kind is Failure.DEFERRED or failure.code == _FULL or failure.status == _IS_FULL:
        return Deferred("deferred", None if about is About.READER else said)
    if about is About.READER:
        return Refused("recipient_refused", "bounced")
    return Refused(kind.value, said=said)


def _by_ses(partition: str, mailbox: Item, letter: Mail) -> Outcome:
    letter = replace(letter, tags=_tags(partition, letter))
    try:
        named = mails.send(letter, mailbox["view"]["email"])
    except MailRefused as refused:
        return Refused(refused.reason)
    except MailHeldUp as held:
        raise Broken(held.reason) from None
    except Unheard:
        return Unknown()
    except (Unavailable, MailNotConfigured) as failure:
        log_failure("not mailed", failure)
        return NotTried()
    return Sent(ses.message_id(named))


def _tags(partition: str, letter: Mail) -> dict[str, str]:
    """By which we know which mail it is that SES tells of."""
    lead, _, seq = letter.headers[MARK].rpartition(".")
    name = (letter.message_id or "").partition("@")[0]
    return {"workspace": partition, "lead": lead, "seq": seq, "mail": name}


def file_copy(partition: str, mailbox: Item, letter: Mail) -> None:
    """File what was sent in the Sent folder, where its host does not. That it was sent stays so
    whatever becomes of this.
    """
    if simulation.is_simulated(partition):
        return
    view = mailbox["view"]
    folder = view.get("proof", {}).get("sent_folder")
    if view["transport"] == "ses" or files_copies(mailbox) or not folder:
        return
    within = Deadline(CONVERSATION_S)
    with suppress(Down, Broken, Unavailable), _judged():
        by = log_in(partition, mailbox, within)
        with logging_in.reading(view, by, within) as session:
            session.append(folder, message(letter, view["email"]))


def files_copies(mailbox: Item) -> bool:
    """Whether its host files what is sent by itself, so that a mail can be looked for."""
    return bool(mailbox["view"].get("proof", {}).get("sent_copy") == "host")


def find(partition: str, mailbox: Item, trace: Trace, since: datetime) -> Found | None:
    """Look for a mail in the Sent folder. Raises `Down` and `Broken`."""
    view, within = mailbox["view"], Deadline(CONVERSATION_S)
    with _judged():
        by = log_in(partition, mailbox, within)
        with logging_in.reading(view, by, within) as session:
            folder = view["proof"].get("sent_folder") or looking.sent_folder(session.folders())
            found = looking.find(session, folder, trace, since) if folder else None
    return Found((found.message_id or "").strip("<>") or None) if found else None
