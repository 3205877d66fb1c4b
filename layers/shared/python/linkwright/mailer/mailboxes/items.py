"""Where mailboxes are kept, what their items hold, and how one is shown."""

from typing import Any, Literal, NotRequired, TypedDict

from linkwright.mailer.items import MailboxStatus, hashed, mailbox_key
from linkwright.mailer.mailboxes.known_models import MailboxRecord
from linkwright.mailer.mailboxes.models import Mailbox
from linkwright.table import Item, Key

DIMENSION = "mailboxes"
# What stands before a domain where it is proven to be somebody's.
PROOF = "_linkwright"


class MailboxView(TypedDict):
    """What is shown of a mailbox, as it is stored: nothing of it is secret."""

    id: str
    email: str
    name: NotRequired[str]
    transport: Literal["smtp", "ses"]
    # `host`, `port`, `username`, `auth`, and of `oauth` its `provider` and `client_id`.
    smtp: NotRequired[Item]
    # `host` and `port`.
    imap: NotRequired[Item]
    daily_cap: int
    gap_seconds: int
    jitter_seconds: int
    # `start`, `step`.
    ramp: Item
    # `days`, `start`, `end`.
    window: Item
    time_zone: str
    dkim_selector: NotRequired[str]
    status: MailboxStatus
    status_reason: NotRequired[str]
    # What the mail to itself has told.
    proof: NotRequired[Item]
    # What DNS said when it was asked last.
    checks: NotRequired[Item]
    created_at: str
    updated_at: str
    version: int


class Probe(TypedDict):
    """The one mail to itself. `state` is `sending` from before it is sent: who finds that looks for
    it, and sends no other.
    """

    mark: str
    message_id: str
    at: str
    state: Literal["sending", "sent", "unknown"]


class MailboxItem(TypedDict):
    """A mailbox, and the job of its proof and of the looks at its domain."""

    pk: str
    sk: str
    view: MailboxView
    v: int
    # What logs in, for `linkwright.sealing` with the mailbox's id; of `ses` there is none.
    sealed: NotRequired[str]
    # Since when it is to be proven.
    since: str
    probe: NotRequired[Probe]


def address_key(partition: str, email: str) -> Key:
    """That the workspace has a mailbox of an address: its `mailbox`."""
    return Key(f"W#{partition}#MBA", hashed(email))


def key(partition: str, mailbox_id: str) -> Key:
    return mailbox_key(partition, mailbox_id)


def domain(view: MailboxView) -> str:
    return view["email"].rpartition("@")[2].lower()


def proof(mailbox_id: str) -> str:
    return f"linkwright-verification={mailbox_id}"


def shown(row: Item) -> Mailbox:
    return Mailbox.model_validate({**row["view"], "records": _records(row["view"])})


def stored_shown(row: Item) -> dict[str, Any]:
    """As an event tells it."""
    return shown(row).model_dump(mode="json")


def _records(view: MailboxView) -> list[MailboxRecord]:
    """By `ses` anybody could else mail as anybody whose domain the operator has there."""
    if view["transport"] != "ses":
        return []
    name = f"{PROOF}.{domain(view)}"
    return [MailboxRecord(purpose="proof", type="TXT", name=name, value=proof(view["id"]))]
