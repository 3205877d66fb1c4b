"""What the other domains ask of the mailer."""

from typing import Any

from linkwright.mailer import items
from linkwright.mailer.campaigns.models import MailerCampaignSummary
from linkwright.mailer.leads.models import LeadEmail, LeadSummary
from linkwright.mailer.samples import samples
from linkwright.table import Key, Table, get

__all__ = [
    "LeadEmail",
    "LeadSummary",
    "MailerCampaignSummary",
    "lead_key",
    "samples",
    "with_person",
    "with_text",
]


def with_person(partition: str, lead: dict[str, Any]) -> dict[str, Any]:
    """A lead as an event has it, with who it is: of one that was deleted nothing is known."""
    from linkwright.mailer.leads import leads, status

    item = leads.stored(partition, lead["id"])
    view: dict[str, Any] = {**item["view"]} if item else {"metadata": {}}
    return {**lead, **{name: view[name] for name in status.PERSONAL if name in view}}


def with_text(partition: str, email: dict[str, Any]) -> dict[str, Any]:
    """An email as an event has it, with what it says and its lead's metadata: of a lead that was
    deleted that is gone, and so is the text of a version that was written over.
    """
    from linkwright.mailer.leads import leads

    lead = leads.stored(partition, email["lead_id"])
    if lead is None:
        return {**email, "metadata": {}}
    row = get(Table.CORE, items.email_key(partition, email["lead_id"], email["seq"]))
    is_this = row is not None and row["view"]["version"] == email["version"]
    text = row["view"] if row and is_this else {}
    if text:
        text = {**text, **leads.subject(partition, email["lead_id"], email["seq"])}
    return {**email, **text, "metadata": lead["view"]["metadata"]}


def lead_key(partition: str, told: dict[str, Any]) -> Key:
    """Where the lead is of whom an event tells, by itself or by one of its emails."""
    return items.lead_key(partition, told.get("lead_id") or told["id"])
