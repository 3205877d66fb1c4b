"""The event catalogue: what the object of each type is, and a sample of it."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from linkwright.fields import Model
from linkwright.links.operations import Domain, Link
from linkwright.voice import operations as voice
from linkwright.voice.operations import CallSummary
from linkwright.webhooks.models import MASK, Delivery, Webhook
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
    "link.created": Link,
    "link.updated": Link,
    "link.deleted": Link,
    "link.blocked": Link,
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
    return {*_OBJECTS, *_samples()}


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


def sample_sequence(event_type: str) -> int:
    """Its place among the types of the same object."""
    alike = [name for name, of in _OBJECTS.items() if of is _OBJECTS[event_type]]
    return alike.index(event_type) + 1


def sample_details(event_type: str) -> Object:
    """What the sample tells besides."""
    return {"attempt": 1, "is_last": True} if event_type == "call.ended" else {}


# Ids as they would be of those moments.
_CALL, _AGENT = "call_01M6DSG7E0EXAMP1EEXAMP1E01", "agt_01M3V7ME00EXAMP1EEXAMP1E02"
_WEBHOOK = "wh_01M3V7XJZ0EXAMP1EEXAMP1E03"
_LINK = "lnk_01M3V7YQR0EXAMP1EEXAMP1E04"
_DOMAIN, _NAME = "dom_01M3V7Z1T0EXAMP1EEXAMP1E07", "go.example.com"
_EVENT, _DELIVERY = "evt_01M6DSM1G8EXAMP1EEXAMP1E05", "dlv_01M6DSM1G8EXAMP1EEXAMP1E06"
_ENDED = {"ended_at": "2026-11-02T09:32:05Z", "ended_reason": "callee_hung_up"}


@cache
def _samples() -> Mapping[str, Object]:
    return {
        **_calls(),
        "usage.threshold": {
            "period": {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"},
            "dimension": "call_minutes",
            "percent": 80,
            "used": 241,
            "reserved": 3,
            "limit": 300,
            "remaining": 56,
        },
        **_links(),
        **_domains(),
        **_webhooks(),
        "ping": {"message": "It works."},
    }


def _calls() -> Mapping[str, Object]:
    queued = {
        "id": _CALL,
        "agent_id": _AGENT,
        # A number that is kept for examples.
        "to": "+12025550123",
        "status": "queued",
        "created_at": "2026-11-02T09:30:00Z",
        "metadata": {"order_id": "10-4471"},
    }
    attempt = {"attempt": 1, "started_at": "2026-11-02T09:30:02Z", "status": "dialing"}
    ringing = queued | {
        "status": "ringing",
        "attempt": 1,
        "attempts": [attempt],
        "agent_version": 3,
        "recording_consent": {"type": "not_asked"},
    }
    answered = ringing | {
        "status": "in_progress",
        "answered_at": "2026-11-02T09:30:21Z",
        "answered_by": "unknown",
    }
    ended = answered | {
        "status": "completed",
        "attempts": [attempt | {"status": "completed"} | _ENDED],
        "answered_by": "human",
        **_ENDED,
        "duration_s": 104,
        "transcript_status": "ready",
    }
    analysis = {
        "summary": "The order arrives on Friday, and the callee is content with that.",
        "outcome": "conversation",
        "sentiment": "positive",
    }
    analyzed = ended | {"analysis": analysis}
    return {
        "call.queued": queued,
        "call.ringing": ringing,
        "call.answered": answered,
        "call.ended": ended,
        "call.analyzed": analyzed,
        # What was said is shown once.
        "call.recording_ready": ended | {"analysis": {**analysis, "summary": None}},
    }


def _links() -> Mapping[str, Object]:
    link = {
        "id": _LINK,
        "short_url": "https://example.com/spring",
        "url": "https://example.com/sale",
        "alias": "spring",
        "title": "The spring sale",
        "tags": ["sale"],
        "utm_source": "mail",
        "has_password": False,
        "geo": {"IL": "https://example.com/he/sale"},
        "forward_query": True,
        "track_conversion": False,
        "archived": False,
        "blocked": False,
        "metadata": {"shop": "12"},
        "created_at": "2026-10-01T08:05:10Z",
        "updated_at": "2026-10-01T08:05:10Z",
        "version": 1,
    }
    changed = link | {"updated_at": "2026-11-02T09:30:00Z", "version": 2, "click_cap": 1000}
    return {
        "link.created": link,
        "link.updated": changed,
        "link.deleted": changed,
        "link.blocked": changed | {"blocked": True},
    }


def _domains() -> Mapping[str, Object]:
    proof = {
        "purpose": "proof",
        "type": "TXT",
        "name": f"_linkwright.{_NAME}",
        "value": f"linkwright-verification={_DOMAIN}",
    }
    verified = {
        "id": _DOMAIN,
        "domain": _NAME,
        "domain_unicode": _NAME,
        "status": "verified",
        "records": [proof],
        "checked_at": "2026-10-01T08:15:00Z",
        "verified_at": "2026-10-01T08:15:00Z",
        "created_at": "2026-10-01T08:05:20Z",
        "updated_at": "2026-10-01T08:15:00Z",
        "version": 2,
    }
    why = {
        "code": "record_not_found",
        "message": "There is no TXT record that proves the name.",
    }
    moment = {"checked_at": "2026-11-02T09:30:00Z", "updated_at": "2026-11-02T09:30:00Z"}
    failed = verified | moment | {"status": "failed", "last_error": why, "version": 3}
    return {"domain.verified": verified, "domain.failed": failed}


def _webhooks() -> Mapping[str, Object]:
    webhook = {
        "id": _WEBHOOK,
        "type": "https",
        "url": f"https://example.com/{MASK}",
        "events": ["call.ended"],
        "payload": "full",
        "created_at": "2026-10-01T08:05:00Z",
        "updated_at": "2026-10-01T08:05:00Z",
    }
    failure = {"since": "2026-11-02T09:32:06Z", "last_status": 503, "last_error": None}
    failure |= {"oldest_event_at": "2026-11-02T09:32:05Z"}
    attempt = {"status": 503, "error": None, "duration_ms": 87}
    return {
        "webhook.failing": webhook | {"status": "enabled", "failure": failure | {"count": 3}},
        "webhook.delivery_exhausted": {
            "id": _DELIVERY,
            "webhook_id": _WEBHOOK,
            "event_id": _EVENT,
            "event_type": "call.ended",
            "status": "failed",
            # The last of them.
            "attempts": [{"at": "2026-11-05T13:08:10Z", **attempt}],
            "ended_reason": "exhausted",
            "created_at": "2026-11-02T09:32:06Z",
            "ended_at": "2026-11-05T13:08:10Z",
        },
        "webhook.disabled": webhook
        | {"status": "disabled", "disabled_reason": "failing", "failure": failure | {"count": 20}},
    }
