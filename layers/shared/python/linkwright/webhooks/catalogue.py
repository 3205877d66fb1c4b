"""The event catalogue: what the object of each type is, and a sample of it."""

from collections.abc import Callable, Mapping

from pydantic import BaseModel

from linkwright.fields import Model
from linkwright.table import Key
from linkwright.webhooks.samples import Object, samples


class Ping(Model):
    """The object of `ping`."""

    message: str


# Each domain's models are imported by who shows an event of that domain.


def _call() -> type[BaseModel]:
    from linkwright.voice.operations import CallSummary

    return CallSummary


def _usage_threshold() -> type[BaseModel]:
    from linkwright.workspace.operations import UsageThreshold

    return UsageThreshold


def _campaign() -> type[BaseModel]:
    from linkwright.mailer.operations import MailerCampaignSummary

    return MailerCampaignSummary


def _lead() -> type[BaseModel]:
    from linkwright.mailer.operations import LeadSummary

    return LeadSummary


def _email() -> type[BaseModel]:
    from linkwright.mailer.operations import LeadEmail

    return LeadEmail


def _link() -> type[BaseModel]:
    from linkwright.links.operations import Link

    return Link


def _link_alert() -> type[BaseModel]:
    from linkwright.ai.scan.operations import LinkAlert

    return LinkAlert


def _applied_action() -> type[BaseModel]:
    from linkwright.ai.actions.operations import AppliedAction

    return AppliedAction


def _domain() -> type[BaseModel]:
    from linkwright.links.operations import Domain

    return Domain


def _mailbox() -> type[BaseModel]:
    from linkwright.mailer.mailboxes.operations import Mailbox

    return Mailbox


def _webhook() -> type[BaseModel]:
    from linkwright.webhooks.models import Webhook

    return Webhook


def _delivery() -> type[BaseModel]:
    from linkwright.webhooks.models import Delivery

    return Delivery


_OBJECTS: Mapping[str, Callable[[], type[BaseModel]]] = {
    "call.queued": _call,
    "call.ringing": _call,
    "call.answered": _call,
    "call.ended": _call,
    "call.analyzed": _call,
    "call.recording_ready": _call,
    "usage.threshold": _usage_threshold,
    "campaign.state_changed": _campaign,
    "campaign.completed": _campaign,
    "lead.created": _lead,
    "lead.researched": _lead,
    "lead.unsubscribed": _lead,
    "lead.replied": _lead,
    "lead.auto_replied": _lead,
    "lead.complained": _lead,
    "lead.bounced": _lead,
    "email.generated": _email,
    "email.approved": _email,
    "email.sent": _email,
    "email.failed": _email,
    "link.created": _link,
    "link.updated": _link,
    "link.deleted": _link,
    "link.blocked": _link,
    "link.alert": _link_alert,
    "action.applied": _applied_action,
    "domain.verified": _domain,
    "domain.failed": _domain,
    "mailbox.state_changed": _mailbox,
    "webhook.failing": _webhook,
    "webhook.delivery_exhausted": _delivery,
    "webhook.disabled": _webhook,
    "ping": lambda: Ping,
}

# What the samples tell besides.
_DETAILS: Mapping[str, Object] = {
    "call.ended": {"attempt": 1, "is_last": True},
    "campaign.state_changed": {"reason": "started", "previous_state": "draft"},
    "email.failed": {"reason": "recipient_refused"},
    "lead.bounced": {"reason": "recipient_refused"},
}


def model(event_type: str) -> type[BaseModel]:
    return _OBJECTS[event_type]()


def known() -> set[str]:
    """The types that have something here."""
    return {*_OBJECTS, *samples()}


def completed(partition: str, event_type: str, stored: Object) -> Object:
    """An object with what is nowhere but in its own place, since it may have to be erased."""
    if event_type == "call.analyzed":
        from linkwright.voice.operations import with_summary

        return with_summary(partition, stored)
    if event_type.startswith("lead."):
        from linkwright.mailer.operations import with_person

        return with_person(partition, stored)
    if event_type.startswith("email."):
        from linkwright.mailer.operations import with_text

        return with_text(partition, stored)
    return stored


def tells_of_lead(event_type: str) -> bool:
    """Whether its metadata is the lead's, and nowhere else."""
    return event_type.startswith(("lead.", "email."))


def lead_key(partition: str, event: Object) -> Key | None:
    """Where the lead is of whom an event tells, if it tells of one."""
    if not tells_of_lead(event["type"]):
        return None
    from linkwright.mailer import operations

    return operations.lead_key(partition, event["object"])


def shown(event_type: str, stored: Object) -> Object:
    """An object as it is shown: what it has no value for is null."""
    return model(event_type).model_validate(stored).model_dump(mode="json")


def sample(event_type: str) -> Object:
    """The documented sample of a type's object, as it is stored."""
    return dict(samples()[event_type])


def sample_sequence(event_type: str) -> int:
    """Its place among the types of the same object."""
    alike = [name for name, of in _OBJECTS.items() if of is _OBJECTS[event_type]]
    return alike.index(event_type) + 1


def sample_details(event_type: str) -> Object:
    """What the sample tells besides."""
    return dict(_DETAILS.get(event_type, {}))
