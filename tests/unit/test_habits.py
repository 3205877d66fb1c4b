"""A weekday or an hour stands out by habit, and not by one day on which many came."""

import random
from collections import Counter
from datetime import date

import pytest

from linkwright.ai.facts.series import Series
from linkwright.ai.insight import objects

_FIRST = date(2026, 8, 30)
_DAYS = 92
_LINKS = 40


def _told(seed: int, factor: int, monday: float = 1.0, evening: float = 0.0) -> Counter[str]:
    """Of a link on one of whose last days so many times as many came, all at 20:00."""
    chance = random.Random(seed)
    busy, days = _DAYS - 2 - chance.randrange(26), list[Counter[str]]()
    for at in range(_DAYS):
        mean = 48 * (monday if (_FIRST.toordinal() + at) % 7 == 1 else 1.0)
        clicks = max(round(chance.gauss(mean, mean**0.5)), 0)
        hours = (20 if chance.random() < evening else chance.randrange(24) for _ in range(clicks))
        day = Counter(f"h{hour:02}" for hour in hours)
        more = clicks * (factor - 1) if at == busy else 0
        days.append(Counter(day, clicks=clicks + more) + Counter(h20=more))
    return Counter(found.kind for found in objects.of_series(Series(_FIRST, days), None))


@pytest.mark.parametrize("factor", [1, 3, 5, 10])
@pytest.mark.slow
def test_one_busy_day_is_no_habit(factor: int) -> None:
    told = sum((_told(seed, factor) for seed in range(_LINKS)), Counter[str]())
    assert (told["weekday"], told["hour"]) == (0, 0)


@pytest.mark.slow
def test_a_habit_is_told_also_beside_a_busy_day() -> None:
    told = sum((_told(seed, 1, monday=2.5, evening=0.2) for seed in range(_LINKS)), Counter[str]())
    assert (told["weekday"], told["hour"]) == (_LINKS, _LINKS)
    beside = [_told(seed, 3, monday=2.5, evening=0.2) for seed in range(_LINKS)]
    assert sum(one["hour"] for one in beside) > 0.9 * _LINKS
