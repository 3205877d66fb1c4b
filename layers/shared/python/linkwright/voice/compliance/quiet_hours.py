"""When a number may be called again, judged by the clock where its owner may be."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from linkwright.fields import QuietHours

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# Hours that have left no opening for a week have none: the days of a week differ only when clocks
# are set, and one day more holds the last of them.
_HORIZON = timedelta(days=8)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# Longer than any talk.
_TALK = timedelta(hours=2)


def opening(number: str, quiet: Sequence[QuietHours], moment: datetime) -> datetime | None:
    """The first moment from this one on, in UTC, at which none of the quiet hours hold in any time
    zone that the number may be in; to the whole second, unless it is the moment itself.

    None if there is none within eight days, or the number's zone is not known: whoever may be
    asleep is not called.
    """
    moment = moment.astimezone(UTC)
    if not quiet:
        return moment
    zones = _zones(number)
    if not zones:
        return None
    start = moment.replace(microsecond=0)
    at = start
    while at <= start + _HORIZON:
        later = max(_until_open(zone, hours, at) for zone in zones for hours in quiet)
        if later == at:
            return max(at, moment)
        at = later
    return None


def zone(number: str, moment: datetime) -> str | None:
    """The name of a time zone whose clock is the number's during a talk that begins at the moment;
    None if that is not known for sure.

    Where the number may be in several zones, they are one as long as they have the same clock.
    """
    zones = _zones(number)
    clocks = {(_offset(zone, moment), _offset(zone, moment + _TALK)) for zone in zones}
    return zones[0].key if len(clocks) == 1 else None


def _offset(zone: "ZoneInfo", moment: datetime) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _zones(number: str) -> list["ZoneInfo"]:
    """All the time zones a number may be in; none if they are not known.

    A mobile number, and one that the tables do not know, may be anywhere in its country, where
    the tables name the capital's zone for it. In North America its area code tells more, and the
    small countries of a shared code are told by their prefix.
    """
    # Imported here: their tables are large, and only a workspace with quiet hours needs them.
    from zoneinfo import ZoneInfo

    import phonenumbers
    from phonenumbers import timezone
    from phonenumbers.phonenumberutil import is_number_type_geographical
    from phonenumbers.tzdata import TIMEZONE_DATA

    from linkwright.voice.compliance import numbers

    parsed = phonenumbers.parse(number)
    code = parsed.country_code or 0
    names = set(timezone.time_zones_for_geographical_number(parsed))
    placed = is_number_type_geographical(phonenumbers.number_type(parsed), code)
    if not placed and numbers.country(number) == phonenumbers.region_code_for_country_code(code):
        names.update(TIMEZONE_DATA.get(str(code), ()))
    return [] if timezone.UNKNOWN_TIMEZONE in names else list(map(ZoneInfo, sorted(names)))


def _until_open(zone: "ZoneInfo", hours: QuietHours, at: datetime) -> datetime:
    """The moment itself if it is not quiet; else the end of the hours, or an earlier moment at
    which the clock is set, since that may end them too.
    """
    local = at.astimezone(zone)
    if not _holds(hours, local):
        return at
    end = datetime.combine(local.date(), time.fromisoformat(hours.end))
    left = (end - local.replace(tzinfo=None)) % _DAY
    until = at + left
    if until.astimezone(zone).utcoffset() == local.utcoffset():
        return until
    return _clock_set(zone, at, until)


def _holds(hours: QuietHours, local: datetime) -> bool:
    wall = f"{local:%H:%M}"
    if hours.start < hours.end:
        return hours.start <= wall < hours.end
    return wall >= hours.start or wall < hours.end


def _clock_set(zone: "ZoneInfo", before: datetime, after: datetime) -> datetime:
    """The second between the two at which the zone's offset changes."""
    offset = before.astimezone(zone).utcoffset()
    seconds = range((after - before) // _SECOND)
    passed = bisect_left(
        seconds,
        True,
        key=lambda second: (before + second * _SECOND).astimezone(zone).utcoffset() != offset,
    )
    return before + passed * _SECOND
