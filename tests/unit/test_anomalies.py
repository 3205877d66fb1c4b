"""Days that stand out: how often one is told that does not, and how often one that does is found.

The seeds were not used to choose a threshold, and are not those of docs/insight.md either.
"""

from itertools import pairwise

import pytest

from benchmarks.anomalies import TRENDS, measure
from linkwright.ai.facts import statistics
from tests.insight import usual

SEEDS = range(20_000, 20_250)


@pytest.mark.parametrize("trends", [TRENDS, (1.0,), (0.4, 2.5)])
@pytest.mark.slow
def test_few_false_alarms_and_few_missed(trends: tuple[float, ...]) -> None:
    rates = measure(SEEDS, trends)
    assert rates.days > 10_000
    assert min(rates.dead, rates.tripled) > 150
    assert rates.false_alarms <= 0.01
    assert rates.found_dead >= 0.95
    assert rates.found_tripled >= 0.85


def _told(clicks: list[int]) -> list[int]:
    (days,) = statistics.standing_out([statistics.judged(clicks)])
    return [day.at for day in days]


def test_nothing_of_less_than_six_weeks() -> None:
    clicks = usual(50, 42)
    clicks[20] = 0
    assert _told(clicks) == [20]
    assert _told(clicks[:41]) == []


def test_nothing_of_few_clicks_or_of_a_small_change() -> None:
    few = [2] * 70
    few[30] = 19
    assert _told(few) == []
    few[30] = 20
    assert _told(few) == [30]
    many = [10_000] * 70
    many[30] = 14_900
    assert _told(many) == []
    many[30] = 15_100
    assert _told(many) == [30]


def test_an_empty_week_end_is_usual() -> None:
    clicks = [0 if at % 7 in {5, 6} else 100 for at in range(70)]
    assert _told(clicks) == []


def test_the_more_is_looked_at_the_less_likely_it_must_be() -> None:
    """What a link is told of by itself is chance among five hundred of them."""
    clicks = [100] * 70
    clicks[30] = 151
    (alone,) = statistics.standing_out([statistics.judged(clicks)])
    quiet = [statistics.judged([100] * 70) for _ in range(500)]
    among = statistics.standing_out([statistics.judged(clicks), *quiet])
    assert [day.at for day in alone] == [30]
    assert not any(among)


def test_days_in_a_row_that_go_the_same_way_are_one() -> None:
    clicks = usual(60)
    clicks[40:43] = [0, 0, 0]
    clicks[43] = 400
    (days,) = statistics.standing_out([statistics.judged(clicks)])
    found = statistics.runs(days)
    assert [[day.at for day in run] for run in found] == [[40, 41, 42], [43]]
    assert all(before[-1].at < after[0].at for before, after in pairwise(found))


def test_a_link_that_grows_has_no_day_that_stands_out() -> None:
    clicks = [round(20 * 1.02**at) for at in range(91)]
    assert _told(clicks) == []


def test_a_trend_is_of_whole_weeks_and_beyond_chance() -> None:
    assert statistics.trend([5] * 13) is None
    assert statistics.trend([100] * 56) == (28, 2800, 2800, False)
    grown = statistics.trend([100] * 28 + [130] * 28)
    assert grown is not None
    assert grown.is_clear
    assert grown.change == pytest.approx(0.3)
    few = statistics.trend([0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0])
    assert few is not None
    assert not few.is_clear
    begun = statistics.trend([0] * 28 + [50] * 28)
    assert begun is not None
    assert begun.change is None


def test_a_share_is_bounded_also_of_none_and_of_all() -> None:
    assert statistics.share(0, 0)[2:] == (0.0, 1.0)
    half, all_ = statistics.share(50, 100), statistics.share(10, 10)
    assert (round(half.low, 3), round(half.high, 3)) == (0.404, 0.596)
    assert (round(all_.low, 3), round(all_.high, 3)) == (0.722, 1.0)


def test_a_peak_is_beyond_chance_and_beyond_the_average() -> None:
    assert statistics.peak([]) is None
    assert statistics.peak([0] * 7) is None
    assert statistics.peak([10, 11, 9, 10, 12, 10, 14]) is None
    found = statistics.peak([100, 100, 100, 100, 100, 100, 250])
    assert found is not None
    assert found.at == 6


def test_who_moved_a_change_is_who_went_its_way() -> None:
    found = statistics.driver({"IL": 100, "US": 100}, {"IL": 20, "US": 110})
    assert found is not None
    assert (found.name, found.share) == ("IL", pytest.approx(80 / 70))
    assert statistics.driver({"IL": 5}, {"IL": 5}) is None
    assert statistics.driver({}, {}) is None


def test_who_is_silent_for_a_week_was_followed_before() -> None:
    assert statistics.silent_since([10] * 50 + [0] * 6) is None
    assert statistics.silent_since([10] * 50 + [0] * 7) == 50
    assert statistics.silent_since([10] * 20 + [0] * 60) == 20
    assert statistics.silent_since([0] * 60) is None
    assert statistics.silent_since([0] * 40 + [1] * 10 + [0] * 10) is None
