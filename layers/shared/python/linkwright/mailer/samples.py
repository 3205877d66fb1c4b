"""A sample of what each event of the mailer tells, as it would be stored, with who a lead is."""

from collections.abc import Mapping
from typing import Any

_CAMPAIGN = "cmp_01M3V80A50EXAMP1EEXAMP1E10"
_LEAD, _RUN = "lead_01M3V81B60EXAMP1EEXAMP1E11", "run_01M3V81B60EXAMP1EEXAMP1E12"
_KEY = "key_01M3V7ZZ40EXAMP1EEXAMP1E14"
_MAILBOX = "mbx_01M3V7ZZ40EXAMP1EEXAMP1E13"


def samples() -> Mapping[str, dict[str, Any]]:
    written = {"status": "review", "research": _research(), "version": 3}
    approved = {"state": "approved", "version": 2, "approved_by": _KEY}
    sent = {**approved, "state": "sent", "version": 4, "sent_at": "2026-11-03T09:30:00Z"}
    return {
        "campaign.state_changed": _campaign(),
        "lead.created": _lead(),
        "lead.researched": _lead() | written,
        "lead.unsubscribed": _lead() | written | {"status": "unsubscribed", "version": 4},
        "email.generated": _email(),
        "email.approved": _email() | approved,
        "email.sent": _email() | sent,
        "email.failed": _email() | approved | {"state": "failed", "version": 4},
        "campaign.completed": _campaign() | {"state": "completed", "version": 3},
        "lead.replied": _lead() | written | {"status": "replied", "reply": _reply(), "version": 5},
        "lead.auto_replied": _lead() | written | {"status": "active", "reply": _away()},
        "lead.complained": _lead() | written | {"status": "complained", "version": 5},
        "lead.bounced": _lead() | written | {"status": "bounced", "version": 5},
    }


def _campaign() -> dict[str, Any]:
    step = {"business_days": True, "stop_on_auto_reply": False, "stop_for_company": False}
    window = {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}
    return {
        "id": _CAMPAIGN,
        "name": "Clinics in spring",
        "state": "active",
        "steps": [step | {"delay_days": 0}, step | {"delay_days": 3}],
        "instructions": "Offer a trial of our appointment calls to clinics.",
        "language": "en",
        "throttle": {
            "daily_limit": 100,
            "per_hour": 20,
            "gap_seconds": 60,
            "jitter_seconds": 30,
            "window": window,
            "time_zone": "Asia/Jerusalem",
        },
        "postal_address": "Example Ltd, 1 Main Street, Haifa",
        "format": "text",
        "mailbox_ids": [_MAILBOX],
        "require_approval": True,
        "opted_in": False,
        "metadata": {"quarter": "Q2"},
        "created_at": "2026-10-01T08:05:30Z",
        "updated_at": "2026-11-02T09:30:00Z",
        "version": 2,
    }


def _lead() -> dict[str, Any]:
    return {
        "id": _LEAD,
        "campaign_id": _CAMPAIGN,
        "email": "richard@example.com",
        "first_name": "Richard",
        "last_name": "Avis",
        "company": "Avis Health",
        "title": "Executive Chairman",
        "website": "https://example.com/",
        "flags": [],
        "status": "pending",
        "research": {"status": "queued", "run": _RUN, "sources": []},
        "metadata": {"source": "import_2026_05"},
        "created_at": "2026-11-02T09:30:00Z",
        "updated_at": "2026-11-02T09:30:00Z",
        "version": 1,
    }


def _reply() -> dict[str, Any]:
    return {"state": "replied", "intent": "interested", "at": "2026-11-03T11:05:00Z"}


def _away() -> dict[str, Any]:
    until = {"returns_at": "2026-11-15T22:00:00Z"}
    return {"state": "automatic", "intent": "ooo", "at": "2026-11-03T09:31:00Z", **until}


_PAGE, _READ_AT = "https://example.com/about", "2026-11-02T09:30:04Z"
_QUOTE = "We run nine clinics for families in the north."


def _research() -> dict[str, Any]:
    return {
        "status": "succeeded",
        "run": _RUN,
        "summary": _QUOTE,
        "angle": f"They say of themselves: “{_QUOTE}”. The emails begin with that.",
        "sources": [{"url": _PAGE, "title": "About us", "fetched_at": _READ_AT}],
        "at": "2026-11-02T09:30:06Z",
    }


def _email() -> dict[str, Any]:
    told = f"I read on your website: “{_QUOTE}”"
    claim = {"text": told, "source_url": _PAGE, "quote": _QUOTE, "fetched_at": _READ_AT}
    return {
        "lead_id": _LEAD,
        "campaign_id": _CAMPAIGN,
        "seq": 1,
        "subject": "An idea for Avis Health",
        "body": f"Hi Richard,\n\n{told}\n\nWould a short call next week be convenient?",
        "state": "generated",
        "version": 1,
        "claims": [claim],
        "generated_by": "deterministic",
        "metadata": {"source": "import_2026_05"},
        "created_at": "2026-11-02T09:30:06Z",
        "updated_at": "2026-11-02T09:30:06Z",
    }
