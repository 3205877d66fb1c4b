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
    "without_metadata",
]


def with_person(partition: str, lead: dict[str, Any]) -> dict[str, Any]:
    """A lead as an event has it, with who it is: of one that was deleted nothing is known."""
    from linkwright.mailer.leads import leads, status

    item = leads.stored(partition, lead["id"])
    if item is None:
        return without_metadata(lead)
    view: dict[str, Any] = {**item["view"]}
    return {**lead, **{name: view[name] for name in status.PERSONAL if name in view}}


def with_text(partition: str, email: dict[str, Any]) -> dict[str, Any]:
    """An email as an event has it, with what it says: of a lead that was deleted that is gone, and
    so is the text of a version that was written over.
    """
    from linkwright.mailer.leads import leads

    row = get(Table.CORE, items.email_key(partition, email["lead_id"], email["seq"]))
    if row is not None and row["view"]["version"] == email["version"]:
        return {**email, **row["view"]}
    is_there = leads.stored(partition, email["lead_id"]) is not None
    return email if is_there else without_metadata(email)


def lead_key(partition: str, told: dict[str, Any]) -> Key:
    """Where the lead is of whom an event tells, by itself or by one of its emails."""
    return items.lead_key(partition, told.get("lead_id") or told["id"])


def without_metadata(told: dict[str, Any]) -> dict[str, Any]:
    """Of a lead that was deleted: what was put there to know it by is personal as well."""
    return {**told, "metadata": {}}
