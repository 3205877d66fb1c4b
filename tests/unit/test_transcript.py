"""The transcript of a talk: who said what when, of which half is known and half an estimate."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkwright.voice.calls.turn_log import Then, Turn, transcript

ANSWERED = datetime(2026, 1, 1, 12, tzinfo=UTC)
ITEM = {"view": {"answered_at": "2026-01-01T12:00:00Z"}, "language": "he"}
# As long as these are, a voice needs two seconds.
TEXT = "x" * 28

# When it was heard, and when the answer to it began, in seconds since the call was answered.
Moments = tuple[float, float]


def times(*turns: Moments, opening: str = TEXT, text: str = TEXT) -> list[tuple[int, int]]:
    """Of the opening, which begins with the call, and of turns in which either says the text."""
    told = [Turn(0, "", ANSWERED, opening, ANSWERED, Then.LISTEN)]
    for number, moments in enumerate(turns, 1):
        heard, said = (ANSWERED + timedelta(seconds=seconds) for seconds in moments)
        told.append(Turn(number, text, heard, text, said, Then.LISTEN))
    return [(line.start_ms, line.end_ms) for line in transcript(ITEM, told)]


def test_where_there_is_room_each_line_is_as_long_as_its_text() -> None:
    assert times((6, 6.5)) == [(0, 2000), (4000, 6000), (6500, 8500)]


@pytest.mark.parametrize(
    ("opening", "first"),
    [(TEXT, (0, 1000)), (TEXT * 3, (0, 1500)), ("x", (0, 68))],
)
def test_two_voices_share_the_time_there_was(opening: str, first: tuple[int, int]) -> None:
    """Who interrupts, or speaks fast, does not make the lines after it have no length."""
    lines = times((2, 2.5), (4.5, 5), opening=opening)
    assert lines[:2] == [first, (first[1], 2000)]
    assert lines[2:] == [(2500, 3500), (3500, 4500), (5000, 7000)]


def test_what_the_agent_says_next_ends_what_it_said() -> None:
    opened = Turn(0, "", ANSWERED, TEXT, ANSWERED, Then.LISTEN)
    later = ANSWERED + timedelta(seconds=1)
    asked = Turn(1, "", later, TEXT, later, Then.LISTEN)
    lines = transcript(ITEM, [opened, asked])
    assert [(line.start_ms, line.end_ms) for line in lines] == [(0, 1000), (1000, 3000)]


@given(st.lists(st.tuples(st.floats(-5, 60), st.floats(-5, 60)), max_size=8))
def test_lines_are_in_order_whatever_the_clocks_say(turns: list[Moments]) -> None:
    lines = times(*turns)
    assert all(0 <= start <= end for start, end in lines)
    assert all(before[1] <= after[0] for before, after in pairwise(lines))
