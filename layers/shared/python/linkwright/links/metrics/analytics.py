"""A link's numbers, of the rows that clicks were counted into: never of the clicks themselves."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.auth import Account
from linkwright.errors import ValidationFailed
from linkwright.links import items, links
from linkwright.links.metrics import days
from linkwright.links.metrics.analytics_models import (
    Analytics,
    AnalyticsQuery,
    Breakdowns,
    Interval,
    Point,
    Share,
    bounds,
)
from linkwright.table import Key
from linkwright.workspace import operations

_MOST_SHARES = 50
_OTHER = "other"
# For so many days there are hourly rows.
KEPT_DAYS = 90
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class _Moment(NamedTuple):
    """What was counted within an hour, or a day, that began at `start`."""

    start: datetime
    counts: Mapping[str, int]


def of(account: Account, link_id: str, asked: AnalyticsQuery) -> Analytics:
    """Errors: no such link (404), a range or a zone that is not answered (400)."""
    links.existing(account.partition, link_id)
    own = operations.tenant(account.partition).settings.time_zone
    zone = ZoneInfo(asked.timezone or own)
    today = clock.now().astimezone(zone).date()
    try:
        first, last = bounds(asked, today)
    except ValueError as wrong:
        raise ValidationFailed(f"The range {wrong}.", field="from") from wrong
    rows = items.link_rows(account.partition, link_id)
    if _is_clock_of(zone, ZoneInfo(own), first, last):
        totals, moments = _of_days(rows, zone, first, last, asked.interval)
    else:
        _require_hours(zone, first, last, today)
        totals, moments = _of_hours(rows, zone, first, last)
    return Analytics(
        link_id=link_id,
        from_=first,
        to=last,
        interval=asked.interval,
        timezone=zone.key,
        clicks=totals["clicks"],
        bot_clicks=totals["bot_clicks"],
        previews=totals["previews"],
        qr=totals["qr"],
        conversions=totals["conversions"],
        values=_named(totals, "value"),
        series=list(_series(moments, zone, asked.interval)),
        breakdowns=_breakdowns(totals),
    )


# ---- reading -------------------------------------------------------------------------------------


def _of_days(
    rows: str, zone: ZoneInfo, first: date, last: date, interval: Interval
) -> tuple[Counter[str], list[_Moment]]:
    """By the rows of days, which are of the workspace's zone."""
    found = days.between(
        items.day_row(rows, f"{first:%Y%m%d}"), items.day_row(rows, f"{last:%Y%m%d}")
    )
    totals = days.total(found.values())
    moments: list[_Moment] = []
    for day in _days(first, last):
        counts = found.get(f"{day:%Y%m%d}", {})
        if interval == "hour":
            moments += _hours_of(day, zone, counts)
        else:
            moments.append(_Moment(_began(day, zone), counts))
    return totals, moments


def _hours_of(day: date, zone: ZoneInfo, counts: Mapping[str, int]) -> Iterator[_Moment]:
    """Those that the day has by the clock: one that comes twice is one, one left out is none."""
    names = {"clicks": "h", "bot_clicks": "b", "qr": "q", "conversions": "c"}
    for hour in range(24):
        start = datetime.combine(day, time(hour), zone).astimezone(UTC)
        ends_at = datetime.combine(day, time(hour, 59), zone)
        if ends_at.astimezone(UTC).astimezone(zone).hour == hour:
            of_hour = {name: counts.get(f"{letter}{hour:02}", 0) for name, letter in names.items()}
            yield _Moment(start, of_hour)


def _of_hours(
    rows: str, zone: ZoneInfo, first: date, last: date
) -> tuple[Counter[str], list[_Moment]]:
    """By the rows of hours, which are UTC's."""
    begin, end = _began(first, zone), _began(last + _DAY, zone)
    found = days.between(_hour_row(rows, begin), _hour_row(rows, end - _HOUR))
    totals = days.total(found.values())
    moments, at = [], begin
    while at < end:
        moments.append(_Moment(at, found.get(_hour_row(rows, at).sk, {})))
        at += _HOUR
    return totals, moments


def _hour_row(rows: str, start: datetime) -> Key:
    return items.hour_row(rows, f"{start:%Y%m%d}", start.hour)


def _is_clock_of(zone: ZoneInfo, own: ZoneInfo, first: date, last: date) -> bool:
    """Whether its days begin as those of the workspace's zone: some have several names."""
    days = _days(first, last + _DAY)
    return zone.key == own.key or all(_began(day, zone) == _began(day, own) for day in days)


def _require_hours(zone: ZoneInfo, first: date, last: date, today: date) -> None:
    if first <= today - timedelta(days=KEPT_DAYS):
        raise ValidationFailed(
            f"Another zone than the workspace's own is answered for the last {KEPT_DAYS} days.",
            field="timezone",
        )
    if any(_began(day, zone).minute for day in _days(first, last + _DAY)):
        raise ValidationFailed(
            "A zone that is not whole hours from UTC is answered as the workspace's own only.",
            field="timezone",
        )


# ---- showing -------------------------------------------------------------------------------------


def _series(moments: list[_Moment], zone: ZoneInfo, interval: Interval) -> Iterator[Point]:
    def period(moment: _Moment) -> object:
        return _period(moment.start.astimezone(zone), interval)

    for _, among in groupby(moments, key=period):
        few = list(among)
        counts = days.total(moment.counts for moment in few)
        yield Point(
            start=clock.timestamp(few[0].start),
            clicks=counts["clicks"],
            bot_clicks=counts["bot_clicks"],
            qr=counts["qr"],
            conversions=counts["conversions"],
        )


def _period(start: datetime, interval: Interval) -> object:
    if interval == "hour":
        return start.astimezone(UTC)
    if interval == "week":
        return start.isocalendar()[:2]
    return (start.year, start.month) if interval == "month" else start.date()


def _breakdowns(totals: Mapping[str, int]) -> Breakdowns:
    shares = {
        name: _shares(_named(totals, name))
        for name in ("country", "device", "browser", "referrer", "conversion")
    }
    scans = totals.get("qr", 0)
    by_qr = _shares({"qr": scans, "link": totals.get("clicks", 0) - scans})
    return Breakdowns(**shares, qr=by_qr)


def _named(totals: Mapping[str, int], dimension: str) -> dict[str, int]:
    start = f"{dimension}#"
    return {name.removeprefix(start): n for name, n in totals.items() if name.startswith(start)}


def _shares(counts: dict[str, int]) -> list[Share]:
    rest = counts.pop(_OTHER, 0)
    named = [(name, n) for name, n in counts.items() if n]
    ordered = sorted(named, key=lambda one: (-one[1], one[0]))
    rest += sum(n for _, n in ordered[_MOST_SHARES:])
    shown = [Share(name=name, count=n) for name, n in ordered[:_MOST_SHARES]]
    return [*shown, Share(name=_OTHER, count=rest)] if rest else shown


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=at) for at in range((last - first).days + 1))


def _began(day: date, zone: ZoneInfo) -> datetime:
    """In UTC; where the clock leaves midnight out, when it says the next that it says."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
