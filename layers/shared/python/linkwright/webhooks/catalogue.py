"""The event catalogue: what the object of each type is, and a sample of it."""

from collections.abc import Callable, Mapping

from pydantic import BaseModel

from linkwright.ai.actions.operations import AppliedAction
from linkwright.ai.scan.operations import LinkAlert
from linkwright.fields import Model
from linkwright.links.operations import Domain, Link
from linkwright.voice import operations as voice
from linkwright.voice.operations import CallSummary
from linkwright.webhooks.models import Delivery, Webhook
from linkwright.webhooks.samples import Object, samples
from linkwright.workspace.operations import UsageThreshold


class Ping(Model):
    """The object of `ping`."""

    message: str


_OBJECTS: Mapping[str, type[BaseModel]] = {
    "call.queued": CallSummary,
    "call.ringing": CallSummary,
    "call.answered": CallSummary,
    "call.ended": CallSummary,
    "call.analyzed": CallSummary,
    "call.recording_ready": CallSummary,
    "usage.threshold": UsageThreshold,
    "link.created": Link,
    "link.updated": Link,
    "link.deleted": Link,
    "link.blocked": Link,
    "link.alert": LinkAlert,
    "action.applied": AppliedAction,
    "domain.verified": Domain,
    "domain.failed": Domain,
    "webhook.failing": Webhook,
    "webhook.delivery_exhausted": Delivery,
    "webhook.disabled": Webhook,
    "ping": Ping,
}
# What of an object is nowhere but in its own place, since it may have to be erased: it is added
# when the event is sent.
_COMPLETED: Mapping[str, Callable[[str, Object], Object]] = {"call.analyzed": voice.with_summary}


def model(event_type: str) -> type[BaseModel]:
    return _OBJECTS[event_type]


def known() -> set[str]:
    """The types that have something here."""
    return {*_OBJECTS, *samples()}


def completed(partition: str, event_type: str, stored: Object) -> Object:
    """An object with what is kept elsewhere."""
    complete = _COMPLETED.get(event_type)
    return complete(partition, stored) if complete else stored


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
    return {"attempt": 1, "is_last": True} if event_type == "call.ended" else {}
