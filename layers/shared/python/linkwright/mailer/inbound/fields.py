"""The header of a message as values, each bounded already, and none of them to be believed."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from linkwright.mailer.inbound.text import decoded, line

_MOST_ADDRESSES = 50
_MOST_IDS = 50
_MOST_OF_A_NAME = 40
_MOST_CHARS = 998
_ID = re.compile(r"<[^<>\s]{1,250}>")
_BARE_ID = re.compile(r"(?<!\S)[^<>\s@]{1,120}@[^<>\s@]{1,120}(?!\S)")
# "a@b.example <c@d.example>", which is neither one address nor two to the library.
_NAMED = re.compile(r"([^\"<>,]{0,500})<([^<>\s@]{1,64}@[^<>\s@]{1,255})>\s*")
_ADDRESS = re.compile(r"[^\s@<>\"(),:;\\]{1,64}@[^\s@<>\"(),:;\\]{1,255}")


def read(message: Message, wanted: Collection[str]) -> dict[str, Any]:
    """The fields of `Received` that its header tells."""
    headers: dict[str, list[str]] = {}
    for name, value in message.items():
        kept = headers.setdefault(name.lower(), []) if name.lower() in wanted else None
        if kept is not None and len(kept) < _MOST_OF_A_NAME:
            kept.append(words(value))
    return {
        "message_id": next(iter(ids(message.get("Message-ID", ""))), None),
        "in_reply_to": ids(message.get("In-Reply-To", "")),
        "references": ids(message.get("References", "")),
        "from_address": next(iter(addresses(message.get("From", ""))), None),
        "to": addresses(message.get("To", "")),
        "subject": words(message.get("Subject", "")),
        "date": _date(message.get("Date", "")),
        "headers": {name: tuple(values) for name, values in headers.items()},
    }


def words(value: str) -> str:
    """A header's value in one line, whatever it is encoded in."""
    try:
        texts = [_word(one, charset) for one, charset in decode_header(value)]
    except (ValueError, LookupError, RecursionError):
        texts = [value]
    return line("".join(texts), _MOST_CHARS)


def _word(part: str | bytes, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    # What stands between encoded words comes back in an encoding of Python's own.
    return decoded(part, charset) if charset else part.decode("raw-unicode-escape", "replace")


def ids(value: str) -> tuple[str, ...]:
    """Message ids, each once. The first ones and the last ones where there are many."""
    found = _ID.findall(value) or [f"<{one}>" for one in _BARE_ID.findall(value)]
    each = tuple(dict.fromkeys(line(one, 252) for one in found))
    half = _MOST_IDS // 2
    return each if len(each) <= 2 * half else (*each[:half], *each[-half:])


def addresses(value: str) -> tuple[str, ...]:
    """In lower case, each once; nothing of what is no address."""
    found = [line(address, 320).lower() for address in _addresses(value)]
    return tuple(dict.fromkeys(one for one in found if _ADDRESS.fullmatch(one)))[:_MOST_ADDRESSES]


def _addresses(value: str) -> list[str]:
    if (one := _NAMED.fullmatch(value)) and "@" in one[1]:
        return [one[2]]
    try:
        return [address for _, address in getaddresses([value])]
    # As comments are nested; and of what is not even nearly an address.
    except (RecursionError, ValueError, IndexError, TypeError, AttributeError):
        return []


def _date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        # "-0000" is UTC of which nobody says where it was.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def parameter(message: Message, name: str) -> str:
    value = message.get_param(name, "")
    return line(value if isinstance(value, str) else "", 100)
