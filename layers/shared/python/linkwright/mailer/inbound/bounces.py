"""Reports of mail servers that a message was not delivered, and of receivers who complain of one.

Anybody can write one. What is here is what a report says: that it is about a message of ours is
proven by `message_ids` or `send`, which only who was sent it knows, and is for the caller to look
up. An address that a report names is then held against the one that the message went to.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from linkwright.mailer.inbound import fields, reports
from linkwright.mailer.inbound.automatic import is_without_sender
from linkwright.mailer.inbound.parsing import Received
from linkwright.mailer.inbound.text import expression, plain
from linkwright.providers.mailbox import refusals
from linkwright.providers.mailbox.refusals import About

Class = Literal["hard", "soft", "policy"]

_MOST_FAILURES = 20
_MOST_CHARS = 16_000
_MOST_DETAIL = 300

_ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_BASIC = re.compile(r"(?<![\d.])([45])\d\d(?![\d.])")
_IS_FULL = expression(
    r"(?:mailbox|inbox|postfach|buzón|boîte|quota)(?: \w+){0,4} (?:full|voll|lleno|pleine|exceeded)"
    r"|over ?quota|quota exceeded|exceeded (?:its|his|the|their) (?:quota|storage)"
)
_IS_POLICY = expression(
    r"\b(?:spam|blacklist\w*|blocklist\w*|blocked|spamhaus|barracuda|reputation|dmarc|dkim|spf\b"
    r"|rbl\b|policy|access denied|not authori[sz]ed|junk)"
)
_IS_UNKNOWN = expression(
    r"(?:no such|unknown|invalid|nonexistent|non existent) (?:\w+ ){0,2}?(?:user|recipient|mailbox"
    r"|address|account)|(?:user|recipient|mailbox|address|account|email)(?: \w+){0,5}? (?:unknown"
    r"|not found|doe?s(?: no|n)t exist|not exist|disabled|inactive|unavailable|rejected)"
    r"|doesnt have an? \w+|couldnt be found|no mailbox|not a valid|domain(?: \w+){0,3}? not found"
    r"|(?:domain|host)(?: \w+){0,3}? doe?s(?: no|n)t exist|invalid domain$|no mx record"
    r"|domain is not reachable|couldnt find (?:a|any) (?:mail exchanger|host)|no smtp service"
    r"|unrouteable"
)
_IS_FOR_NOW = expression(r"not found,? try again|try again later")
_OF_A_HOST = re.compile(r"^(?:mailer-?daemon|postmaster|mail-?daemon|bounces?)(?:[+@-]|$)")

_ADDRESS = r"[^\s@<>\"(),:;\\]{1,64}@[^\s@<>\"(),:;\\]{1,255}"
# qmail and Yahoo: "<address>:", and what follows until a blank line; Exim: an indented address; GMX
# quotes it, Microsoft's next line and Zoho's own begin by words of theirs.
_PARAGRAPH = re.compile(
    rf"^[ \t]{{0,8}}[<\"]?({_ADDRESS})[>\"]?(?:<mailto:[^<>\s]{{1,330}}>)?"
    r"(?::[ \t]*(?:\r?\n)?|[ \t]*\n(?=[ \t]|Remote Server)|[ \t](?=.{0,80}ERROR_CODE))"
    r"((?:.{1,500}\n?){0,8})",
    re.MULTILINE,
)
_SAYS_SO = expression(
    r"qmail-send|unable to deliver|could not be delivered|couldn't be delivered|wasn't delivered"
    r"|delivery (?:to the following|failed|has failed)|undeliver\w+|returned to sender"
    r"|error occurred while trying to deliver|following address\w* failed"
    r"|mail delivery (?:failed|system)|delivery status notification"
    r"|unzustellbar|konnte nicht zugestellt werden|n'a pas pu être (?:remis|distribué)"
    r"|no se (?:ha podido|pudo) entregar|לא ניתן היה למסור|تعذر تسليم"
)


@dataclass(frozen=True)
class Failure:
    """`status` is the enhanced code of RFC 3463, if one is told. `detail` is what the host said:
    it has addresses, and is never logged."""

    address: str | None = field(repr=False)
    kind: Class
    status: str | None
    detail: str = field(repr=False)


@dataclass(frozen=True)
class Bounce:
    """Without a failure, the message is late, or was delivered: nothing follows from it."""

    failures: tuple[Failure, ...]
    message_ids: tuple[str, ...]
    send: str | None


@dataclass(frozen=True)
class Complaint:
    """That somebody called a message spam. The address is often hidden: the message tells it."""

    feedback: str
    address: str | None = field(repr=False)
    message_ids: tuple[str, ...]
    send: str | None


def bounce(message: Received) -> Bounce | None:
    """None for what is no report of that kind."""
    if _is_report(message, "delivery-status", "final-recipient", "original-recipient"):
        failures = tuple(_reported(message.report))
    elif message.report_type != "feedback-report" and _is_told(message):
        failures = tuple(_told(message))
    else:
        return None
    return Bounce(failures[:_MOST_FAILURES], _message_ids(message), _send(message))


def complaint(message: Received) -> Complaint | None:
    """None for what is no report of that kind, and for one that says that it is not spam."""
    if not _is_report(message, "feedback-report", "feedback-type"):
        return None
    feedback = next((one["feedback-type"] for one in message.report if "feedback-type" in one), "")
    if plain(feedback) not in {"abuse", "fraud", "other", "opt-out", "opt-out-list"}:
        return None
    named = [_address(one.get("original-rcpt-to", "")) for one in message.report]
    return Complaint(
        plain(feedback),
        next((one for one in named if one), None),
        _message_ids(message),
        _send(message),
    )


def kind_of(status: str | None, said: str) -> Class:
    """Of an enhanced code, and what a host said, in a report or in answer to a command of SMTP.

    Only what speaks of the reader is hard: hosts also send back to each mail that its sender has
    a quota or is blocked, that it was too old or too large. What says nothing is soft: nobody is
    barred for good by what cannot be read.
    """
    code, basic = _code(status, said), _BASIC.search(said)
    kind, subject, detail = code or (int(basic[1]) if basic else 0, 0, 0)
    if kind == 4 or (subject, detail) == (2, 2):
        return "soft"
    words = " ".join(plain(said).split())
    about = refusals.about(None, f"5.{subject}.{detail}", said)
    if about is About.READER:
        return "hard"
    # Of a host itself it is the reader's here.
    if subject == 7 or (about is not About.UNSAID and subject != 3):
        return "policy"
    if _IS_UNKNOWN.search(words) and not _IS_FOR_NOW.search(words):
        return "hard"
    if _IS_FULL.search(words):
        return "soft"
    return "policy" if _IS_POLICY.search(words) else "hard" if subject == 1 and detail else "soft"


def _code(status: str | None, said: str) -> tuple[int, int, int] | None:
    """The one in the text is of the host that refused, and says more than "5.0.0". Of two the one
    that blames the reader least.
    """
    codes = [tuple(map(int, one)) for one in _ENHANCED.findall(f"{status or ''} {said}")]
    telling = [one for one in codes if one[0] != 2 and any(one[1:])] or codes
    spared = [one for one in telling if one[1] == 7 or one[1:] == (2, 2)] or telling
    return (spared[0][0], spared[0][1], spared[0][2]) if spared else None


def _is_report(message: Received, kind: str, *names: str) -> bool:
    """Also of what has the fields and is declared as something else."""
    is_declared = message.content_type == "multipart/report" and message.report_type == kind
    return (is_declared and bool(message.report)) or any(
        name in block for block in message.report for name in names
    )


def _reported(report: Iterable[Mapping[str, str]]) -> Iterator[Failure]:
    for block in report:
        action = plain(block.get("action", ""))
        if not ("final-recipient" in block or "original-recipient" in block):
            continue
        status = _ENHANCED.search(block.get("status", ""))
        # An action that is missing is told by the code.
        if action == "failed" or (not action and status and status[1] == "5"):
            said = block.get("diagnostic-code", "")[:_MOST_DETAIL]
            address = _address(block.get("original-recipient", "")) or _address(
                block.get("final-recipient", "")
            )
            yield Failure(
                address, kind_of(status and status[0], said), _told_code(status, said), said
            )


def _told_code(status: re.Match[str] | None, said: str) -> str | None:
    code = _code(status and status[0], said)
    return ".".join(map(str, code)) if code else None


def _address(value: str) -> str | None:
    """Of "rfc822;address"."""
    return next(iter(fields.addresses(value.rpartition(";")[2])), None)


def _is_told(message: Received) -> bool:
    """Whether a host says so in words: of an own address of hosts or of none, by a known phrase."""
    local = message.from_address or ""
    is_of_host = is_without_sender(message) or _OF_A_HOST.match(local) is not None
    if not (is_of_host or message.header("x-failed-recipients")):
        return False
    words = " ".join(plain(f"{message.subject} {message.text[:_MOST_CHARS]}").split())
    return _SAYS_SO.search(words) is not None


def _told(message: Received) -> Iterator[Failure]:
    """Above the copy of the message, which has addresses too."""
    fields_of_text = [one for one in reports.blocks_of(message.text) if "final-recipient" in one]
    if fields_of_text:
        # Amazon WorkMail has the report among its words.
        yield from _reported(fields_of_text)
        return
    above = message.text[:_MOST_CHARS].partition("\n--")[0]
    found: dict[str, Failure] = {}
    for paragraph in _PARAGRAPH.finditer(f"{above}\n"):
        address = _address(paragraph[1])
        said = " ".join(paragraph[2].split())[:_MOST_DETAIL]
        if address and said and address not in found:
            code = _code(None, said)
            status = ".".join(map(str, code)) if code else None
            found[address] = Failure(address, kind_of(None, said), status, said)
    failed = fields.addresses(message.header("x-failed-recipients"))
    for address in failed:
        found.setdefault(address, Failure(address, kind_of(None, above), None, ""))
    yield from (one for one in found.values() if not failed or one.address in failed)


def _message_ids(message: Received) -> tuple[str, ...]:
    """Of the message that came back first; then those that the report answers."""
    returned = message.returned.message_id if message.returned else None
    named: list[Mapping[str, str]] = list(message.report)
    originals = [
        one for block in named for one in fields.ids(block.get("x-original-message-id", ""))
    ]
    each = [
        *([returned] if returned else []),
        *originals,
        *message.in_reply_to,
        *message.references,
    ]
    return tuple(dict.fromkeys(each))


def _send(message: Received) -> str | None:
    return message.returned.send if message.returned else None
