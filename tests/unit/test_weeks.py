"""Weeks as ISO 8601 has them, where people live: at the turn of a year and of the clocks too."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from linkwright import weeks

JERUSALEM, NEW_YORK, APIA = (
    ZoneInfo(name) for name in ("Asia/Jerusalem", "America/New_York", "Pacific/Apia")
)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("moment", "zone", "label", "first"),
    [
        # A Sunday is the last day of its week.
        ("2026-11-22T23:59:59", "UTC", "2026-W46", date(2026, 11, 9)),
        ("2026-11-23T00:00:00", "UTC", "2026-W47", date(2026, 11, 16)),
        # Monday has begun in Jerusalem, and not in New York.
        ("2026-11-22T22:00:00", "Asia/Jerusalem", "2026-W47", date(2026, 11, 16)),
        ("2026-11-22T21:59:59", "Asia/Jerusalem", "2026-W46", date(2026, 11, 9)),
        ("2026-11-23T04:59:59", "America/New_York", "2026-W46", date(2026, 11, 9)),
        ("2026-11-23T05:00:00", "America/New_York", "2026-W47", date(2026, 11, 16)),
        # 2026 has 53 weeks: its last days, and the first ones of 2027, are of the last.
        ("2027-01-03T12:00:00", "UTC", "2026-W52", date(2026, 12, 21)),
        ("2027-01-04T12:00:00", "UTC", "2026-W53", date(2026, 12, 28)),
        ("2027-01-11T12:00:00", "UTC", "2027-W01", date(2027, 1, 4)),
        # The 29th of December 2025 is of the first week of 2026.
        ("2026-01-05T00:00:00", "UTC", "2026-W01", date(2025, 12, 29)),
    ],
)
def test_the_last_week_that_is_over(moment: str, zone: str, label: str, first: date) -> None:
    week = weeks.closed(_at(moment), ZoneInfo(zone))
    assert (week.label, week.first) == (label, first)
    assert week.last - week.first == timedelta(days=6)
    assert week.next.before == week


@pytest.mark.parametrize(
    ("moment", "zone", "mailed"),
    [
        ("2026-11-22T12:00:00", UTC, "2026-11-23T08:00:00"),
        ("2026-11-23T07:59:59", UTC, "2026-11-23T08:00:00"),
        ("2026-11-23T08:00:00", UTC, "2026-11-30T08:00:00"),
        # 08:00 by the clocks, whether they are in summer (until 25 October) or not.
        ("2026-10-18T12:00:00", JERUSALEM, "2026-10-19T05:00:00"),
        ("2026-10-19T12:00:00", JERUSALEM, "2026-10-26T06:00:00"),
        ("2026-03-08T12:00:00", NEW_YORK, "2026-03-09T12:00:00"),
        ("2026-03-02T14:00:00", NEW_YORK, "2026-03-09T12:00:00"),
        ("2026-03-01T12:00:00", NEW_YORK, "2026-03-02T13:00:00"),
        # A day ahead of UTC.
        ("2026-11-22T12:00:00", APIA, "2026-11-22T19:00:00"),
    ],
)
def test_the_next_mailing_is_at_eight_on_a_monday(moment: str, zone: ZoneInfo, mailed: str) -> None:
    assert weeks.next_mailing(_at(moment), zone).astimezone(UTC) == _at(mailed)


@pytest.mark.parametrize("zone", ["Asia/Jerusalem", "America/Santiago", "Australia/Lord_Howe"])
def test_each_hour_of_three_years_is_of_one_week_and_each_week_is_mailed_once(zone: str) -> None:
    where, moment = ZoneInfo(zone), datetime(2025, 1, 1, tzinfo=UTC)
    seen = [weeks.closed(moment + timedelta(hours=at), where) for at in range(3 * 365 * 24)]
    assert all(later in (week, week.next) for week, later in zip(seen, seen[1:], strict=False))
    labels = [week.label for week in dict.fromkeys(seen)]
    assert len(labels) == len(set(labels))
    mailed = moment
    for _ in range(156):
        before, mailed = mailed, weeks.next_mailing(mailed, where)
        assert timedelta(0) < mailed - before <= timedelta(days=7, hours=2)
        local = mailed.astimezone(where)
        assert (local.weekday(), local.hour, local.minute) == (0, 8, 0)
