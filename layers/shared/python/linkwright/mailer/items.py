"""Where campaigns, leads, emails and mailboxes are kept, and what their items hold."""

import hashlib
import unicodedata
import zlib
from contextlib import suppress
from typing import Any, Literal, NotRequired, TypedDict

from linkwright import egress_targets
from linkwright.mailer.lines import InLine
from linkwright.table import Key

CampaignState = Literal["draft", "active", "paused", "completed", "archived"]
LeadStatus = Literal[
    "pending",  # is being researched
    "review",  # its emails wait for approval
    "ready",  # its next email may go
    "active",  # one was sent
    "finished",
    "replied",
    "bounced",
    "complained",
    "unsubscribed",
    "suppressed",
    "rejected",
    "failed",  # nothing was written
]
ResearchStatus = Literal["queued", "running", "succeeded", "failed"]
EmailState = Literal[
    "generated", "approved", "rejected", "sending", "sent", "unknown", "failed", "canceled"
]
SuppressionSource = Literal["api", "bounced", "complained", "unsubscribed"]
MailboxStatus = Literal["verifying", "active", "failed", "disabled"]

# The plan's dimension that a lead's research is counted by.
RESEARCHED = "leads_researched"

# A count in one item would have each change of a campaign's leads meet every other one.
STATS_SHARDS = 8


class CampaignView(TypedDict):
    """What is shown of a campaign, as it is stored. What may be null is left out where it is."""

    id: str
    name: str
    state: CampaignState
    # `delay_days`, `business_days`, `instructions`, `stop_on_auto_reply`, `stop_for_company`.
    steps: list[dict[str, Any]]
    # What its mails are about: the goal, and what is offered.
    instructions: NotRequired[str]
    sender_name: NotRequired[str]
    language: str
    # `daily_limit`, `per_hour`, `gap_seconds`, `jitter_seconds`, `window`, `time_zone`.
    throttle: dict[str, Any]
    postal_address: NotRequired[str]
    format: Literal["text", "html"]
    mailbox_ids: list[str]
    require_approval: bool
    # That all its leads have asked for its mails.
    opted_in: NotRequired[bool]
    metadata: dict[str, str]
    created_at: str
    updated_at: str
    version: int


class CampaignItem(TypedDict):
    """A campaign. `v` counts its changes, and is the view's `version`."""

    pk: str
    sk: str
    view: CampaignView
    v: int
    state: CampaignState
    gsi3pk: str


class Research(TypedDict):
    """What is known of a lead, and from where. `run` is of who asked for it last."""

    status: ResearchStatus
    run: NotRequired[str]
    reason: NotRequired[str]
    summary: NotRequired[str]
    angle: NotRequired[str]
    # `url`, `title`, `fetched_at` of what was really read.
    sources: list[dict[str, str]]
    at: NotRequired[str]


class LeadView(TypedDict):
    """What is shown of a lead, as it is stored: what has no value is left out."""

    id: str
    campaign_id: str
    email: str
    first_name: NotRequired[str]
    last_name: NotRequired[str]
    company: NotRequired[str]
    title: NotRequired[str]
    website: NotRequired[str]
    language: NotRequired[str]
    country: NotRequired[str]
    time_zone: NotRequired[str]
    source: NotRequired[str]
    legal_basis: NotRequired[str]
    # "role", "disposable", "risky".
    flags: list[str]
    status: LeadStatus
    research: Research
    # `state`, `intent` and `at` of the last answer.
    reply: NotRequired[dict[str, str]]
    metadata: dict[str, str]
    created_at: str
    updated_at: str
    version: int


class LeadItem(InLine):
    """A lead. `v` counts its changes, and is the view's `version`.

    It is the job of its research while that is queued or running.
    """

    pk: str
    sk: str
    view: LeadView
    v: int
    # As `hashed` makes it.
    address_hash: str
    # Which request pushed it.
    push: str
    # Of the plan's researched leads: the billing cycle that pays, while it is reserved.
    period: NotRequired[str]
    gsi1pk: str
    gsi1sk: str
    gsi3pk: str


class EmailView(TypedDict):
    """An email of a lead's sequence. `seq` counts from 1."""

    lead_id: str
    campaign_id: str
    seq: int
    subject: str
    body: str
    state: EmailState
    version: int
    # `text`, `source_url`, `quote`, `fetched_at`: what it says of its reader, where that stands.
    claims: list[dict[str, str]]
    generated_by: str
    approved_by: NotRequired[str]
    send_at: NotRequired[str]
    sent_at: NotRequired[str]
    created_at: str
    updated_at: str


class EmailItem(TypedDict):
    pk: str
    sk: str
    view: EmailView
    v: int


def campaign_key(partition: str, campaign_id: str) -> Key:
    return Key(f"W#{partition}#CMP", campaign_id)


def campaigns_in(partition: str, state: CampaignState) -> str:
    """Of gsi3: the campaigns of a state."""
    return f"W#{partition}#CMP#STATE#{state}"


def stats_key(partition: str, campaign_id: str, address_hash: str) -> Key:
    """Where a lead is counted by its status. What is counted of a campaign is the sum of all."""
    shard = zlib.crc32(address_hash.encode()) % STATS_SHARDS
    return Key(stats_partition(partition, campaign_id), str(shard))


def stats_partition(partition: str, campaign_id: str) -> str:
    return f"W#{partition}#CMP#{campaign_id}#STATS"


def lead_key(partition: str, lead_id: str) -> Key:
    return Key(f"W#{partition}#LEAD", lead_id)


def campaign_leads(partition: str, campaign_id: str) -> str:
    """Of gsi1: the leads of a campaign, sorted by their ids."""
    return f"W#{partition}#CMP#{campaign_id}#LEAD"


def campaign_leads_in(partition: str, campaign_id: str, status: LeadStatus) -> str:
    """Of gsi3."""
    return f"W#{partition}#CMP#{campaign_id}#LEAD#{status}"


def address_key(partition: str, address_hash: str, campaign_id: str) -> Key:
    """That an address is a lead of a campaign: its `lead`, and the `push` that made it."""
    return Key(address_partition(partition, address_hash), campaign_id)


def address_partition(partition: str, address_hash: str) -> str:
    """All leads of an address, by campaign."""
    return f"W#{partition}#ADR#{address_hash}"


def email_key(partition: str, lead_id: str, seq: int) -> Key:
    return Key(lead_partition(partition, lead_id), f"EML#{seq:04}")


def send_key(partition: str, lead_id: str, seq: int) -> Key:
    """That an email was handed over, or may have been."""
    return Key(lead_partition(partition, lead_id), f"SND#{seq:04}")


def lead_partition(partition: str, lead_id: str) -> str:
    """What belongs to a lead alone."""
    return f"W#{partition}#LEAD#{lead_id}"


def push_key(partition: str, digest: str) -> Key:
    """That a push of many was begun, and whether it is over, for a day."""
    return Key(f"W#{partition}#PUSH#{digest}", "META")


def suppression_key(partition: str, address_hash: str) -> Key:
    """That nothing is mailed to an address."""
    return Key(f"W#{partition}#SUP", address_hash)


def mailbox_key(partition: str, mailbox_id: str) -> Key:
    return Key(f"W#{partition}#MBX", mailbox_id)


def normalised(address: str) -> str:
    """By which addresses are compared: with what is after a plus, and a domain as DNS has it."""
    local, at, domain = unicodedata.normalize("NFC", address).lower().rpartition("@")
    with suppress(ValueError):
        domain = egress_targets.host(domain)
    return f"{local}{at}{domain}"


def hashed(address: str) -> str:
    """Of an address in any spelling."""
    return hashlib.sha256(normalised(address).encode()).hexdigest()
