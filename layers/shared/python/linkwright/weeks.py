"""Weeks as ISO 8601 has them, from Monday on, in the zone that a workspace's people live by."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAYS = 7
_WEEK = timedelta(days=DAYS)
# When people have begun to work.
_MAILED_AT = time(8)


class Week(NamedTuple):
    """Seven days, of which `first` is the Monday."""

    first: date

    @property
    def label(self) -> str:
        """As 2026-W47: the year is that of its Thursday."""
        year, week, _ = self.first.isocalendar()
        return f"{year}-W{week:02}"

    @property
    def last(self) -> date:
        return self.first + _WEEK - timedelta(days=1)

    @property
    def next(self) -> "Week":
        return Week(self.first + _WEEK)

    @property
    def before(self) -> "Week":
        return Week(self.first - _WEEK)


def closed(moment: datetime, zone: ZoneInfo) -> Week:
    """The last week that is over."""
    today = moment.astimezone(zone).date()
    return Week(today - timedelta(days=today.weekday())).before


def next_mailing(moment: datetime, zone: ZoneInfo) -> datetime:
    """The next Monday, 08:00 by the clocks there, that is later than the moment."""
    this = closed(moment, zone).next
    at = mailing(this.first, zone)
    return at if at > moment else mailing(this.next.first, zone)


def mailing(monday: date, zone: ZoneInfo) -> datetime:
    """When the week before that Monday is mailed."""
    return datetime.combine(monday, _MAILED_AT, zone)
