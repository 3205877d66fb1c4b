"""What is worth telling of a series, each by its own rule; the largest of it is told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from linkwright.ai.facts import made, statistics
from linkwright.ai.facts.facts import Fact, Facts
from linkwright.ai.facts.series import Series
from linkwright.ai.facts.statistics import Judged

Section = Literal["anomalies", "why", "recommendations"]

MOST = 3
# Of fewer clicks nothing is told but their number.
LEAST_CLICKS = 20
_MONTH, _WEEKS = 28, 14
_LEAST_BOTS = 100
_GAP_LINKS = 3
_GAP_SHARE = 0.6


@dataclass(frozen=True)
class Finding:
    """`size` is in clicks, so that all are of one scale: those that are more, fewer or at stake."""

    kind: str
    section: Section
    size: float
    facts: Facts = field(default_factory=dict)

    def with_facts(self, **more: Fact) -> "Finding":
        return replace(self, facts={**more, **self.facts})


def largest(found: Sequence[Finding]) -> list[Finding]:
    return sorted(found, key=lambda one: -one.size)[:MOST]


# ---- days that stand out -------------------------------------------------------------------------


def judged(series: Series) -> list[Judged]:
    """The first day is left out: whatever was made on it was not there all day."""
    return [day for day in statistics.judged(series.clicks) if day.at > 0]


def anomalies(series: Series, told: Sequence[Judged]) -> Iterator[Finding]:
    """What lasts for weeks is no anomaly: a trend tells it, or that nobody comes any more."""
    for days in statistics.runs(told):
        if len(days) < _WEEKS:
            yield _anomaly(series, days)


def calm(series: Series, told: Sequence[Judged]) -> list[int]:
    """Clicks with what is usual in place of what stands out for a few days."""
    clicks = [*series.clicks]
    for days in statistics.runs(told):
        for day in days if len(days) < _WEEKS else ():
            clicks[day.at] = round(day.expected)
    return clicks


def _anomaly(series: Series, days: Sequence[Judged]) -> Finding:
    begin, end = days[0].at, days[-1].at + 1
    window = series.window(begin, end)
    came, expected = sum(day.observed for day in days), sum(day.expected for day in days)
    facts = {
        "day": Fact(window, "days", n=came),
        "clicks": Fact(came, "clicks", window, "usual", came),
        "usual": Fact(round(expected), "usual_clicks", window, None, len(series.clicks)),
        "change": made.change((came - expected) / max(expected, 1), window, "usual", came),
    }
    kind = "spike" if days[0].z > 0 else "drop"
    week = range(max(begin - 7 * -(-(end - begin) // 7), 0), begin)
    before, after = series.counted(week.start, week.stop), series.counted(begin, end)
    facts |= made.driver(before, after, window, f"{series.day(week.start)}/{series.day(begin)}")
    return Finding(kind, "anomalies", abs(came - expected), facts)


def gaps(families: Sequence[Sequence[Judged]]) -> dict[int, float]:
    """By days before the last one: which of them most objects fell on, and what share did.

    Of those that had enough clicks to be judged, of which there must be three.
    """
    found: dict[int, float] = {}
    for ago in range(max((len(days) for days in families), default=0)):
        that = [days[-1 - ago] for days in families if len(days) > ago]
        enough = [day for day in that if day.expected >= LEAST_CLICKS]
        fell = [day for day in enough if day.z < 0 and day.is_large]
        if len(enough) >= _GAP_LINKS and len(fell) > _GAP_SHARE * len(enough):
            found[ago] = len(fell) / len(enough)
    return found


def silence(series: Series) -> Finding | None:
    """Followed once, and by nobody since a day: what is dead too long to be unusual."""
    clicks = series.clicks
    since = statistics.silent_since(clicks)
    if since is None:
        return None
    before = clicks[max(since - _MONTH, 0) : since]
    missed = (len(clicks) - since) * sum(before) / len(before)
    window = series.window(since, len(clicks))
    facts = {
        "since": Fact(f"{series.day(since)}/{series.day(since)}", "since", window),
        "before": Fact(sum(before), "clicks_before", series.window(max(since - _MONTH, 0), since)),
        "span": Fact(len(before), "span"),
    }
    return Finding("dead", "anomalies", missed, facts)


def bots(series: Series) -> Finding | None:
    counted = series.counted()
    part = statistics.share(counted["bot_clicks"], counted["bot_clicks"] + counted["clicks"])
    if part.part < _LEAST_BOTS or part.low <= 0.5:
        return None
    facts = {
        "bots": Fact(part.part, "bot_clicks", series.whole, None, part.part),
        "share": made.percent(part.value, series.whole, part.whole),
    }
    return Finding("bots", "anomalies", part.part, facts)
