"""What the endpoints of the weekly digest take and show."""

from linkwright.ai.insight.models import AccountInsight


class WeeklySummary(AccountInsight):
    """What is true of a week of the workspace's links: the last one that is over, as 2026-W47."""

    week: str
