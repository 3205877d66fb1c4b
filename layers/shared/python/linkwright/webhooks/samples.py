"""A sample of each type's object, as it would be stored: what the page for receivers shows."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from linkwright.webhooks.models import MASK

Object = dict[str, Any]

# Ids as they would be of those moments.
_CALL, _AGENT = "call_01M6DSG7E0EXAMP1EEXAMP1E01", "agt_01M3V7ME00EXAMP1EEXAMP1E02"
_WEBHOOK = "wh_01M3V7XJZ0EXAMP1EEXAMP1E03"
_LINK = "lnk_01M3V7YQR0EXAMP1EEXAMP1E04"
_DOMAIN, _NAME = "dom_01M3V7Z1T0EXAMP1EEXAMP1E07", "go.example.com"
_MAILBOX = "mbx_01M3V7ZZ40EXAMP1EEXAMP1E13"
_EVENT, _DELIVERY = "evt_01M6DSM1G8EXAMP1EEXAMP1E05", "dlv_01M6DSM1G8EXAMP1EEXAMP1E06"
_ENDED = {"ended_at": "2026-11-02T09:32:05Z", "ended_reason": "callee_hung_up"}


@cache
def samples() -> Mapping[str, Object]:
    # Of most that is told of, nobody asks for samples.
    from linkwright.mailer.operations import samples as mails

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
        **mails(),
        **_links(),
        **_domains(),
        **_mailboxes(),
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
        "link.alert": {
            "id": "alr_01M6DSG7E0EXAMP1EEXAMP1E09",
            "kind": "near_click_cap",
            "link_id": _LINK,
            "short_url": "https://example.com/spring",
            "message": "The link spring has used 900 of the 1000 clicks of its cap.",
            "data": {"click_cap": 1000, "clicks": 900},
            "created_at": "2026-11-02T09:30:00Z",
        },
        "action.applied": {
            "id": "act_01M6DSG7E0EXAMP1EEXAMP1E08",
            "type": "set_utm",
            "link_id": _LINK,
            "is_undo": False,
            "before": {"utm_source": "mail"},
            "after": {"utm_source": "letter"},
            "link_version": 3,
            "applied_at": "2026-11-02T09:30:00Z",
        },
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


def _mailboxes() -> Mapping[str, Object]:
    passed = {"status": "passed"}
    return {
        "mailbox.state_changed": {
            "id": _MAILBOX,
            "email": "dana@example.com",
            "name": "Dana",
            "transport": "smtp",
            "smtp": {
                "host": "smtp.example.com",
                "port": 465,
                "username": "dana@example.com",
                "auth": "password",
            },
            "imap": {"host": "imap.example.com", "port": 993},
            "daily_cap": 50,
            "gap_seconds": 600,
            "jitter_seconds": 120,
            "ramp": {"start": 10, "step": 1},
            "window": {"days": ["mon", "tue"], "start": "08:00", "end": "18:00"},
            "time_zone": "UTC",
            "status": "active",
            "proof": {
                "at": "2026-11-02T09:30:20Z",
                "found_in": "inbox",
                "sent_copy": "ours",
                "sent_folder": "Sent",
                "keeps_message_id": True,
                "judged_by": "mx.example.com",
                "spf": "pass",
                "dkim": "pass",
                "dmarc": "pass",
                "dkim_selectors": ["s1"],
            },
            "checks": {
                "domain": "example.com",
                "spf": passed,
                "dkim": passed | {"value": "s1"},
                "dmarc": passed | {"value": "quarantine"},
                "alignment": passed,
                "mx": passed | {"value": "mx.example.com"},
                "checked_at": "2026-11-02T09:30:21Z",
            },
            "created_at": "2026-11-02T09:30:00Z",
            "updated_at": "2026-11-02T09:30:21Z",
            "version": 2,
        }
    }


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
