"""Campaigns and leads as they are stored, and what their research reads."""

from typing import Any, Protocol

from linkwright import clock, ids, jobs
from linkwright.mailer import items
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Transaction

ADDRESS = "noa@example.com"


class _Owner(Protocol):
    @property
    def partition(self) -> str: ...


def put_lead(owner: _Owner, campaign: str | None = None, **view: Any) -> str:
    """Write a lead whose research is asked for; returns its id."""
    lead, now = view.pop("id", None) or ids.new("lead"), clock.timestamp()
    campaign = campaign or ids.new("cmp")
    shown = {
        "id": lead,
        "campaign_id": campaign,
        "email": ADDRESS,
        "flags": [],
        "status": "pending",
        "research": {"status": "queued", "sources": []},
        "metadata": {},
        "created_at": now,
        "updated_at": now,
        "version": 1,
        **view,
    }
    put(
        {
            **items.lead_key(owner.partition, lead).attributes(),
            **jobs.requested(jobs.LEAD, lead),
            "view": shown,
            "v": 1,
            "address_hash": items.hashed(shown["email"]),
            "gsi1pk": items.campaign_leads(owner.partition, campaign),
            "gsi1sk": lead,
            "gsi3pk": items.campaign_leads_in(owner.partition, campaign, shown["status"]),
        }
    )
    return lead


def put(item: Item) -> None:
    tx = Transaction("", "req_test")
    tx.put(Table.CORE, item)
    tx.commit()


def stored(owner: _Owner, lead: str) -> Item:
    return get(Table.CORE, items.lead_key(owner.partition, lead)) or {}


def message(owner: _Owner, lead: str) -> str:
    """What the worker is sent of a lead."""
    return jobs.at(_key(owner, lead)).message()


def _key(owner: _Owner, lead: str) -> Key:
    return items.lead_key(owner.partition, lead)
