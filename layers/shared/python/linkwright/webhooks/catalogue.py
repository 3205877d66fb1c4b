"""The event catalogue: what the object of each type is, and a sample of it."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from linkwright.fields import Model
from linkwright.voice import operations as voice
from linkwright.voice.operations import CallSummary
from linkwright.webhooks.models import Delivery, Webhook
from linkwright.workspace.operations import UsageThreshold

Object = dict[str, Any]


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


def completed(partition: str, event_type: str, stored: Object) -> Object:
    """An object with what is kept elsewhere."""
    complete = _COMPLETED.get(event_type)
    return complete(partition, stored) if complete else stored


def shown(event_type: str, stored: Object) -> Object:
    """An object as it is shown: what it has no value for is null."""
    return model(event_type).model_validate(stored).model_dump(mode="json")


def sample(event_type: str) -> Object:
    """The documented sample of a type's object, as it is stored."""
    return dict(_samples()[event_type])


@cache
def _samples() -> Mapping[str, Object]:
    queued = {
        "id": "call_01JDXAMP1EXAMP1EXAMP1EXAMP",
        "agent_id": "agt_01JDXAMP1EXAMP1EXAMP1EXAMP",
        "to": "+15005550006",
        "status": "queued",
        "created_at": "2026-11-02T09:30:00Z",
        "metadata": {"order_id": "10-4471"},
    }
    ringing = queued | {"status": "ringing", "attempt": 1, "agent_version": 3}
    answered = ringing | {"status": "in_progress", "answered_at": "2026-11-02T09:30:21Z"}
    ended = answered | {
        "status": "completed",
        "answered_by": "human",
        "ended_at": "2026-11-02T09:32:05Z",
        "ended_reason": "callee_hung_up",
        "duration_s": 104,
        "transcript_status": "ready",
    }
    analysis = {"summary": "The order arrives on Friday.", "outcome": "conversation"}
    webhook = {
        "id": "wh_01JDXAMP1EXAMP1EXAMP1EXAMP",
        "type": "https",
        "url": "https://example.com/hooks",
        "events": ["call.ended"],
        "payload": "full",
        "created_at": "2026-10-01T08:00:00Z",
        "updated_at": "2026-10-01T08:00:00Z",
    }
    failure = {
        "since": "2026-11-02T09:32:06Z",
        "count": 3,
        "last_status": 503,
        "last_error": None,
    }
    return {
        "call.queued": queued,
        "call.ringing": ringing,
        "call.answered": answered,
        "call.ended": ended,
        "call.analyzed": ended | {"analysis": analysis},
        "call.recording_ready": ended,
        "usage.threshold": {
            "period": {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"},
            "dimension": "call_minutes",
            "percent": 80,
            "used": 240,
            "reserved": 0,
            "limit": 300,
            "remaining": 60,
        },
        "webhook.failing": webhook | {"status": "enabled", "failure": failure},
        "webhook.delivery_exhausted": {
            "id": "dlv_01JDXAMP1EXAMP1EXAMP1EXAMP",
            "webhook_id": webhook["id"],
            "event_id": "evt_01JDXAMP1EXAMP1EXAMP1EXAMP",
            "event_type": "call.ended",
            "status": "failed",
            "ended_reason": "exhausted",
            "created_at": "2026-11-02T09:32:05Z",
            "ended_at": "2026-11-05T13:08:10Z",
        },
        "webhook.disabled": webhook
        | {"status": "disabled", "disabled_reason": "failing", "failure": failure},
        "ping": {"message": "It works."},
    }
