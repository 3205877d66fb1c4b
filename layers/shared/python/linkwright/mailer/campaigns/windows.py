"""When a campaign mails: the days and hours of its throttle, by the clock of its zone."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from linkwright.mailer.campaigns.models import WEEKDAYS

Throttle = dict[str, Any]
_A_DAY = timedelta(days=1)
_WEEK = 8


def next_opening(throttle: Throttle, moment: datetime) -> datetime | None:
    """When it opens next; None while it is open."""
    zone = ZoneInfo(throttle["time_zone"])
    local = moment.astimezone(zone)
    start, end = (time.fromisoformat(throttle["window"][edge]) for edge in ("start", "end"))
    if is_open_on(throttle, local.date()) and start <= local.time() < end:
        return None
    day = local.date() if local.time() < start else local.date() + _A_DAY
    # Each window has a day of the week.
    opens = next(d for d in (day + at * _A_DAY for at in range(_WEEK)) if is_open_on(throttle, d))
    return datetime.combine(opens, start, zone)


def is_open_on(throttle: Throttle, day: date) -> bool:
    return WEEKDAYS[day.weekday()] in throttle["window"]["days"]


def together(throttle: Throttle, other: Throttle, day: date) -> timedelta:
    """For how long both are open while the first one is on a day, by whose clock that is."""
    begins, ends = _edges(throttle, day)
    length = timedelta()
    # By another clock it may be the day before, or the one after.
    for near in (day - _A_DAY, day, day + _A_DAY):
        theirs = _edges(other, near)
        length += max(min(ends, theirs[1]) - max(begins, theirs[0]), timedelta())
    return length


def _edges(throttle: Throttle, day: date) -> tuple[datetime, datetime]:
    """Of one that is closed on the day there is nothing between them."""
    zone = ZoneInfo(throttle["time_zone"])
    start, end = (time.fromisoformat(throttle["window"][edge]) for edge in ("start", "end"))
    last = end if is_open_on(throttle, day) else start
    return datetime.combine(day, start, zone), datetime.combine(day, last, zone)


def hours(throttle: Throttle) -> float:
    """For how long it is open on a day."""
    start, end = (_minutes(throttle["window"][edge]) for edge in ("start", "end"))
    return (end - start) / 60


def _minutes(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    return hour * 60 + minute
