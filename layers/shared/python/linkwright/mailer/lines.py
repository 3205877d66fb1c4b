"""Where emails wait to be sent, what was sent, and what the items of that hold.

A mailbox has a line: one item, which is the job of all that it sends. Which steps wait in it is a
row each, sorted by when they are due. A step is claimed before any host is called: a lead's step
has one send record, whatever becomes of who claimed it.
"""

import hashlib
from datetime import date, datetime
from typing import Any, Literal, NotRequired, TypedDict

from linkwright import clock, jobs
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction

SendState = Literal["claimed", "sent", "unknown", "failed"]
# Why a lead that may be written to has nothing in line: its email is not approved, its campaign
# does not mail, has no mailbox that does, or one of SES without saying that its leads opted in.
Held = Literal["approval", "campaign", "mailbox", "opt_in"]


class Queued(TypedDict):
    """Where a lead's next step waits: whoever stops the lead deletes that row as well."""

    mailbox: str
    place: str


class InLine(TypedDict):
    """What a lead's item has of being sent to."""

    # It keeps the mailbox that wrote to it.
    mailbox: NotRequired[str]
    # From when on its next step is to go, by the days of its sequence.
    due: NotRequired[str]
    queued: NotRequired[Queued]
    # Which step is under way.
    flight: NotRequired[int]
    held: NotRequired[Held]
    # Until when it is away: no step goes before.
    away: NotRequired[str]
    # How many messages are kept of it, and the place of the newest that counts.
    kept: NotRequired[int]
    newest: NotRequired[str]


class Flight(TypedDict):
    """The send that is under way, by the line: `since` it was claimed."""

    lead: str
    seq: int
    campaign: str
    message_id: str
    since: str
    # The billing cycle that pays.
    period: str
    # How often the host has put it off before.
    tries: int
    # When the host took nothing of the mailbox at its turn.
    put_off: NotRequired[str]
    # How often the Sent folder was looked into for it.
    looks: NotRequired[int]
    # That the host has taken it, and it is looked for by what name.
    is_taken: NotRequired[bool]
    # How often it was set aside, as it could not be settled; and when it is tried again.
    again: NotRequired[int]
    at: NotRequired[str]


class Send(TypedDict):
    """The record of a send, as it is stored at the lead."""

    pk: str
    sk: str
    lead: str
    campaign: str
    seq: int
    mailbox: str
    message_id: str
    # By what the host says that it is known, where that writes its own.
    sent_message_id: NotRequired[str]
    subject: str
    state: SendState
    at: str
    reason: NotRequired[str]
    # The billing cycle that paid.
    period: NotRequired[str]
    # What was heard of it while a run has it: this decides what that run writes down.
    told: NotRequired[Literal["sent", "rejected"]]


def line_key(partition: str, mailbox_id: str) -> Key:
    """What a mailbox sends: the job of that, held by one run at a time."""
    return Key(f"W#{partition}#MBL", mailbox_id)


def ring(tx: Transaction, mailbox_id: str) -> None:
    """Something was added, or the mailbox changed: it has a run as soon as may be."""
    _ask(tx, jobs.MAILBOX_LINE, line_key(tx.partition, mailbox_id))


def begin_anew(tx: Transaction, mailbox_id: str, *, is_read: bool) -> None:
    """A mailbox is proven anew: what its host has said of it before holds no more."""
    said = ("rests_ms", "troubles", "withheld", "refused")
    _ask(tx, jobs.MAILBOX_LINE, line_key(tx.partition, mailbox_id), said)
    if is_read:
        troubles = ("troubles", "troubled_since")
        _ask(tx, jobs.MAILBOX_READING, reading_key(tx.partition, mailbox_id), troubles)


def reading_key(partition: str, mailbox_id: str) -> Key:
    """How far a mailbox has been read: the job of that."""
    return Key(f"W#{partition}#MBR", mailbox_id)


def ask_to_read(tx: Transaction, mailbox_id: str) -> None:
    """Have a mailbox read from now on."""
    _ask(tx, jobs.MAILBOX_READING, reading_key(tx.partition, mailbox_id))


def _ask(tx: Transaction, kind: str, where: Key, gone: tuple[str, ...] = ()) -> None:
    facts = jobs.requested(kind, where.sk)
    marks = ", ".join(f"#{name} = :{name}" for name in facts)
    tx.update(
        Table.CORE,
        where,
        f"SET {marks} REMOVE {', '.join(f'#{name}' for name in ('next_at', *gone))} ADD #bell :one",
        values={**facts, "one": 1},
    )


def row_key(partition: str, mailbox_id: str, place: str) -> Key:
    """That a lead's next step waits, by `place`."""
    return Key(f"W#{partition}#MBQ#{mailbox_id}", place)


def group(campaign_id: str, time_zone: str | None) -> str:
    """Of whom all wait for the same: a campaign's gap and caps, and a window in a zone."""
    return f"{campaign_id}@{time_zone or ''}"


def place(due: datetime, lead_id: str, group: str = "") -> str:
    return f"{group}#{clock.timestamp(due)}#{lead_id}"


def moved(place: str, due: datetime) -> str:
    """A place of the same lead, for another moment."""
    return f"{group_at(place)}#{clock.timestamp(due)}#{place.rpartition('#')[2]}"


def group_at(place: str) -> str:
    return place.rsplit("#", 2)[0]


def campaign_at(place: str) -> tuple[str, str | None]:
    """The campaign of a group, and its zone."""
    campaign, _, zone = group_at(place).partition("@")
    return campaign, zone or None


def lead_at(row: Item) -> str:
    return str(row["sk"]).rpartition("#")[2]


def due_at(place: str) -> datetime:
    return clock.parse(place.rsplit("#", 2)[1])


def day_key(partition: str, of: str, era: int, day: date) -> Key:
    """What a mailbox has `sent` on a day of its zone, or a domain on a day of UTC, and what came of
    that. Where campaigns are paused for that a new era begins: what was before speaks against it no
    more.
    """
    return Key(f"W#{partition}#MBD#{of}", f"{era:04}#{day.isoformat()}")


def era_key(partition: str, domain: str) -> Key:
    """Which era of a domain is counted; that of a mailbox stands at its line."""
    return Key(f"W#{partition}#MBD#{domain}", "ERA")


def first_day(line: Item) -> date | None:
    """On which a mailbox, or another one of its address before, sent the first time."""
    return date.fromisoformat(line["first_day"]) if "first_day" in line else None


def pace_key(partition: str, of: str) -> Key:
    """How many mails went of late, of a campaign, or from an address, by its hash, whichever
    mailbox is of it; and when the next of the campaign may go.
    """
    return Key(f"W#{partition}#PACE#{of}", "META")


def sent_key(partition: str, campaign_id: str, when: str) -> Key:
    """What is known for a while of a campaign's sends."""
    return Key(f"W#{partition}#CMP#{campaign_id}#SENT", when)


def message_key(partition: str, message_id: str) -> Key:
    """Which lead and step a Message-ID is of, without its brackets."""
    digest = hashlib.sha256(message_id.encode()).hexdigest()
    return Key(f"W#{partition}#MID#{digest}", "META")


def message_row(partition: str, message_id: str, lead_id: str, seq: int) -> dict[str, Any]:
    where = message_key(partition, message_id).attributes()
    return {**where, "lead": lead_id, "seq": seq}


def answering(first: str) -> str:
    """The subject of each email behind the first one, by that of the first."""
    return f"Re: {first}"
