"""What the other domains ask of the mailer."""

from typing import Any

from linkwright.mailer.campaigns.models import MailerCampaignSummary
from linkwright.mailer.leads.models import LeadSummary
from linkwright.mailer.samples import samples

__all__ = ["LeadSummary", "MailerCampaignSummary", "samples", "with_person"]


def with_person(partition: str, lead: dict[str, Any]) -> dict[str, Any]:
    """A lead as an event has it, with who it is: of one that was deleted nothing is known."""
    from linkwright.mailer.leads import leads, status

    item = leads.stored(partition, lead["id"])
    view: dict[str, Any] = {**item["view"]} if item else {}
    return {**lead, **{name: view[name] for name in status.PERSONAL if name in view}}
