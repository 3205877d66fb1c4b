"""Leads as they are read and changed."""

from itertools import islice
from typing import cast

from linkwright import clock, ids, pagination
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.mailer import footer, items, lines
from linkwright.mailer.campaigns import campaigns
from linkwright.mailer.items import LeadItem, LeadView
from linkwright.mailer.leads import status, waiting
from linkwright.mailer.leads.models import (
    Lead,
    LeadEmail,
    LeadsQuery,
    LeadSummary,
    UpdateLead,
)
from linkwright.pagination import Page
from linkwright.table import Item, Table, get, query
from linkwright.transaction import Transaction

_ROUTE = "mailer/leads"
# More than a sequence has steps.
_MOST_EMAILS = 20


def find(account: Account, lead_id: str) -> Lead:
    """Errors: no such lead (404)."""
    return shown(account.partition, existing(account.partition, lead_id))


def existing(partition: str, lead_id: str) -> LeadItem:
    """A lead as it is stored. Errors: no such lead (404)."""
    item = stored(partition, lead_id)
    if item is None:
        raise ResourceNotFound("There is no such lead.")
    return item


def stored(partition: str, lead_id: str) -> LeadItem | None:
    if not ids.matches("lead", lead_id):
        return None
    return cast(LeadItem | None, get(Table.CORE, items.lead_key(partition, lead_id)))


def shown(partition: str, item: LeadItem) -> Lead:
    """With its emails, as they are now."""
    views = emails(partition, item["sk"])
    _next(item, views)
    return Lead.model_validate(
        {**item["view"], "emails": shown_emails(partition, item["view"], views)}
    )


def _next(item: LeadItem, views: list[Item]) -> None:
    """When the email that waits in line is looked at next, which may find that it is too early."""
    if queued := item.get("queued"):
        waiting = (view for view in views if view["state"] == "approved")
        for view in islice(waiting, 1):
            view["send_at"] = clock.timestamp(lines.due_at(queued["place"]))


def shown_emails(partition: str, lead: LeadView, views: list[Item]) -> list[LeadEmail]:
    """Emails as they go: with what will stand under each, as the campaign is now, and in the thread
    of the first.
    """
    if not views:
        return []
    campaign = get(Table.CORE, items.campaign_key(partition, lead["campaign_id"]))
    under = footer.text(campaign["view"], lead) if campaign else None
    first = next((view.get("subject") for view in views if view["seq"] == 1), None)
    return [
        LeadEmail.model_validate(
            {**view, **subject(partition, lead["id"], view["seq"], first), "footer": under}
        )
        for view in views
    ]


def subject(partition: str, lead_id: str, seq: int, first: str | None = None) -> Item:
    """The one that an email has as an answer to the `first`; of the first itself its own."""
    if seq == 1:
        return {}
    if first is None and (row := get(Table.CORE, items.email_key(partition, lead_id, 1))):
        first = row["view"].get("subject")
    return {} if first is None else {"subject": lines.answering(first)}


def emails(partition: str, lead_id: str) -> list[Item]:
    """The views of a lead's emails, by their place in the sequence."""
    rows, _ = query(
        Table.CORE,
        items.lead_partition(partition, lead_id),
        between=("EML#", "EML#~"),
        limit=_MOST_EMAILS,
        newest_first=False,
        strong=True,
    )
    return [row["view"] for row in rows]


def listed(account: Account, campaign_id: str, wanted: LeadsQuery) -> Page[LeadSummary]:
    """The newest first. Errors: no such campaign (404)."""
    partition = account.partition
    campaigns.existing(partition, campaign_id)
    name, index = items.campaign_leads(partition, campaign_id), "gsi1"
    if wanted.status is not None:
        name, index = items.campaign_leads_in(partition, campaign_id, wanted.status), "gsi3"
    base = items.lead_key(partition, "").pk
    fetch = pagination.partition(Table.CORE, name, index=index, base=base)
    route = f"{_ROUTE}/{campaign_id}"
    return pagination.paged(account, route, wanted, fetch, _summary)


def change(account: Account, lead_id: str, wanted: UpdateLead, tx: Transaction) -> Lead:
    """Change what is known of a lead; what was written stays. Errors: no such lead (404)."""
    item = existing(account.partition, lead_id)
    fields = {**item["view"], **wanted.changes()}
    view = cast(LeadView, {name: value for name, value in fields.items() if value is not None})
    if view != item["view"]:
        facts = waiting.of_another_zone(tx, item, view)
        item = status.write(tx, item, view, facts=facts)
    return shown(account.partition, item)


def _summary(row: Item) -> LeadSummary:
    return LeadSummary.model_validate(row["view"])
