"""A sample of what each event of the mailer tells, as it would be stored, with who a lead is."""

from collections.abc import Mapping
from typing import Any

_CAMPAIGN = "cmp_01M3V80A50EXAMP1EEXAMP1E10"
_LEAD, _RUN = "lead_01M3V81B60EXAMP1EEXAMP1E11", "run_01M3V81B60EXAMP1EEXAMP1E12"
_MAILBOX = "mbx_01M3V7ZZ40EXAMP1EEXAMP1E13"


def samples() -> Mapping[str, dict[str, Any]]:
    return {"campaign.state_changed": _campaign(), "lead.created": _lead()}


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
        "flags": [],
        "status": "pending",
        "research": {"status": "queued", "run": _RUN, "sources": []},
        "metadata": {"source": "import_2026_05"},
        "created_at": "2026-11-02T09:30:00Z",
        "updated_at": "2026-11-02T09:30:00Z",
        "version": 1,
    }
