"""What is told of weeks: how clicks changed, when and where they come from, what comes of them."""

from collections.abc import Iterator, Sequence

from linkwright.ai.facts import made, statistics
from linkwright.ai.facts.facts import Fact
from linkwright.ai.facts.findings import LEAST_CLICKS, Finding
from linkwright.ai.facts.series import CONVERTS_WITHIN, Series, named
from linkwright.ai.facts.statistics import Judged, Trend

_MONTH = 28
_LEAST_OF_SHARE = 100
_MOST_OF_ALL = 0.6
_MUCH_OF_ALL = 0.4


def varies(days: Sequence[Judged], series: Series) -> float:
    return statistics.spread(days, series.clicks)


def trend(
    series: Series, calm: Sequence[int], spread: float, rest: Trend | None = None
) -> Finding | None:
    """`calm` are its clicks without what stands out, which makes no trend."""
    found, without = (statistics.trend(clicks, spread) for clicks in (series.clicks, calm))
    if found is None or not found.is_clear or found.change is None:
        return None
    if without is None or not without.is_clear:
        return None
    span, ends = found.span, len(series.clicks)
    window, compared = series.window(ends - span, ends), series.window(ends - 2 * span, ends - span)
    facts = {
        "change": made.change(found.change, window, compared, found.before + found.after),
        "clicks": Fact(found.after, "clicks", window, compared, found.after),
        "before": Fact(found.before, "clicks_before", compared, None, found.before),
        "span": Fact(span, "span", window),
    }
    facts |= made.driver(series.last(span, before=span), series.last(span), window, compared)
    if rest is not None and rest.change is not None and rest.before >= LEAST_CLICKS:
        facts["rest"] = made.change(rest.change, window, "rest of the workspace", rest.after)
    kind = "growth" if found.change > 0 else "decline"
    return Finding(kind, "why", abs(found.after - found.before), facts)


def patterns(series: Series, spread: float, calm: Sequence[int]) -> Iterator[Finding]:
    """The weekday and the hour with most clicks, of the last four weeks, with and without what
    stands out: one day is no habit.
    """
    weeks = min(len(series.clicks) // 7, 4)
    days = 7 * weeks
    counted = series.last(days)
    window = series.window(len(series.clicks) - days, len(series.clicks)) if days else ""
    if weeks < 4 or counted["clicks"] < _LEAST_OF_SHARE:
        return
    first = (series.day(len(series.clicks) - days)).weekday()
    by_day, calm_by_day = (
        [sum(clicks[-days:][(day - first) % 7 :: 7]) for day in range(7)]
        for clicks in (series.clicks, calm)
    )
    by_hour = [counted[f"h{hour:02}"] for hour in range(24)]
    hours = (by_hour, _calm_hours(series, calm, days))
    for kind, (of, without) in (("weekday", (by_day, calm_by_day)), ("hour", hours)):
        top, usual = (statistics.peak(clicks, spread) for clicks in (of, without))
        if top is not None and usual is not None and top.at == usual.at:
            value = str(top.at) if kind == "weekday" else f"{top.at:02}:00"
            facts = {
                kind: Fact(value, kind, window, None, sum(of)),
                "share": made.percent(top.clicks / sum(of), window, sum(of)),
                **made.within(days, window),
            }
            yield Finding(kind, "why", min(top.excess, usual.excess), facts)


def _calm_hours(series: Series, calm: Sequence[int], days: int) -> list[int]:
    """The clicks of each hour, of those of so many days that do not stand out."""
    whole = list(zip(series.days[:-1], series.clicks, calm, strict=True))[-days:]
    usual = [day for day, clicks, expected in whole if clicks == expected]
    return [sum(day.get(f"h{hour:02}", 0) for day in usual) for hour in range(24)]


def concentration(
    series: Series, dimensions: Sequence[str] = made.DIMENSIONS[:2]
) -> Iterator[Finding]:
    """Of which country, or page, most clicks are."""
    counted, window = series.counted(), series.whole
    for dimension in dimensions:
        names = named(counted, dimension)
        whole = sum(names.values())
        top = max(sorted(names), key=lambda name: names[name], default="")
        part = statistics.share(names.get(top, 0), whole)
        is_news = len(names) > 1 and part.low > _MOST_OF_ALL and top not in made.NAMELESS
        if whole >= _LEAST_OF_SHARE and is_news:
            facts = {
                "segment": Fact(top, dimension, window, None, part.part),
                "share": made.percent(part.value, window, whole),
            }
            # Half of it would be no news.
            yield Finding("concentration", "why", part.part - whole / 2, facts)


def scanned(series: Series) -> Finding | None:
    """That most clicks are scans of the QR code."""
    counted = series.counted()
    part = statistics.share(counted["qr"], counted["clicks"])
    if part.whole < LEAST_CLICKS or part.low <= _MUCH_OF_ALL:
        return None
    facts = {
        "scans": Fact(part.part, "scans", series.whole, None, part.part),
        "share": made.percent(part.value, series.whole, part.whole),
    }
    return Finding("scanned", "why", part.part, facts)


def ahead(series: Series, rest: Series) -> Finding | None:
    """That it has much of all clicks of the workspace."""
    mine, others = sum(series.clicks[-_MONTH:]), sum(rest.clicks[-_MONTH:])
    part = statistics.share(mine, mine + others)
    if mine < LEAST_CLICKS or others < LEAST_CLICKS or part.low <= _MUCH_OF_ALL:
        return None
    days = min(len(series.clicks), _MONTH)
    window = series.window(len(series.clicks) - days, len(series.clicks))
    facts = {
        "share": made.percent(part.value, window, part.whole),
        "clicks": Fact(mine, "clicks", window, "rest of the workspace", mine),
        **made.within(days, window),
    }
    return Finding("ahead", "why", mine - part.whole / 4, facts)


def old_enough(series: Series) -> statistics.Share:
    """Of clicks that are old enough to convert, and would be told to, what converted: what came a
    week after them.
    """
    end = len(series.days) - CONVERTS_WITHIN
    if end <= 0:
        return statistics.share(0, 0)
    clicks = series.counted(0, end)["tracked"]
    return statistics.share(series.counted(CONVERTS_WITHIN)["conversions"], clicks)


def window_of_old_enough(series: Series) -> str:
    """The days of those clicks, of which there must be some."""
    return series.window(0, len(series.days) - CONVERTS_WITHIN)


def conversion(series: Series, rest: Series) -> Finding | None:
    """A rate that is surely another than that of the rest."""
    mine, others = old_enough(series), old_enough(rest)
    if min(mine.whole, others.whole) < _LEAST_OF_SHARE or not others.part:
        return None
    if mine.low <= others.high and others.low <= mine.high:
        return None
    facts = {
        "rate": made.percent(mine.value, window_of_old_enough(series), mine.whole),
        "rest": made.percent(others.value, window_of_old_enough(rest), others.whole),
    }
    kind = "converts_more" if mine.value > others.value else "converts_less"
    return Finding(kind, "why", abs(mine.value - others.value) * mine.whole, facts)
