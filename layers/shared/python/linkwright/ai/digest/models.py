"""What the endpoints of the weekly digest take and show."""

from linkwright.ai.insight.models import AccountInsight
from linkwright.fields import Model


class WeeklySummary(AccountInsight):
    """What is true of a week of the workspace's links: the last one that is over, as 2026-W47."""

    week: str


class DigestSent(Model):
    """Of which week the digest is mailed to which members, and which of them had it before."""

    week: str
    sent: list[str]
    already_sent: list[str]
