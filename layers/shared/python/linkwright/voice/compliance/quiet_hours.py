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

# By what a number begins with, where the tables name a neighbour's zone, or not all: of the longest
# beginning. A test holds both against what tzdata knows of each country.
_INSTEAD = {
    **{"211": "Africa/Juba", "212": "Africa/Casablanca", "213": "Africa/Algiers"},
    **{"218": "Africa/Tripoli", "505": "America/Managua", "970": "Asia/Gaza Asia/Hebron"},
    # What Palestinian networks have of the Israeli plan.
    **dict.fromkeys(("97256", "97259"), "Asia/Gaza Asia/Hebron Asia/Jerusalem"),
    "56": "America/Coyhaique America/Punta_Arenas America/Santiago Pacific/Easter",
    "675": "Pacific/Bougainville Pacific/Port_Moresby",
    **{"61889": "Australia/Darwin", "7401": "Europe/Kaliningrad"},
    # The east of Amazonia, its west, and Pernambuco, which holds Noronha.
    **dict.fromkeys(("5591", "5593", "5594", "5596", "5598", "5599"), "America/Belem"),
    **{"5597": "America/Eirunepe America/Manaus", "5581": "America/Noronha America/Recife"},
}
# By country code, what the tables leave out of the whole country.
_BESIDES = {7: "Europe/Kaliningrad", 61: "Australia/Darwin", 299: "America/Danmarkshavn"}
_NORTH_AMERICA = 1


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
    the tables name the zone of the capital, or of where it was given out. In North America its area
    code tells more, and the small countries of a shared code are told by their prefix.
    """
    # Imported here: their tables are large, and only a workspace with quiet hours needs them.
    from zoneinfo import ZoneInfo

    import phonenumbers
    from phonenumbers import timezone

    from linkwright.voice.compliance import numbers

    parsed = phonenumbers.parse(number)
    code = parsed.country_code or 0
    names = _instead(number[1:]) or set(timezone.time_zones_for_geographical_number(parsed))
    is_of_code = numbers.country(number) == phonenumbers.region_code_for_country_code(code)
    if is_of_code and not _is_placed(phonenumbers.number_type(parsed), code):
        names |= _of_country(code)
    return [] if timezone.UNKNOWN_TIMEZONE in names else list(map(ZoneInfo, sorted(names)))


def _is_placed(kind: int, code: int) -> bool:
    """Whether a number of the kind tells where in its country its owner is."""
    from phonenumbers import PhoneNumberType

    is_fixed = kind == PhoneNumberType.FIXED_LINE
    may_be = code == _NORTH_AMERICA and kind == PhoneNumberType.FIXED_LINE_OR_MOBILE
    return is_fixed or may_be


def _instead(digits: str) -> set[str]:
    beginnings = (digits[:end] for end in range(len(digits), 0, -1))
    return set(next((_INSTEAD[each] for each in beginnings if each in _INSTEAD), "").split())


def _of_country(code: int) -> set[str]:
    from phonenumbers.tzdata import TIMEZONE_DATA

    known = _instead(str(code)) or set(TIMEZONE_DATA.get(str(code), ()))
    return known | set(_BESIDES.get(code, "").split())


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
