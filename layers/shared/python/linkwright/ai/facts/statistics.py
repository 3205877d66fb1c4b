"""What stands out in numbers of days: pure functions, which know of no link and no language.

Clicks are counted, so that their spread grows with them: by y = 2 sqrt(x + 3/8) it is about 1
whatever their number. docs/insight.md says what each rule costs and finds, as it was measured.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

# A day's weekday must have come so often.
LEAST_DAYS = 42
_WEEK = 7
_WEEKS_APART = 3
_MONTH = 28
_FEW = 4
_LEAST_Z = 4.0
_LEAST_CHANGE = 0.5
# In a day, as it was or as it would have been.
_LEAST_CLICKS = 20
# Of what is told as standing out, so much may be chance.
_FALSE_SHARE = 0.05
# Of normal numbers, from the median of their distances to their deviation.
_MAD = 1.4826
_Z95 = 1.96
_TREND_Z = 3.0
_LEAST_TREND = 0.2
_SPANS = (28, 14, 7)


class Judged(NamedTuple):
    """A day against what its weekday has: `z` is negative where it has less. Expected clicks."""

    at: int
    observed: int
    expected: float
    z: float

    @property
    def change(self) -> float:
        """As a share of what was expected."""
        return (self.observed - self.expected) / max(self.expected, 1.0)

    @property
    def p(self) -> float:
        return math.erfc(abs(self.z) / math.sqrt(2))

    @property
    def is_large(self) -> bool:
        return (
            abs(self.z) > _LEAST_Z
            and abs(self.change) >= _LEAST_CHANGE
            and max(self.observed, self.expected) >= _LEAST_CLICKS
        )


def stable(clicks: float) -> float:
    return 2 * math.sqrt(clicks + 3 / 8)


def _clicks(y: float) -> float:
    return max((y / 2) ** 2 - 3 / 8, 0.0)


def judged(clicks: Sequence[int]) -> list[Judged]:
    """Each closed day, in their order; none of fewer than six weeks."""
    if len(clicks) < LEAST_DAYS:
        return []
    levels = [stable(one) for one in clicks]
    fit = min((_fit(levels, slope) for slope in _slopes(levels)), key=lambda one: one.spread)
    least = max(1.0, fit.spread)
    return [
        Judged(at, clicks[at], _clicks(level - residual), residual / least)
        for at, (level, residual) in enumerate(zip(levels, fit.residuals, strict=True))
    ]


class _Fit(NamedTuple):
    residuals: list[float]
    spread: float


def _fit(levels: Sequence[float], slope: float) -> _Fit:
    """Against what each weekday has in the middle, once the trend is taken away."""
    flat = [level - slope * at for at, level in enumerate(levels)]
    usual = [median(flat[weekday::_WEEK]) for weekday in range(_WEEK)]
    residuals = [level - usual[at % _WEEK] for at, level in enumerate(flat)]
    return _Fit(residuals, _MAD * median(abs(one) for one in residuals))


def _slopes(levels: Sequence[float]) -> list[float]:
    """What a day may add: nothing, or what lies between weeks that are some weeks apart.

    The one is taken that most days keep to, of the few that most weeks do. The middle one of all
    would follow a link that died.
    """
    weeks = [median(levels[at : at + _WEEK]) for at in range(0, len(levels) - _WEEK + 1, _WEEK)]
    steps = [
        (weeks[late] - weeks[early]) / (late - early)
        for early in range(len(weeks))
        for late in range(early + _WEEKS_APART, len(weeks))
    ]
    steps.sort(key=lambda step: _apart([week - step * at for at, week in enumerate(weeks)]))
    return [0.0, *(step / _WEEK for step in steps[:_FEW])]


def _apart(values: Sequence[float]) -> float:
    middle = median(values)
    return median(abs(value - middle) for value in values)


def standing_out(families: Sequence[Sequence[Judged]]) -> list[list[Judged]]:
    """Of several objects' days those that are no chance, all of them judged together.

    By Benjamini and Hochberg: the more is looked at, the less likely must be what is told.
    """
    ordered = sorted(day.p for days in families for day in days)
    limits = [_FALSE_SHARE * (rank + 1) / len(ordered) for rank in range(len(ordered))]
    limit = max((p for p, most in zip(ordered, limits, strict=True) if p <= most), default=-1.0)
    return [[day for day in days if day.is_large and day.p <= limit] for days in families]


def runs(days: Sequence[Judged]) -> list[list[Judged]]:
    """Days that follow on each other, and go the same way, are one thing that happened."""
    found: list[list[Judged]] = [list(days[:1])] if days else []
    for before, day in pairwise(days):
        if day.at == before.at + 1 and (day.z > 0) == (before.z > 0):
            found[-1].append(day)
        else:
            found.append([day])
    return found


def spread(days: Sequence[Judged], clicks: Sequence[int]) -> float:
    """How much more than chance a number of clicks varies; 1 where that is not known."""
    if not days:
        return 1.0
    residuals = [abs(stable(clicks[day.at]) - stable(day.expected)) for day in days]
    return max(1.0, _MAD * median(residuals))


def silent_since(clicks: Sequence[int]) -> int | None:
    """The first day of those at the end on which there was nothing, if that is no chance.

    It is found in days that stand out as well, but not once it has become what is usual.
    """
    since = 1 + max((at for at, count in enumerate(clicks) if count), default=-1)
    days, before = len(clicks) - since, clicks[max(since - _MONTH, 0) : since]
    if len(clicks) < LEAST_DAYS or days < _WEEK or sum(before) < _LEAST_CLICKS:
        return None
    return since if days * sum(before) / len(before) >= _LEAST_CLICKS else None


class Trend(NamedTuple):
    """The last `span` days against as many before them."""

    span: int
    before: int
    after: int
    is_clear: bool

    @property
    def change(self) -> float | None:
        """As a share of what was; None of nothing."""
        return (self.after - self.before) / self.before if self.before else None


def trend(clicks: Sequence[int], varies: float = 1.0) -> Trend | None:
    """Of whole weeks, so that no weekday counts more often. None of less than two weeks."""
    span = next((days for days in _SPANS if len(clicks) >= 2 * days), None)
    if span is None:
        return None
    before, after = sum(clicks[-2 * span : -span]), sum(clicks[-span:])
    z = abs(stable(after) - stable(before)) / (math.sqrt(2) * varies)
    is_large = abs(after - before) >= _LEAST_TREND * max(before, 1)
    return Trend(span, before, after, z > _TREND_Z and is_large)


class Share(NamedTuple):
    """A part of a whole, with the bounds that it is in with 95 %."""

    part: int
    whole: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.part / self.whole if self.whole else 0.0


def share(part: int, whole: int) -> Share:
    """By Wilson: also of few, of none and of all."""
    if whole <= 0:
        return Share(part, whole, 0.0, 1.0)
    z2, p = _Z95**2, part / whole
    middle = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = _Z95 * math.sqrt(p * (1 - p) / whole + z2 / (4 * whole**2)) / (1 + z2 / whole)
    return Share(part, whole, max(middle - half, 0.0), min(middle + half, 1.0))


class Peak(NamedTuple):
    """Which of several equal times has most, and how much more than all have on average."""

    at: int
    clicks: int
    average: float

    @property
    def excess(self) -> float:
        return self.clicks - self.average


def peak(clicks: Sequence[int], varies: float = 1.0) -> Peak | None:
    """None where no time has half as much again as the average, beyond chance."""
    if not clicks or not sum(clicks):
        return None
    at = max(range(len(clicks)), key=lambda one: clicks[one])
    average = sum(clicks) / len(clicks)
    z = (stable(clicks[at]) - stable(average)) / varies
    # The largest of several is looked at: so much more unlikely it must be.
    is_clear = math.erfc(z / math.sqrt(2)) * len(clicks) < _FALSE_SHARE / 10
    found = Peak(at, clicks[at], average)
    return found if is_clear and found.excess >= _LEAST_CHANGE * average else None


class Driver(NamedTuple):
    """The segment with the largest part of a change, and that part, as a share of it."""

    name: str
    before: int
    after: int
    share: float


def driver(before: Mapping[str, int], after: Mapping[str, int]) -> Driver | None:
    """None where nothing changed, or no segment went the way of all of them."""
    change = sum(after.values()) - sum(before.values())
    parts = {
        name: (after.get(name, 0) - before.get(name, 0)) / change if change else 0.0
        for name in {*before, *after}
    }
    if not parts:
        return None
    name = max(sorted(parts), key=lambda one: parts[one])
    if parts[name] <= 0:
        return None
    return Driver(name, before.get(name, 0), after.get(name, 0), parts[name])
