"""What a message that came means for the lead that it is about."""

from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from linkwright.mailer.hearing import answers, effects, matching, returned
from linkwright.mailer.hearing.effects import Heard
from linkwright.mailer.hearing.matching import Match
from linkwright.mailer.inbound import authentication, bounces, parsing
from linkwright.mailer.inbound.parsing import Received, Unreadable
from linkwright.observability import count, log_failure
from linkwright.table import Item

_Judged = TypeVar("_Judged")


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
        effects.write(partition, name, match, heard, is_proof=is_proof)


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
