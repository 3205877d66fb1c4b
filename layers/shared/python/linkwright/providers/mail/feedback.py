"""What SES tells of a mail, as a topic of SNS puts it into a queue.

SES writes to the topic, and the queue takes what comes of the topic; whoever may write to queues of
the account may write what they like. So this believes an envelope of our topic alone, takes nothing
for granted of its shape, and leaves it to the caller to find out whether there is such a mail.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

# Of SNS, which takes no longer one; in it is text that is JSON itself.
_MOST_CHARS = 256 * 1024 * 2
_MOST_RECIPIENTS, _MOST_TAGS, _MOST_TEXT = 50, 50, 1_000

# An id of SES's, and half a pair, which no UTF-8 can carry.
_NAME, _HALF = re.compile(r"[A-Za-z0-9._-]{1,200}"), re.compile("[\ud800-\udfff]")

Kind = Literal["sent", "delivered", "bounced", "complained", "rejected"]
# By the names of both ways in which SES tells, of sets and of identities.
_KINDS: Mapping[str, Kind] = {
    "Send": "sent",
    "Delivery": "delivered",
    "Bounce": "bounced",
    "Complaint": "complained",
    "Reject": "rejected",
    "Rendering Failure": "rejected",
}
_DETAILS: Mapping[Kind, tuple[str, str]] = {
    "bounced": ("bounce", "bouncedRecipients"),
    "complained": ("complaint", "complainedRecipients"),
}


class NotOurs(Exception):
    """It did not come by our topic."""


class NothingTold(Exception):
    """It tells nothing of a mail that we know how to read."""


@dataclass(frozen=True)
class Feedback:
    """`name` is the mail's id at SES, `told` by which the same is known if it comes twice.

    `what` is a bounce's type, or what a complaint says that it is. `to` are those whom it is about.
    """

    kind: Kind
    name: str
    told: str
    tags: Mapping[str, str]
    what: str = ""
    to: tuple[str, ...] = field(default=(), repr=False)


def read(body: str, topic: str) -> Feedback:
    """Raises `NotOurs` and `NothingTold`, and nothing else whatever is in it."""
    envelope = _object(body) or {}
    if not topic or envelope.get("Type") != "Notification" or envelope.get("TopicArn") != topic:
        raise NotOurs
    event = _object(envelope.get("Message"))
    if event is None:
        raise NothingTold
    kind = _KINDS.get(_text(event.get("eventType") or event.get("notificationType")))
    mail = _dict(event.get("mail"))
    name = _name(mail.get("messageId"))
    if kind is None or not name:
        raise NothingTold
    part, people = _DETAILS.get(kind, ("", ""))
    detail = _dict(event.get(part))
    return Feedback(
        kind,
        name,
        # SES tells of a mail that comes back, and of who complains, by an id of its own each.
        f"{kind} {_name(detail.get('feedbackId')) or name}",
        dict(_tags(_dict(mail.get("tags")))),
        _text(detail.get("bounceType") or detail.get("complaintFeedbackType")),
        tuple(_addresses(detail.get(people))),
    )


def _object(text: object) -> dict[str, Any] | None:
    if not isinstance(text, str) or len(text) > _MOST_CHARS:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        # ValueError: not JSON, or an integer of thousands of digits.
        return None
    return value if isinstance(value, dict) else None


def _tags(tags: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Those of one value, as ours are; SES adds others, as the address that asked it."""
    for name, values in list(tags.items())[:_MOST_TAGS]:
        if isinstance(values, list) and len(values) == 1 and (value := _text(values[0])):
            yield name, value


def _addresses(people: object) -> Iterator[str]:
    for one in (people if isinstance(people, list) else [])[:_MOST_RECIPIENTS]:
        if address := _text(_dict(one).get("emailAddress")):
            yield address


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _name(value: object) -> str:
    return value if isinstance(value, str) and _NAME.fullmatch(value) else ""


def _text(value: object) -> str:
    is_one = isinstance(value, str) and len(value) <= _MOST_TEXT and not _HALF.search(value)
    return str(value) if is_one else ""
