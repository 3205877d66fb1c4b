"""What a message that came means for the lead that it is about."""

from hashlib import sha256

from linkwright.mailer.inbound import authentication, bounces, parsing
from linkwright.mailer.inbound.parsing import Received, Unreadable
from linkwright.mailer.responses import answers, effects, matching, returned
from linkwright.mailer.responses.effects import Heard
from linkwright.mailer.responses.matching import Match
from linkwright.mailer.suppressions import stopping
from linkwright.observability import count, log_failure
from linkwright.table import Item


def handle(partition: str, mailbox: Item, raw: bytes) -> None:
    """Raises `Unavailable`, and `Unreadable` for what never can be read."""
    try:
        message = parsing.parse(raw)
    except Unreadable as unreadable:
        log_failure("a mail cannot be read", unreadable, mailbox=mailbox["sk"])
        count("mails_unreadable")
        raise
    told = _told(partition, mailbox, message)
    if told is not None:
        match, heard = told
        name = message.name or sha256(raw).hexdigest()
        # Not what somebody else wrote in the reader's name.
        is_proof = not isinstance(heard, answers.Answer) or heard.is_trusted
        effects.write(partition, name, match, heard, is_proof=is_proof)


def end(partition: str, mailbox: Item, raw: bytes) -> None:
    """Whatever else a message may mean, whom it answers for, or who sent it, is mailed no more: it
    may say so. Raises `Unreadable` and `Unavailable`.
    """
    message = parsing.parse(raw)
    ids = (*message.in_reply_to, *reversed(message.references))
    match = matching.by_ids(partition, mailbox["sk"], ids)
    match = match or matching.by_sender(partition, message)
    if match is not None and not message.is_from(frozenset({mailbox["view"]["email"].lower()})):
        stopping.end(partition, match.lead["sk"], "replied", "replied")


def _told(partition: str, mailbox: Item, message: Received) -> tuple[Match, Heard] | None:
    complaint = bounces.complaint(message)
    bounce = None if complaint else bounces.bounce(message)
    report = complaint or bounce
    if report is None:
        return answers.heard(partition, mailbox, message)
    match = matching.by_ids(partition, mailbox["sk"], report.message_ids)
    match = match or matching.by_mark(partition, report.send)
    host = mailbox["view"].get("proof", {}).get("judged_by")
    if match is None or authentication.verdict(message, host) == "fail":
        return None
    if complaint is not None:
        return match, returned.Complained(match.send)
    bounced = returned.bounced(match, bounce.failures) if bounce else None
    return (match, bounced) if bounced else None
