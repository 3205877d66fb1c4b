"""Typed ids."""

import re
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linkwright import clock, ids

NOW = datetime(2027, 3, 4, 5, 6, 7, 890_000, tzinfo=UTC)
PREFIXES = ["ws", "agt", "call", "cmp", "lead", "evt", "req", "key", "whk", "adj"]
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
some = settings(max_examples=200, derandomize=True, deadline=None, database=None)
_moments = st.datetimes(
    datetime(1970, 1, 1),  # noqa: DTZ001 -- the zone is added by the strategy
    datetime(9999, 12, 31),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_new_id_is_its_prefix_and_a_ulid(prefix: str) -> None:
    made = ids.new(prefix)
    assert re.fullmatch(rf"{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}", made)
    assert ids.matches(prefix, made)


def test_ids_of_one_moment_differ_in_80_random_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    made = []
    for _ in range(10_000):
        # Each of another process.
        monkeypatch.setattr(ids, "_newest", 0)
        made.append(ids.new("lead"))
    assert len(set(made)) == len(made)
    assert len({one[:15] for one in made}) == 1
    # Every character of the random part takes every value: none of its bits is fixed.
    assert {len({one[at] for one in made}) for at in range(15, 31)} == {32}


def test_ids_of_one_process_and_moment_are_in_the_order_in_which_they_were_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    made = [ids.new("evt") for _ in range(10_000)]
    assert made == sorted(set(made))
    # Nothing of a millisecond is taken for something of the next one.
    assert ids.first_at("evt", NOW) <= made[0]
    assert made[-1] <= ids.last_before("evt", NOW + timedelta(milliseconds=1))
    # Nobody who knows one knows the next: so many steps would all be alike by no chance.
    values = [sum(_DIGITS.index(c) << 5 * at for at, c in enumerate(one[:14:-1])) for one in made]
    steps = {after - before for before, after in pairwise(values)}
    assert len(steps) > len(made) - 10
    assert max(steps) > 1 << 47


def test_an_id_of_a_clock_that_was_set_back_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for moment in (NOW, NOW - timedelta(milliseconds=1)):
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        assert ids.new("evt")[:14] == ids.first_at("evt", moment)[:14]


def test_the_order_of_ids_is_the_order_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for milliseconds in range(0, 100_000, 997):
        moment = NOW + timedelta(milliseconds=milliseconds)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        made.append(ids.new("call"))
    assert made == sorted(made)


@some
@given(moment=_moments)
def test_the_bounds_of_a_moment_hold_exactly_its_ids(moment: datetime) -> None:
    # An id knows milliseconds; what is finer belongs to the millisecond that it is in.
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        at_moment = ids.new("call")
    assert ids.first_at("call", moment) <= at_moment
    if moment > datetime(1970, 1, 1, tzinfo=UTC):
        assert at_moment > ids.last_before("call", moment)
    assert at_moment <= ids.last_before("call", moment + timedelta(milliseconds=1))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone(-timedelta(hours=14))),
    ],
)
def test_bounds_exist_for_every_moment(moment: datetime) -> None:
    for bound in (ids.first_at("call", moment), ids.last_before("call", moment)):
        assert ids.matches("call", bound)


@pytest.mark.parametrize(
    ("candidate", "matches"),
    [
        ("lead_9182", True),
        ("lead_01ARZ3NDEKTSV4RRFFQ69G5FAV", True),
        ("lead_" + "a" * 64, True),
        ("lead_" + "a" * 65, False),
        ("lead_918", False),
        ("lead_", False),
        ("lead", False),
        ("", False),
        ("LEAD_9182", False),
        ("leads_9182", False),
        ("call_9182", False),
        ("xlead_9182", False),
        (" lead_9182", False),
        ("lead_9182 ", False),
        ("lead_9182\n", False),
        ("lead_9182\x00", False),
        ("lead_91-82", False),
        ("lead_91_82", False),
        ("lead_91/82", False),
        ("lead_91#82", False),
        ("lead_٩١٨٢", False),
        ("lead_91é2", False),
    ],
)
def test_the_shape_of_an_id(candidate: str, matches: bool) -> None:
    assert ids.matches("lead", candidate) is matches
