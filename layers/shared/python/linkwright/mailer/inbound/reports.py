"""What a report on a message holds: blocks of fields, and of the message itself its header."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from linkwright.mailer.inbound import fields
from linkwright.mailer.inbound.parts import Part
from linkwright.mailer.inbound.text import line

_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_FEEDBACK = "message/feedback-report"
_HEADERS = frozenset({"text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_WHOLE = frozenset({"message/rfc822", "message/global"})
_MOST_BLOCKS = 40
_MOST_FIELDS = 30
_MOST_CHARS = 65_536
_FIELD = re.compile(r"([!-9;-~]{1,60}):[ \t]*(.*)")
_TOKEN = "x-linkwright-send"  # noqa: S105 -- a header's name
# Where a bounce without parts begins with the message, whoever wrote it.
_COPY = re.compile(
    r"^-{2,}[ ]?(?:Below this line is a copy of the message|This is a copy of (?:the|your) message"
    r"|The body of the message is|The header of the original message|Original message"
    r"|Returned message)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Returned:
    """What a report says of the message that it is about: that it was ours is for others to prove.

    `send` is what our own header of a sent message has.
    """

    message_id: str | None
    send: str | None
    to: tuple[str, ...] = field(repr=False)


def blocks(parts: list[Part]) -> tuple[Mapping[str, str], ...]:
    """The fields of delivery status or feedback, by their names in lower case."""
    for part in parts:
        kind = part.get_content_type()
        if kind in _STATUS or kind == _FEEDBACK:
            return tuple(_blocks(_source(part)))[:_MOST_BLOCKS]
    return ()


def _source(part: Part) -> str:
    """The text of a part that the parser may have taken for messages."""
    texts = [part.words("utf-8")]
    for one in part.messages():
        # Of a nested message, the blocks after the first are its body.
        texts += ["".join(f"{name}: {value}\n" for name, value in one.items()), one.words("utf-8")]
    return "\n".join(texts)[:_MOST_CHARS]


def _blocks(source: str) -> Iterator[dict[str, str]]:
    block: dict[str, str] = {}
    last = ""
    for one in source.splitlines():
        if not one.strip():
            if block:
                yield block
            block, last = {}, ""
        elif one[0] in " \t" and last:
            block[last] = line(f"{block[last]} {one}", 1_000)
        elif (found := _FIELD.match(one)) and len(block) < _MOST_FIELDS:
            last = found[1].lower()
            block.setdefault(last, fields.words(found[2][:2_000]))
    if block:
        yield block


def returned(parts: list[Part], text: str) -> Returned | None:
    for part in parts:
        kind = part.get_content_type()
        if kind in _WHOLE and (messages := part.messages()):
            return _returned({name.lower(): value for name, value in messages[0].items()})
        if kind in _HEADERS:
            return _returned(next(_blocks(_source(part)), {}))
    # Of a bounce without parts: the first block that is a header. Some say nothing above it.
    copy = _COPY.search(text)
    for block in _blocks(text[copy.end() if copy else 0 :][:_MOST_CHARS]):
        if "message-id" in block:
            return _returned(block)
    return None


def blocks_of(text: str) -> list[Mapping[str, str]]:
    """The fields that stand in text."""
    return list(islice(_blocks(text[:_MOST_CHARS]), _MOST_BLOCKS))


def _returned(header: Mapping[str, str]) -> Returned:
    return Returned(
        next(iter(fields.ids(header.get("message-id", ""))), None),
        line(header.get(_TOKEN, ""), 200) or None,
        fields.addresses(header.get("to", "")),
    )
