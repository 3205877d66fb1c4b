"""A mail as it goes over the wire: a whole message of ours, made by the standard library."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any

from linkwright import clock, ids, mail_addresses
from linkwright.errors import Unavailable

# RFC 5322: a line has 78 characters if it can, and 998 at most, with the name of its header.
_LINE, _LONGEST_WORD = 78, 998 - 80
_NAME = re.compile(r"[!-9;-~]{1,76}")
_OURS = {"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version"}
_OURS |= {"return-path", "auto-submitted"}


class MailRefused(Exception):
    """This mail is never sent, however often it is tried. `reason` is one of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MailHeldUp(Unavailable):
    """SES takes no mail of ours for now, whomever it is for. `reason` is one of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


@dataclass(frozen=True)
class Mail:
    """`to` is one address. `headers` are besides those that every mail has.

    `tags` come back in what SES tells of the mail. One that no person wrote is `automatic`. Who has
    a `message_id`, without its brackets, knows by which the answers name it. `tenant` is whose mail
    it is, for SES.
    """

    to: str
    subject: str
    text: str
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    automatic: bool = True
    sender_name: str = ""
    message_id: str | None = None
    tenant: str | None = None


def message(mail: Mail, sender: str) -> bytes:
    """As it goes over the wire, in ASCII. SES writes `Date` and `Message-ID` over with its own."""
    made = EmailMessage(policy=_POLICY)
    if "=?" in mail.sender_name:
        # Quoted, it is no encoded word; some clients take it for one.
        raise MailRefused("bad_header")
    made["From"] = Address(display_name=_header(mail.sender_name), addr_spec=sender)
    made["To"] = Address(addr_spec=judged(mail.to))
    made["Date"] = format_datetime(clock.now())
    made["Message-ID"] = f"<{mail.message_id or new_id(sender)}>"
    if mail.automatic:
        # Else somebody's absence would be answered to us.
        made["Auto-Submitted"] = "auto-generated"
    if any(_is_ours(name) or not _NAME.fullmatch(name) for name in mail.headers):
        raise MailRefused("bad_header")
    for name, value in (("Subject", mail.subject), *mail.headers.items()):
        made[name] = _header(value)
        # An encoded word may hold what ends a line.
        _header(str(made[name]))
    made.set_content(mail.text)
    if mail.html is not None:
        made.add_alternative(mail.html, subtype="html")
    return made.as_bytes()


def one_click(url: str) -> dict[str, str]:
    """RFC 8058: a mail client ends such mail by a POST, and asks nobody."""
    return {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def new_id(sender: str) -> str:
    """By which a mail is known, without its brackets: short, as hosts break long ones."""
    return f"{ids.new('mail')}@{sender.partition('@')[2]}"


class _Policy(EmailPolicy):
    """The library's writes an id of 79 characters or more as an encoded word, which breaks threads:
    what is ASCII is folded at its blanks and nowhere else.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:  # noqa: ANN401 -- as its parent
        text = str(value)
        if not text.isascii():
            return super().fold_binary(name, value)
        lines = [f"{name}:"]
        for word in text.split():
            if len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{name}:":
                lines.append("")
            lines[-1] += f" {word}"
        return "".join(f"{line}\r\n" for line in lines).encode()


_POLICY = _Policy(linesep="\r\n", cte_type="7bit")


def _header(value: str) -> str:
    """Raises `MailRefused` for what would be another header, or a line too long for any host."""
    # Also what Unicode takes for an end of line: the library does as well.
    has_controls = any((ord(one) < 32 and one != "\t") or ord(one) == 127 for one in value)
    is_endless = any(len(word) > _LONGEST_WORD for word in value.split())
    if has_controls or is_endless or len(value.splitlines()) > 1:
        raise MailRefused("bad_header")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise MailRefused("bad_header") from None
    return value


def _is_ours(name: str) -> bool:
    return name.lower() in _OURS or name.lower().startswith("content-")


def judged(address: str) -> str:
    """As it is mailed to. Raises `MailRefused` for what is not one plain address."""
    try:
        return mail_addresses.on_the_wire(address)
    except ValueError:
        raise MailRefused("bad_address") from None
