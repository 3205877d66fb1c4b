"""Leads as they are made: what is stored of each, and written with it."""

from collections.abc import Sequence
from typing import cast

from linkwright import clock, ids
from linkwright.mailer import items
from linkwright.mailer.campaigns import stats
from linkwright.mailer.items import LeadItem, LeadView
from linkwright.mailer.leads import addresses, researching, status
from linkwright.mailer.leads.models import NewLead
from linkwright.table import Table
from linkwright.transaction import Outrun, Transaction

_FIRST = 1


def made(partition: str, campaign_id: str, wanted: NewLead, push: str) -> LeadItem:
    """A lead as it is to be stored, if its address is none of the campaign's."""
    now = clock.timestamp()
    view = cast(
        LeadView,
        {
            **wanted.model_dump(exclude_none=True),
            "id": ids.new("lead"),
            "campaign_id": campaign_id,
            "flags": addresses.flags(wanted.email),
            "status": "pending",
            "research": researching.begun(),
            "created_at": now,
            "updated_at": now,
            "version": _FIRST,
        },
    )
    return stored(partition, view, push)


def stored(partition: str, view: LeadView, push: str) -> LeadItem:
    where = items.lead_key(partition, view["id"])
    campaign_id = view["campaign_id"]
    return {
        "pk": where.pk,
        "sk": where.sk,
        "view": view,
        "v": view["version"],
        "address_hash": items.hashed(view["email"]),
        "push": push,
        "gsi1pk": items.campaign_leads(partition, campaign_id),
        "gsi1sk": view["id"],
        "gsi3pk": items.campaign_leads_in(partition, campaign_id, view["status"]),
    }


def put(tx: Transaction, made: Sequence[LeadItem], period: str) -> None:
    """Write new leads of one campaign, each with its research to do, and tell of each.

    `period` pays for that. Raises `Outrun` at the commit where the campaign has one by then.
    """
    for lead in made:
        where = items.address_key(tx.partition, lead["address_hash"], lead["view"]["campaign_id"])
        address = {**where.attributes(), "lead": lead["sk"], "push": lead["push"]}
        tx.put(Table.CORE, address, otherwise=Outrun)
    for lead in made:
        tx.put(Table.CORE, {**lead, **researching.request(lead["sk"]), "period": period})
        status.tell(tx, "lead.created", lead)
    if made:
        first = made[0]
        stats.count(tx, first["view"]["campaign_id"], first["address_hash"], {"pending": len(made)})
