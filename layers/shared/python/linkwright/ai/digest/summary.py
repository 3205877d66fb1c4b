"""The weekly summary: what stands out of the last week that is over, in the workspace's zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from linkwright import clock, weeks
from linkwright.ai import answers
from linkwright.ai.digest.models import WeeklySummary
from linkwright.ai.facts import findings, made, overview
from linkwright.ai.facts.facts import Fact, Facts
from linkwright.ai.facts.findings import LEAST_CLICKS, Finding
from linkwright.ai.facts.series import Series
from linkwright.ai.insight import groups, objects
from linkwright.ai.insight.asking import Asking
from linkwright.ai.insight.models import InsightQuery
from linkwright.ai.insight.objects import MOST_LINKS
from linkwright.ai.insight.telling import Draft
from linkwright.auth import Account
from linkwright.credits.operations import Allowed, Generation, Made
from linkwright.links.metrics import operations as links
from linkwright.weeks import DAYS, Week
from linkwright.workspace import operations

KEPT = timedelta(hours=24)
# Each week again, what was so in the weeks before would be no news.
_OF_DAYS = frozenset({"drop", "spike", "collection_gap", "gap_with_rest"})
_LASTING = frozenset({"growth", "decline", "expiring", "near_cap", "untracked", "untagged"})
# So long it takes until it is told that nobody comes any more.
_DEAD_SINCE = timedelta(days=2 * DAYS)


@dataclass(frozen=True)
class Told:
    """`of_week` are the clicks and all else of its days, `before` of those of the week before."""

    shown: WeeklySummary
    of_week: Series
    before: Series
    is_fallback: bool
    is_own: bool = False


def summarised(account: Account, query: InsightQuery) -> Generation[WeeklySummary]:
    tenant = operations.tenant(account.partition)
    chosen, zone = answers.of(tenant), ZoneInfo(tenant.settings.time_zone)
    week = weeks.closed(clock.now(), zone)

    def make(allowed: Allowed) -> Made[WeeklySummary]:
        who = (account.partition, query.language, chosen)
        asked = Asking(*who, week.next.first, zone, allowed)
        told = of_week(asked, week)
        return Made(told.shown, told.is_fallback, is_own=told.is_own)

    subject = answers.subject(tenant, week.label, query.language)
    return Generation(make, subject, query.force, chosen.is_free)


def of_week(asked: Asking, week: Week) -> Told:
    """`asked.today` is the Monday behind the week, of which nothing counts."""
    history = asked.all_days().over()
    own, before = (history.part(one.first, DAYS) for one in (week, week.before))
    kept = [_dated(one, week) for one in findings.largest(_found(asked, history, week))]
    facts = overview.of(own, None, len(kept)) | _compared(own, before)
    if kept or ("change" in facts and own.counted()["clicks"] < LEAST_CLICKS):
        # Few clicks, of which there is something to tell all the same.
        facts.pop("verdict", None)
    told = asked.told(Draft.of(facts, kept))
    shown = WeeklySummary(**told.shown, week=week.label)
    return Told(shown, own, before, told.is_fallback, told.is_own)


def _compared(own: Series, before: Series) -> Facts:
    came, usual = own.counted()["clicks"], before.counted()["clicks"]
    facts = {"week": Fact(own.whole, "days", own.whole, None, came)}
    if usual < LEAST_CLICKS or came == usual:
        return facts
    return facts | {
        "change": made.change((came - usual) / usual, own.whole, before.whole, came + usual),
        "before": Fact(usual, "clicks_before", before.whole, None, usual),
    }


def _found(asked: Asking, history: Series, week: Week) -> list[Finding]:
    newest = links.newest(asked.partition, MOST_LINKS)
    of_links = objects.of_links([objects.seen(asked, link, without_today=True) for link in newest])
    return groups.of_account(
        list(_news(objects.of_series(history, None), week)), list(_news(of_links, week))
    )


def _news(found: Iterator[Finding], week: Week) -> Iterator[Finding]:
    for one in found:
        is_of_week = one.kind in _OF_DAYS and _last_day(one, "day") >= week.first
        has_died = one.kind == "dead" and _last_day(one, "since") >= week.first - _DEAD_SINCE
        if is_of_week or has_died or one.kind in _LASTING:
            yield one


def _dated(finding: Finding, week: Week) -> Finding:
    """With the day on which it ends, which when it is read is not the last one any more."""
    if finding.kind not in _LASTING or "span" not in finding.facts:
        return finding
    return finding.with_facts(until=Fact(f"{week.last}/{week.last}", "days"))


def _last_day(finding: Finding, fact: str) -> date:
    return date.fromisoformat(str(finding.facts[fact].value).rpartition("/")[2])
