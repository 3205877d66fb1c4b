"""What is shown of every object, told or not: how much came, from where, and how it changed."""

from linkwright.ai.facts import made, patterns, statistics
from linkwright.ai.facts.facts import Fact, Facts
from linkwright.ai.facts.findings import LEAST_CLICKS
from linkwright.ai.facts.series import Series, named


def of(series: Series, rest: Series | None, findings: int) -> Facts:
    """`rest` is what the workspace has besides; `verdict` is there where no finding tells."""
    counted, window = series.counted(), series.whole
    clicks = counted["clicks"]
    facts: Facts = {
        "clicks": Fact(clicks, "clicks", window, None, clicks),
        **made.within(len(series.days), window),
        "bot_clicks": Fact(
            counted["bot_clicks"], "bot_clicks", window, None, counted["bot_clicks"]
        ),
        "conversions": Fact(counted["conversions"], "conversions", window, None, clicks),
    }
    if clicks < LEAST_CLICKS:
        return facts | {
            "verdict": Fact("little" if clicks else "none", "verdict", window, None, clicks)
        }
    if not findings:
        facts["verdict"] = Fact("quiet", "verdict", window, None, clicks)
    return facts | _trend(series) | _origins(series) | _compared(series, rest)


def _trend(series: Series) -> Facts:
    found = statistics.trend(series.clicks)
    if found is None or found.change is None:
        return {}
    ends = len(series.clicks)
    window = series.window(ends - found.span, ends)
    compared = series.window(ends - 2 * found.span, ends - found.span)
    return {"trend": made.change(found.change, window, compared, found.before + found.after)}


def _origins(series: Series) -> Facts:
    facts, counted = Facts(), series.counted()
    for dimension in made.DIMENSIONS:
        names = named(counted, dimension)
        if top := max(sorted(names), key=lambda name: names[name], default=None):
            whole = sum(names.values())
            facts[f"top_{dimension}"] = Fact(top, dimension, series.whole, None, names[top])
            facts[f"top_{dimension}_share"] = made.percent(names[top] / whole, series.whole, whole)
    return facts


def _compared(series: Series, rest: Series | None) -> Facts:
    facts = Facts()
    converted = patterns.old_enough(series)
    if converted.whole >= LEAST_CLICKS:
        of_those = patterns.window_of_old_enough(series)
        facts["conversion_rate"] = made.percent(converted.value, of_those, converted.whole)
    if rest is not None and (others := rest.counted()["clicks"]) > 0:
        whole = series.counted()["clicks"] + others
        share = series.counted()["clicks"] / whole
        facts["workspace_share"] = made.percent(share, series.whole, whole)
    return facts
