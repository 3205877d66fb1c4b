"""When a number may be called again."""

import zoneinfo
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType as Kind
from phonenumbers.tzdata import TIMEZONE_DATA

from linkwright import clock
from linkwright.fields import QuietHours
from linkwright.voice.compliance import numbers, quiet_hours
from linkwright.voice.compliance.quiet_hours import opening, zone


@pytest.fixture(autouse=True, scope="module")
def _zones_of_the_layer() -> Iterator[None]:
    """The layer's own time zones: Lambda's image need not have any."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=())
    ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath(to=before)
    ZoneInfo.clear_cache()


def _hours(text: str) -> list[QuietHours]:
    ranges = [each.split("-") for each in text.split()]
    return [QuietHours(start=start, end=end) for start, end in ranges]


NIGHT = "21:00-08:00"
ISRAEL = "+972541234567"
NEW_YORK = "+12125550100"
NORTH_DAKOTA = "+17015550123"  # Mountain and Central
IDAHO = "+12084001234"  # Mountain and Pacific
LORD_HOWE = "+61265632123"
FREE_OF_CHARGE = "+18005550100"
NOWHERE = "+15005550001"

JERUSALEM = [
    ("2026-11-22T04:00:00Z", "2026-11-22T06:00:00Z"),
    ("2026-11-22T05:59:59Z", "2026-11-22T06:00:00Z"),
    ("2026-11-22T06:00:00Z", "2026-11-22T06:00:00Z"),
    ("2026-11-22T12:34:56Z", "2026-11-22T12:34:56Z"),
    ("2026-11-22T18:59:59Z", "2026-11-22T18:59:59Z"),
    ("2026-11-22T19:00:00Z", "2026-11-23T06:00:00Z"),
    ("2026-11-22T22:00:00Z", "2026-11-23T06:00:00Z"),
    ("2026-12-31T22:30:00Z", "2027-01-01T06:00:00Z"),
    ("2027-07-01T04:59:59Z", "2027-07-01T05:00:00Z"),
]

# Israel goes from 02:00 to 03:00 on 2027-03-26 at 00:00Z, and back from 02:00 to 01:00 on
# 2027-10-31, which is 23:00Z of the day before.
CLOCKS_SET = [
    (ISRAEL, NIGHT, "2027-03-24T20:00:00Z", "2027-03-25T06:00:00Z"),
    (ISRAEL, NIGHT, "2027-03-25T20:00:00Z", "2027-03-26T05:00:00Z"),
    (ISRAEL, NIGHT, "2027-10-29T20:00:00Z", "2027-10-30T05:00:00Z"),
    (ISRAEL, NIGHT, "2027-10-30T20:00:00Z", "2027-10-31T06:00:00Z"),
    # The end, or the start, is a time that the spring night leaves out.
    (ISRAEL, "21:00-02:00", "2027-03-25T20:00:00Z", "2027-03-26T00:00:00Z"),
    (ISRAEL, "21:00-02:30", "2027-03-25T20:00:00Z", "2027-03-26T00:00:00Z"),
    (ISRAEL, "21:00-03:00", "2027-03-25T20:00:00Z", "2027-03-26T00:00:00Z"),
    (ISRAEL, "21:00-03:01", "2027-03-25T20:00:00Z", "2027-03-26T00:01:00Z"),
    (ISRAEL, "02:30-03:30", "2027-03-26T00:00:00Z", "2027-03-26T00:30:00Z"),
    (ISRAEL, "02:00-03:00", "2027-03-26T00:00:00Z", "2027-03-26T00:00:00Z"),
    (ISRAEL, "02:31-02:30", "2027-03-25T12:00:00Z", "2027-03-26T23:30:00Z"),
    # The hour from 01:00 comes twice in the autumn night.
    (ISRAEL, "21:00-01:30", "2027-10-30T22:00:00Z", "2027-10-30T22:30:00Z"),
    (ISRAEL, "21:00-01:30", "2027-10-30T22:59:59Z", "2027-10-30T22:59:59Z"),
    (ISRAEL, "21:00-01:30", "2027-10-30T23:00:00Z", "2027-10-30T23:30:00Z"),
    (ISRAEL, "01:30-05:00", "2027-10-30T22:45:00Z", "2027-10-30T23:00:00Z"),
    (ISRAEL, "01:30-05:00", "2027-10-30T23:30:00Z", "2027-10-31T03:00:00Z"),
    (NEW_YORK, NIGHT, "2027-03-14T03:00:00Z", "2027-03-14T12:00:00Z"),
    (NEW_YORK, NIGHT, "2027-11-07T03:00:00Z", "2027-11-07T13:00:00Z"),
    # By half an hour.
    (LORD_HOWE, NIGHT, "2027-04-03T11:00:00Z", "2027-04-03T21:30:00Z"),
    (LORD_HOWE, NIGHT, "2027-10-02T12:00:00Z", "2027-10-02T21:00:00Z"),
]

ZONES = [
    ("+918123456789", NIGHT, "2026-11-22T02:29:59Z", "2026-11-22T02:30:00Z"),
    ("+9779841234567", NIGHT, "2026-11-22T02:14:59Z", "2026-11-22T02:15:00Z"),
    # Of two zones both must be open.
    (NORTH_DAKOTA, NIGHT, "2026-11-22T14:30:00Z", "2026-11-22T15:00:00Z"),
    (NORTH_DAKOTA, NIGHT, "2026-11-23T02:59:59Z", "2026-11-23T02:59:59Z"),
    (NORTH_DAKOTA, NIGHT, "2026-11-23T03:00:00Z", "2026-11-23T15:00:00Z"),
    (IDAHO, NIGHT, "2026-11-22T15:00:00Z", "2026-11-22T16:00:00Z"),
    (IDAHO, NIGHT, "2026-11-23T04:00:00Z", "2026-11-23T16:00:00Z"),
    # From Guam's morning to Newfoundland's evening.
    (FREE_OF_CHARGE, NIGHT, "2026-11-22T12:00:00Z", "2026-11-22T22:00:00Z"),
    (FREE_OF_CHARGE, NIGHT, "2026-11-23T00:29:59Z", "2026-11-23T00:29:59Z"),
    (NOWHERE, NIGHT, "2026-11-23T00:30:00Z", "2026-11-23T22:00:00Z"),
    (NOWHERE, NIGHT, "2027-07-01T23:30:00Z", "2027-07-02T22:00:00Z"),
    # A mobile number may be anywhere in its country: the Cocos Islands, Kamchatka, the Canaries.
    ("+61412345678", NIGHT, "2026-11-22T22:00:00Z", "2026-11-23T01:30:00Z"),
    ("+79123456789", NIGHT, "2026-11-22T09:00:00Z", "2026-11-23T06:00:00Z"),
    ("+34612345678", NIGHT, "2026-11-22T07:00:00Z", "2026-11-22T08:00:00Z"),
    # So may one that the tables do not know, unless it is of a small country of a shared code.
    ("+61499999999", NIGHT, "2026-11-22T22:00:00Z", "2026-11-23T01:30:00Z"),
    ("+18762100000", NIGHT, "2026-11-22T12:59:59Z", "2026-11-22T13:00:00Z"),
    ("+77710009998", NIGHT, "2026-11-22T02:00:00Z", "2026-11-22T03:00:00Z"),
    # Where mobile numbers have area codes too: from Papua to Sumatra, from Noronha to Acre.
    ("+62812345678", NIGHT, "2026-12-01T13:30:00Z", "2026-12-02T01:00:00Z"),
    ("+5511961234567", NIGHT, "2026-12-01T12:30:00Z", "2026-12-01T13:00:00Z"),
    # Whose zone the tables have by a neighbour's name: Morocco, Algeria, Libya, South Sudan,
    # Nicaragua, Palestine, the Northern Territory, Kaliningrad, Para.
    ("+212612345678", NIGHT, "2026-01-10T20:30:00Z", "2026-01-11T07:00:00Z"),
    ("+213551234567", NIGHT, "2027-07-01T06:30:00Z", "2027-07-01T07:00:00Z"),
    ("+218912345678", NIGHT, "2027-07-01T05:30:00Z", "2027-07-01T06:00:00Z"),
    ("+211977123456", NIGHT, "2026-12-01T05:30:00Z", "2026-12-01T06:00:00Z"),
    ("+50581234567", NIGHT, "2027-07-01T13:30:00Z", "2027-07-01T14:00:00Z"),
    ("+97022234567", NIGHT, "2027-03-26T18:30:00Z", "2027-03-26T18:30:00Z"),
    ("+61889812345", NIGHT, "2026-12-01T11:30:00Z", "2026-12-01T22:30:00Z"),
    ("+74012345678", NIGHT, "2027-07-01T05:30:00Z", "2027-07-01T06:00:00Z"),
    ("+559132345678", NIGHT, "2026-12-01T00:30:00Z", "2026-12-01T11:00:00Z"),
]

OTHER_HOURS = [
    (ISRAEL, "08:00-21:00", "2026-11-22T06:00:00Z", "2026-11-22T19:00:00Z"),
    (ISRAEL, "08:00-21:00", "2026-11-22T05:59:59Z", "2026-11-22T05:59:59Z"),
    (ISRAEL, "08:00-00:00", "2026-11-22T06:00:00Z", "2026-11-22T22:00:00Z"),
    (ISRAEL, "00:00-08:00", "2026-11-21T22:00:00Z", "2026-11-22T06:00:00Z"),
    # Of the agent and of the workspace.
    (ISRAEL, f"{NIGHT} 12:00-14:00", "2026-11-22T10:30:00Z", "2026-11-22T12:00:00Z"),
    (ISRAEL, f"{NIGHT} 07:00-09:30", "2026-11-22T04:00:00Z", "2026-11-22T07:30:00Z"),
    (ISRAEL, f"{NIGHT} 20:00-07:00", "2026-11-22T18:00:00Z", "2026-11-23T06:00:00Z"),
    # One minute of the day is left.
    (ISRAEL, "08:01-08:00", "2026-11-22T06:00:59Z", "2026-11-22T06:00:59Z"),
    (ISRAEL, "08:01-08:00", "2026-11-22T06:01:00Z", "2026-11-23T06:00:00Z"),
    (ISRAEL, f"{NIGHT} 08:01-21:00", "2026-11-22T06:01:00Z", "2026-11-23T06:00:00Z"),
]


@pytest.mark.parametrize(("asked", "opens"), JERUSALEM)
def test_one_zone(asked: str, opens: str) -> None:
    assert opening(ISRAEL, _hours(NIGHT), clock.parse(asked)) == clock.parse(opens)


@pytest.mark.parametrize(("number", "quiet", "asked", "opens"), CLOCKS_SET + ZONES + OTHER_HOURS)
def test_the_first_opening(number: str, quiet: str, asked: str, opens: str) -> None:
    assert opening(number, _hours(quiet), clock.parse(asked)) == clock.parse(opens)


@pytest.mark.parametrize(
    ("number", "quiet"),
    [
        (ISRAEL, "00:00-12:00 12:00-00:00"),
        (NORTH_DAKOTA, "08:30-08:00"),  # half an hour in each zone, an hour apart
        (FREE_OF_CHARGE, "17:00-09:00"),
        ("+80012345678", NIGHT),  # of no country
    ],
)
def test_no_opening(number: str, quiet: str) -> None:
    assert opening(number, _hours(quiet), clock.parse("2027-03-10T12:00:00Z")) is None


@pytest.mark.parametrize("number", [ISRAEL, "+80012345678"])
def test_without_quiet_hours_any_moment_will_do(number: str) -> None:
    moment = clock.parse("2026-11-22T22:00:00Z")
    assert opening(number, [], moment) == moment


def test_an_opening_is_in_utc_and_in_whole_seconds() -> None:
    israel = ZoneInfo("Asia/Jerusalem")
    late = datetime(2026, 11, 22, 7, 59, 59, 999_999, israel)
    opens = opening(ISRAEL, _hours(NIGHT), late)
    assert opens is not None
    assert (opens.isoformat(), opens.tzinfo) == ("2026-11-22T06:00:00+00:00", UTC)
    noon = datetime(2026, 11, 22, 12, 0, 0, 5, israel)
    opens = opening(ISRAEL, _hours(NIGHT), noon)
    assert opens is not None
    assert (opens, opens.tzinfo) == (noon, UTC)


def test_the_layer_has_every_zone_that_the_numbers_name() -> None:
    names = {name for zones in TIMEZONE_DATA.values() for name in zones}
    assert len(names) > 250
    for name in names:
        ZoneInfo.no_cache(name)


PLACES = {
    ISRAEL: ("Asia/Jerusalem",),
    NEW_YORK: ("America/New_York",),
    NORTH_DAKOTA: ("America/Denver", "America/North_Dakota/Center"),
    LORD_HOWE: ("Australia/Lord_Howe",),
    NOWHERE: TIMEZONE_DATA["1"],
    "+918123456789": ("Asia/Calcutta",),
    "+9779841234567": ("Asia/Katmandu",),
    # Clocks are set at midnight; a number of the mainland may be carried anywhere.
    "+56221234567": ("America/Santiago", "America/Punta_Arenas", "Pacific/Easter"),
    "+201001234567": ("Africa/Cairo",),  # and here
    "+6421123456": ("Pacific/Auckland", "Pacific/Chatham"),
}
# Near the days when the clocks of those places are set, and on any other.
_CHANGES = ("2027-03-14", "2027-03-26", "2027-04-04", "2027-04-30", "2027-09-05", "2027-10-31")
_MOMENTS = st.one_of(
    st.builds(
        lambda day, since: clock.parse(f"{day}T00:00:00Z") + timedelta(seconds=since),
        st.sampled_from(_CHANGES),
        st.integers(-48 * 3600, 48 * 3600),
    ),
    st.datetimes(datetime(2026, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
_RANGES = st.lists(
    st.tuples(st.times(), st.times())
    .map(lambda ends: (f"{ends[0]:%H:%M}", f"{ends[1]:%H:%M}"))
    .filter(lambda ends: ends[0] != ends[1])
    .map(lambda ends: QuietHours(start=ends[0], end=ends[1])),
    min_size=1,
    max_size=3,
)


def _is_quiet(hours: QuietHours, local: time) -> bool:
    start, end = time.fromisoformat(hours.start), time.fromisoformat(hours.end)
    return start <= local < end if start < end else not end <= local < start


def _minute_by_minute(
    names: Sequence[str], quiet: Sequence[QuietHours], moment: datetime
) -> datetime | None:
    zones = [ZoneInfo(name) for name in names]
    minute = moment.replace(second=0, microsecond=0)
    for ahead in range(8 * 24 * 60):
        at = max(moment, minute + timedelta(minutes=ahead))
        if not any(_is_quiet(each, at.astimezone(zone).time()) for zone in zones for each in quiet):
            return at
    return None


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(number=st.sampled_from(sorted(PLACES)), quiet=_RANGES, moment=_MOMENTS)
@example(ISRAEL, _hours("02:31-02:30"), clock.parse("2027-03-25T00:31:00Z"))
@example(NOWHERE, _hours(NIGHT), clock.parse("2027-03-14T00:30:00Z"))
@pytest.mark.slow
def test_the_same_as_looking_at_every_minute(
    number: str, quiet: list[QuietHours], moment: datetime
) -> None:
    expected = _minute_by_minute(PLACES[number], quiet, moment)
    assert opening(number, quiet, moment) == expected


WINTER, SUMMER = clock.parse("2027-01-15T12:00:00Z"), clock.parse("2027-07-15T12:00:00Z")
NAVAJO_NATION = "+19286721234"  # sets its clocks, which the rest of Arizona does not


@pytest.mark.parametrize("moment", [WINTER, SUMMER])
@pytest.mark.parametrize(
    ("number", "name"),
    [
        (ISRAEL, "Asia/Jerusalem"),
        (NEW_YORK, "America/New_York"),
        (NORTH_DAKOTA, None),
        (LORD_HOWE, "Australia/Lord_Howe"),
        (FREE_OF_CHARGE, None),
        (NOWHERE, None),
        ("+80012345678", None),
        # Their islands have zones of other names, and the same clock.
        ("+447400123456", "Europe/London"),
        ("+353871234567", "Europe/Dublin"),
        # The Canaries and the Azores have another one.
        ("+34612345678", None),
        ("+351912345678", None),
        ("+212612345678", "Africa/Casablanca"),
        ("+213551234567", "Africa/Algiers"),
        ("+50581234567", "America/Managua"),
        ("+62812345678", None),
    ],
)
def test_a_clock_that_is_known_for_sure(number: str, name: str | None, moment: datetime) -> None:
    found = zone(number, moment)
    if name is None:
        assert found is None
    else:
        assert found is not None
        there = f"{moment.astimezone(ZoneInfo(name)):%Y-%m-%d %H:%M}"
        assert f"{moment.astimezone(ZoneInfo(found)):%Y-%m-%d %H:%M}" == there


@pytest.mark.parametrize(
    ("moment", "is_known"),
    [
        ("2027-01-15T12:00:00Z", True),
        ("2027-07-15T12:00:00Z", False),
        # Clocks are set during the talk.
        ("2027-03-14T06:59:59Z", True),
        ("2027-03-14T08:00:00Z", False),
        ("2027-11-07T07:59:59Z", False),
        ("2027-11-07T08:00:00Z", True),
    ],
)
def test_zones_are_one_as_long_as_their_clocks_are(moment: str, is_known: bool) -> None:
    assert (zone(NAVAJO_NATION, clock.parse(moment)) is not None) == is_known


# Zones that tzdata lists and no clock of a number goes by: China's legal time is Peking's, and
# Ukrainian networks do not reach the Crimea.
_NOBODYS = {"Asia/Urumqi", "Europe/Simferopol"}
_DAYS = [clock.parse("2026-12-01T12:00:00Z") + timedelta(days=15 * day) for day in range(25)]
_KINDS = (Kind.MOBILE, Kind.FIXED_LINE, Kind.VOIP, Kind.TOLL_FREE, Kind.UAN)


def _real_zones() -> dict[str, list[str]]:
    """By country, as tzdata has them: the clocks of all who live there."""
    table = resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text()
    rows = [line.split("\t") for line in table.splitlines() if not line.startswith("#")]
    found = defaultdict(list)
    for row in rows:
        if row[2] not in _NOBODYS:
            found[row[0]].append(row[2])
    return found


REAL = _real_zones()


def _offsets(names: Sequence[str], moment: datetime) -> set[timedelta | None]:
    return {_offset(name, moment) for name in names}


@cache
def _offset(name: str, moment: datetime) -> timedelta | None:
    return moment.astimezone(ZoneInfo(name)).utcoffset()


def _examples(region: str) -> Iterator[tuple[int, str]]:
    for kind in _KINDS:
        example = phonenumbers.example_number_for_type(region, kind)
        number = example and phonenumbers.format_number(
            example, phonenumbers.PhoneNumberFormat.E164
        )
        if number and numbers.judge(number) is numbers.Verdict.DIALABLE:
            yield kind, number


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS & set(REAL)))
def test_the_clocks_of_every_country_are_those_that_tzdata_has(region: str) -> None:
    """A number that is bound to no place has all of its country's; one that is, some of them."""
    real = REAL[region]
    for kind, number in _examples(region):
        names = [each.key for each in quiet_hours._zones(number)]
        is_placed = kind == Kind.FIXED_LINE or number.startswith("+1")
        for day in _DAYS:
            had, all_real = _offsets(names, day), _offsets(real, day)
            if names:
                assert all_real & had if is_placed else all_real <= had, (number, day)
        for day in _DAYS[::6]:
            all_real, told = _offsets(real, day), zone(number, day)
            if told is not None:
                assert _offsets([told], day) <= all_real, (number, day)
                assert is_placed or len(all_real) == 1, (number, day)


def test_each_zone_of_ours_is_one_of_its_country() -> None:
    for digits, zones in quiet_hours._INSTEAD.items() | {
        (str(code), zones) for code, zones in quiet_hours._BESIDES.items()
    }:
        code = phonenumbers.parse(f"+{digits:0<10}").country_code or 0
        regions = phonenumbers.region_codes_for_country_code(code)
        known = {name for region in regions for name in REAL[region]}
        known |= set(REAL["PS"] if code == 972 else ())
        assert set(zones.split()) <= known, digits
