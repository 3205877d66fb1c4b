"""Insight into a link, and into the scans of its QR code alone."""

from linkwright import clock
from linkwright.ai.facts import findings, overview, patterns, series
from linkwright.ai.insight import actions, asking, objects
from linkwright.ai.insight.asking import Asking
from linkwright.ai.insight.models import Insight, InsightQuery
from linkwright.ai.insight.objects import Look, Seen
from linkwright.ai.insight.telling import Draft
from linkwright.auth import Account
from linkwright.credits.operations import Generation, Made
from linkwright.links.metrics import operations as links
from linkwright.links.operations import Link

# What is told of clicks that would say nothing of scans.
_OF_CLICKS_ALONE = frozenset({"concentration", "ahead"})


def explained(
    account: Account, link_id: str, query: InsightQuery, *, scanned: bool = False
) -> Generation[Insight]:
    """Errors: no such link (404)."""
    link = links.find(account, link_id)
    made = _of_scans if scanned else _of_clicks
    return asking.generation(account, link_id, query, lambda asked: made(link, asked))


def look(link: Link, asked: Asking) -> Look:
    """At its clicks; by two queries, and a read where it has a cap."""
    created = clock.day(link.created_at, asked.zone)
    own = series.read(links.link_rows(asked.partition, link.id), asked.today, created)
    rest = asked.all_days_without(own)
    taken = links.passed_cap(link.id) if link.click_cap else None
    found = [
        *objects.of_series(own, rest, clock.day(link.updated_at, asked.zone)),
        *objects.of_settings(link, own, asked.zone, taken),
    ]
    if scans := patterns.scanned(own):
        found.append(scans)
    return Look(own, rest, found, [Seen(link, asked.zone, own, [])])


def _of_clicks(link: Link, asked: Asking) -> Made[Insight]:
    seen = look(link, asked)
    kept = findings.largest(seen.found)
    told = asked.told(Draft.of(overview.of(seen.own, seen.rest, len(kept)), kept))
    suggested = list(actions.of_link(link, seen.own, asked.language))
    return Made(Insight(**told.shown, actions=suggested), told.is_fallback, is_own=told.is_own)


def _of_scans(link: Link, asked: Asking) -> Made[Insight]:
    created = clock.day(link.created_at, asked.zone)
    rows = links.link_rows(asked.partition, link.id, scanned=True)
    own = series.read(rows, asked.today, created)
    found = [one for one in objects.of_series(own, None) if one.kind not in _OF_CLICKS_ALONE]
    kept = [objects.of_scans(one) for one in findings.largest(found)]
    facts = objects.facts_of_scans(overview.of(own, None, len(kept)))
    told = asked.told(Draft.of(facts, kept))
    suggested = list(actions.of_link(link, own, asked.language, scanned=True))
    return Made(Insight(**told.shown, actions=suggested), told.is_fallback, is_own=told.is_own)
