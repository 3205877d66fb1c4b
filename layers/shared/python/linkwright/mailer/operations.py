"""What the other domains ask of the mailer."""

from typing import Any

from linkwright.mailer.campaigns.models import MailerCampaignSummary
from linkwright.mailer.leads.models import LeadEmail, LeadSummary
from linkwright.mailer.samples import samples

__all__ = [
    "LeadEmail",
    "LeadSummary",
    "MailerCampaignSummary",
    "samples",
    "with_person",
    "with_text",
]


def with_person(partition: str, lead: dict[str, Any]) -> dict[str, Any]:
    """A lead as an event has it, with who it is: of one that was deleted nothing is known."""
    from linkwright.mailer.leads import leads, status

    item = leads.stored(partition, lead["id"])
    view: dict[str, Any] = {**item["view"]} if item else {}
    return {**lead, **{name: view[name] for name in status.PERSONAL if name in view}}


def with_text(partition: str, email: dict[str, Any]) -> dict[str, Any]:
    """An email as an event has it, with what it says: of a lead that was deleted that is gone, and
    so is the text of a version that was written over.
    """
    from linkwright.mailer.leads import leads

    for view in leads.emails(partition, email["lead_id"]):
        if (view["seq"], view["version"]) == (email["seq"], email["version"]):
            return {**email, **view}
    return email
