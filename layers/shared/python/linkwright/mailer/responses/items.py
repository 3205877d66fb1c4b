"""Where what is heard of mails is kept, and what the items of that hold."""

import hashlib
from typing import Any, Literal, NotRequired, TypedDict

from linkwright import clock
from linkwright.mailer import items
from linkwright.table import Item, Key

# As long as answers to a mail may come.
KNOWN_S = 400 * 24 * 3600
# Of a lead: deleting one takes all in one transaction.
MOST_RECEIVED, MOST_KEPT = 40, 60

# Behind emails and send records, which are read together.
THREAD = "THR#"

Direction = Literal["received", "sent"]
MessageState = Literal["received", "untrusted", "queued", "sending", "sent", "unknown", "failed"]


class MessageView(TypedDict):
    """A message of a lead's thread, as it is stored and shown."""

    id: str
    direction: Direction
    state: MessageState
    at: str
    subject: str
    text: str
    # From whom it came, if it was received.
    sender: NotRequired[str]
    # What it means, and whether a program wrote it.
    intent: NotRequired[str]
    automatic: NotRequired[bool]
    # Which step of the sequence it answers, or is.
    seq: NotRequired[int]
    reason: NotRequired[str]
    sent_by: NotRequired[str]


def heard_key(partition: str, name: str) -> Key:
    """That a message was heard, by its id or what else it is known by."""
    return Key(f"W#{partition}#HRD#{digest(name)}", "META")


def heard_row(partition: str, name: str) -> Item:
    return {**heard_key(partition, name).attributes(), "ttl": clock.epoch() + KNOWN_S}


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def message_id(name: str) -> str:
    """Of a message that is known by a name of somebody else's."""
    return f"msg_{digest(name)[:26]}"


def place(at: str, message_id: str) -> str:
    """Of a message in its lead's thread, by when it came."""
    return f"{THREAD}{at}#{message_id}"


def message_key(partition: str, lead_id: str, place: str) -> Key:
    return Key(items.lead_partition(partition, lead_id), place)


def message_row(partition: str, lead_id: str, view: MessageView, **facts: Any) -> Item:  # noqa: ANN401
    where = message_key(partition, lead_id, place(view["at"], view["id"]))
    return {**where.attributes(), "view": view, **facts}


def soft_key(partition: str, address_hash: str) -> Key:
    """When mails to an address came back lately, as they may do for a while."""
    return Key(f"W#{partition}#SFT#{address_hash}", "META")


def answer_key(partition: str, message_id: str) -> Key:
    """That an answer of somebody of the workspace is to be mailed: the job of that."""
    return Key(f"W#{partition}#RPY", message_id)


def company_key(partition: str, lead_id: str) -> Key:
    """That the colleagues of a lead who has answered are to be written to no more."""
    return Key(f"W#{partition}#CPY", lead_id)
