"""Campaigns and leads as they are stored, and what their research reads."""

from typing import Any, Protocol

from linkwright import clock, ids, jobs
from linkwright.mailer import items
from linkwright.table import Item, Key, Table, get, query, update
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


def put_campaign(owner: _Owner, **view: Any) -> str:
    """Write a campaign whose leads are written to; returns its id."""
    campaign, now = ids.new("cmp"), clock.timestamp()
    shown = {
        "id": campaign,
        "name": "Clinics",
        "state": "draft",
        "steps": [{"delay_days": 0}, {"delay_days": 3}],
        "language": "en",
        "postal_address": "1 Main Street",
        "require_approval": True,
        "version": 1,
        **view,
        "created_at": now,
    }
    where = items.campaign_key(owner.partition, campaign)
    put({**where.attributes(), "view": shown, "v": 1, "state": shown["state"]})
    return campaign


def put_written(owner: _Owner, campaign: str, **view: Any) -> str:
    """Write a lead whose only email waits for approval; returns its id."""
    research = {"status": "succeeded", "sources": []}
    lead = put_lead(owner, campaign, status="review", research=research, **view)
    put_email(owner, campaign, lead)
    return lead


def put_email(owner: _Owner, campaign: str, lead: str) -> None:
    """Write the first email of a lead, which waits for approval."""
    now = clock.timestamp()
    email = {
        "lead_id": lead,
        "campaign_id": campaign,
        "seq": 1,
        "subject": "An idea for you",
        "body": "Hello,\n\nWould a short call be convenient?",
        "state": "generated",
        "version": 1,
        "claims": [],
        "generated_by": "deterministic",
        "created_at": now,
        "updated_at": now,
    }
    put({**items.email_key(owner.partition, lead, 1).attributes(), "view": email, "v": 1})


def forget_emails(owner: _Owner, lead: str) -> None:
    tx = Transaction(owner.partition, "req_test")
    for row in rows_of(owner, lead):
        tx.delete(Table.CORE, Key(row["pk"], row["sk"]))
    tx.commit()


def is_researched(owner: _Owner, lead: str) -> None:
    """Have a lead look as though its emails waited."""
    view = stored(owner, lead)["view"]
    view |= {"status": "review", "research": {"status": "succeeded", "sources": []}}
    values = {"view": view}
    update(Table.CORE, _key(owner, lead), "SET #view = :view", values=values)


def put(item: Item) -> None:
    tx = Transaction("", "req_test")
    tx.put(Table.CORE, item)
    tx.commit()


def stored(owner: _Owner, lead: str) -> Item:
    return get(Table.CORE, items.lead_key(owner.partition, lead)) or {}


def message(owner: _Owner, lead: str) -> str:
    """What the worker is sent of a lead."""
    return jobs.at(_key(owner, lead)).message()


def rows_of(owner: _Owner, lead: str) -> list[Item]:
    """What belongs to a lead besides itself."""
    rows, _ = query(Table.CORE, items.lead_partition(owner.partition, lead), limit=100, strong=True)
    return rows


def sent(owner: _Owner, lead: str, seq: int) -> None:
    """Have an email look as though it was sent."""
    where = items.email_key(owner.partition, lead, seq)
    view = (get(Table.CORE, where) or {})["view"] | {"state": "sent"}
    update(Table.CORE, where, "SET #view = :view", values={"view": view})


def _key(owner: _Owner, lead: str) -> Key:
    return items.lead_key(owner.partition, lead)
