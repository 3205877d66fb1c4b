"""Which findings an object has: a link by itself, and several of them together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.ai.facts import findings, made, patterns, series, statistics
from linkwright.ai.facts.facts import Fact, Facts
from linkwright.ai.facts.findings import LEAST_CLICKS, Finding
from linkwright.ai.facts.series import Series
from linkwright.ai.facts.statistics import Judged
from linkwright.ai.insight import actions
from linkwright.ai.insight.asking import Asking
from linkwright.links.metrics import operations as links
from linkwright.links.operations import SOON, Link, nearly_used

MOST_LINKS = 50
_MONTH = 28
_GAP_CHANGE = -0.6
# What is not measured is smaller news than what was measured.
_UNTRACKED, _UNTAGGED = 0.1, 0.05
_WINNER = 0.4
_OF_SCANS = {
    "clicks": "scans",
    "usual_clicks": "usual_scans",
    "clicks_before": "scans_before",
    "since": "scans_since",
}


@dataclass(frozen=True)
class Seen:
    """A link with its days, which are those of a zone, and each of them against what is usual."""

    link: Link
    zone: ZoneInfo
    series: Series
    days: Sequence[Judged]


@dataclass(frozen=True)
class Look:
    """What there is to tell of an object, and the links that this is of.

    `rest` is what the workspace has besides; None of the whole workspace.
    """

    own: Series
    rest: Series | None
    found: Sequence[Finding]
    seen: Sequence[Seen]


def seen(asked: Asking, link: Link, *, without_today: bool = False) -> Seen:
    rows = links.link_rows(asked.partition, link.id)
    found = series.read(rows, asked.today, clock.day(link.created_at, asked.zone))
    found = found.over() if without_today else found
    return Seen(link, asked.zone, found, findings.judged(found))


# ---- an object by itself -------------------------------------------------------------------------


def of_series(own: Series, rest: Series | None, changed: date | None = None) -> Iterator[Finding]:
    """`changed`: when somebody last did to it what may have moved its numbers."""
    if own.counted()["clicks"] < LEAST_CLICKS:
        return
    days = findings.judged(own)
    (told,) = statistics.standing_out([days])
    fell = _fell_with(rest) if rest is not None else {}
    silent = findings.silence(own)
    if silent is not None:
        yield silent
    for found in findings.anomalies(own, told):
        begin, _, end = str(found.facts["day"].value).partition("/")
        if found.kind == "drop" and begin == end and begin in fell:
            lost = {"day": found.facts["day"], "rest": fell[begin]}
            yield Finding("gap_with_rest", "anomalies", found.size, lost)
        elif silent is None or found.kind != "drop":
            yield _since_change(found, changed)
    spread, calm = patterns.varies(days, own), findings.calm(own, told)
    of_rest = statistics.trend(rest.clicks) if rest is not None else None
    if silent is None and (found_trend := patterns.trend(own, calm, spread, of_rest)):
        yield found_trend
    yield from patterns.patterns(own, spread, calm)
    yield from patterns.concentration(own)
    if rest is not None:
        yield from filter(None, [patterns.ahead(own, rest), patterns.conversion(own, rest)])
    if of_bots := findings.bots(own):
        yield of_bots


def _fell_with(rest: Series) -> dict[str, Fact]:
    """Days on which the rest of the workspace fell, by how much."""
    (told,) = statistics.standing_out([findings.judged(rest)])
    return {
        f"{rest.day(day.at)}": Fact(
            *(round(100 * day.change, 1), "change", rest.window(day.at, day.at + 1), "usual"),
            day.observed,
        )
        for day in told
        if day.change <= _GAP_CHANGE
    }


def _since_change(found: Finding, changed: date | None) -> Finding:
    """With the day of a change, if that is when it began: whether it is why is not known."""
    begin = date.fromisoformat(str(found.facts["day"].value).partition("/")[0])
    if changed is None or not 0 <= (begin - changed).days <= 1:
        return found
    return found.with_facts(changed=Fact(f"{changed}/{changed}", "days"))


def of_settings(
    link: Link, own: Series, zone: ZoneInfo, taken: int | None = None
) -> Iterator[Finding]:
    """What ends soon, and what is not measured. `taken`: how many clicks of its cap."""
    recent = own.last(_MONTH)["clicks"]
    if recent < LEAST_CLICKS or link.archived:
        return
    days = min(len(own.clicks), _MONTH)
    window = own.window(len(own.clicks) - days, len(own.clicks))
    clicks = Fact(recent, "clicks", window)
    came = {"clicks": clicks, **made.within(days, window)}
    if link.expires_at and clock.now() < clock.parse(link.expires_at) < clock.now() + SOON:
        day = clock.day(link.expires_at, zone)
        facts = {"expires": Fact(f"{day}/{day}", "days"), "clicks": clicks}
        yield Finding("expiring", "recommendations", recent, facts)
    if taken is not None and link.click_cap and nearly_used(link.click_cap).start <= taken:
        share = min(100 * taken / link.click_cap, 100.0)
        facts = {"taken": Fact(round(share, 1), "percent", None, None, taken), "clicks": clicks}
        yield Finding("near_cap", "recommendations", recent, facts)
    if not link.track_conversion:
        yield Finding("untracked", "recommendations", _UNTRACKED * recent, came)
    if actions.is_untagged(link):
        yield Finding("untagged", "recommendations", _UNTAGGED * recent, came)


def of_scans(found: Finding) -> Finding:
    """The same of a link's scans alone."""
    return replace(found, facts=facts_of_scans(found.facts))


def facts_of_scans(facts: Facts) -> Facts:
    return {
        name: fact._replace(unit=_OF_SCANS.get(fact.unit, fact.unit))
        for name, fact in facts.items()
    }


# ---- several links -------------------------------------------------------------------------------


def of_links(all_: Sequence[Seen]) -> Iterator[Finding]:
    """Of each link what stands out, judged together; of what hit most of them, that once."""
    told = statistics.standing_out([one.days for one in all_])
    gaps = findings.gaps([one.days for one in all_])
    yield from _of_gaps(all_, gaps)
    whole = sum(one.series.counted()["clicks"] for one in all_)
    for one, days in zip(all_, told, strict=True):
        for found in _of_link(one, days, set(gaps), whole):
            yield found.with_facts(link=Fact(one.link.title or one.link.alias, "name"))


def _of_gaps(all_: Sequence[Seen], gaps: dict[int, float]) -> Iterator[Finding]:
    for ago, share in gaps.items():
        hit = [one.days[-1 - ago] for one in all_ if len(one.days) > ago]
        lost = sum(max(day.expected - day.observed, 0) for day in hit)
        longest = max((one.series for one in all_), key=lambda one: len(one.days))
        at = len(longest.clicks) - 1 - ago
        facts = {
            "day": Fact(longest.window(at, at + 1), "days"),
            "share": Fact(
                round(100 * share, 1), "percent", longest.window(at, at + 1), None, len(hit)
            ),
        }
        yield Finding("collection_gap", "anomalies", lost, facts)


def _of_link(one: Seen, told: Sequence[Judged], gaps: set[int], whole: int) -> Iterator[Finding]:
    if one.series.counted()["clicks"] < LEAST_CLICKS:
        return
    own, last = one.series, len(one.series.clicks) - 1
    silent = findings.silence(own)
    if silent is not None:
        yield silent
    kept = [day for day in told if not (last - day.at in gaps and day.z < 0)]
    for found in findings.anomalies(own, kept):
        if silent is None or found.kind != "drop":
            yield _since_change(found, clock.day(one.link.updated_at, one.zone))
    spread = patterns.varies(one.days, own)
    if silent is None and (of_trend := patterns.trend(own, findings.calm(own, told), spread)):
        yield of_trend
    if of_bots := findings.bots(own):
        yield of_bots
    is_winner = own.counted()["clicks"] >= _WINNER * whole
    for found in of_settings(one.link, own, one.zone):
        if is_winner or found.kind == "expiring":
            yield found
