"""How a lead stands by its emails."""

from collections.abc import Iterable

from linkwright.mailer.items import EmailView, LeadStatus

# It was handed over, or may have been: it is as it was sent.
SENT = frozenset({"sending", "sent", "unknown"})
# Nothing comes of it any more.
OVER = SENT | {"failed", "canceled"}
# What a lead is as long as it waits for its first mail.
WAITING: frozenset[LeadStatus] = frozenset({"review", "ready", "rejected", "failed"})


def status_of(status: LeadStatus, emails: Iterable[EmailView]) -> LeadStatus:
    """Of one with these emails that had a status: who was sent to, or has ended, keeps it."""
    states = [email["state"] for email in emails]
    if status not in WAITING | {"pending"}:
        return status
    if not states:
        return "failed"
    if "rejected" in states:
        return "rejected"
    return "review" if "generated" in states else "ready"
