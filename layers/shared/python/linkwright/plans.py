"""What each plan allows. One table: nothing else in the code knows a limit."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from linkwright import clock


class Plan(NamedTuple):
    """Allowances of a month, how much there may be at once, and what no setting can raise.

    A billing cycle's are minutes, sends, credits and researched leads: what is left of them is not
    carried over. Dials are counted by the day, UTC; the others are what exists at the same time.
    """

    name: str
    upgrade_to: str | None
    requests_per_minute: int
    call_minutes: int
    mailer_sends: int
    ai_credits: int
    concurrent_calls: int
    dials_per_day: int
    webhooks: int
    leads_researched: int
    mailboxes: int
    links: int
    domains: int

    @property
    def own_keys(self) -> bool:
        """Whether it may use a key of its own at a vendor of models."""
        return self.name == "enterprise"


PLANS = {
    plan.name: plan
    for plan in (
        Plan("free", "pro", 60, 10, 100, 0, 1, 50, 1, 200, 1, 50, 1),
        Plan("pro", "business", 600, 300, 5_000, 500, 10, 1_000, 5, 10_000, 5, 5_000, 5),
        Plan(
            *("business", "enterprise", 1_200, 2_000, 50_000, 2_500, 25, 10_000, 10),
            *(100_000, 25, 50_000, 25),
        ),
        Plan(
            *("enterprise", None, 3_000, 10_000, 250_000, 10_000, 100, 100_000, 25),
            *(500_000, 100, 500_000, 100),
        ),
    )
}


class Period(NamedTuple):
    """A billing cycle: from the workspace's anchor day to the next one, UTC, end exclusive."""

    start: datetime
    end: datetime

    @property
    def label(self) -> str:
        return self.start.strftime("%Y-%m-%d")


def period(anchor_day: int, moment: datetime | None = None) -> Period:
    """The cycle that holds the moment. In a month without the anchor day, its last day counts."""
    moment = moment or clock.now()
    start = _anchor(moment.year, moment.month, anchor_day)
    if moment < start:
        previous = _months_later(moment, -1)
        return Period(_anchor(*previous, anchor_day), start)
    return Period(start, _anchor(*_months_later(moment, 1), anchor_day))


def _months_later(moment: datetime, months: int) -> tuple[int, int]:
    index = moment.year * 12 + moment.month - 1 + months
    return index // 12, index % 12 + 1


def _anchor(year: int, month: int, day: int) -> datetime:
    first = datetime(year, month, 1, tzinfo=UTC)
    # From the 28th, four days on are in the next month.
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day, last.day))
