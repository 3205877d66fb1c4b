"""Insight into what has several links: a campaign, a domain, the whole workspace."""

from collections.abc import Sequence

from linkwright.ai.facts import findings, overview, series
from linkwright.ai.facts.findings import Finding
from linkwright.ai.facts.series import Series
from linkwright.ai.insight import actions, asking, objects
from linkwright.ai.insight.asking import Asking
from linkwright.ai.insight.models import AccountInsight, Insight, InsightQuery, SuggestedAction
from linkwright.ai.insight.objects import MOST_LINKS, Look, Seen
from linkwright.ai.insight.telling import Draft, Told
from linkwright.auth import Account
from linkwright.credits.operations import Generation, Made
from linkwright.links.metrics import operations as links
from linkwright.links.operations import Link

# What its links tell, each by itself.
_OF_LINKS = frozenset({"drop", "spike", "gap_with_rest"})


def account(account: Account, query: InsightQuery) -> Generation[AccountInsight]:
    def make(asked: Asking) -> Made[AccountInsight]:
        told = _told(asked, look_at_account(asked))
        return Made(AccountInsight(**told.shown), told.is_fallback, is_own=told.is_own)

    return asking.generation(account, "account", query, make)


def campaign(account: Account, campaign_id: str, query: InsightQuery) -> Generation[Insight]:
    """Errors: no such campaign (404)."""
    found = links.find_campaign(account, campaign_id)

    def make(asked: Asking) -> Made[Insight]:
        return _of_group(asked, look_at_campaign(asked, campaign_id), found.name)

    return asking.generation(account, campaign_id, query, make)


def domain(account: Account, domain_id: str, query: InsightQuery) -> Generation[Insight]:
    """Errors: no such domain (404)."""
    links.find_domain(account, domain_id)

    def make(asked: Asking) -> Made[Insight]:
        return _of_group(asked, look_at_domain(asked, domain_id))

    return asking.generation(account, domain_id, query, make)


def look_at_account(asked: Asking) -> Look:
    """By a query of its days, one of its links, and one of the days of each of these."""
    return _look(asked.all_days(), None, _seen(asked, links.newest(asked.partition, MOST_LINKS)))


def look_at_campaign(asked: Asking, campaign_id: str) -> Look:
    own = series.read(links.campaign_rows(asked.partition, campaign_id), asked.today)
    of_it = links.newest_of_campaign(asked.partition, campaign_id, MOST_LINKS)
    return _look(own, asked.all_days_without(own), _seen(asked, of_it))


def look_at_domain(asked: Asking, domain_id: str) -> Look:
    own = series.read(links.domain_rows(asked.partition, domain_id), asked.today)
    of_it = links.newest_of_domain(asked.partition, domain_id, MOST_LINKS)
    return _look(own, asked.all_days_without(own), _seen(asked, of_it))


def _of_group(asked: Asking, look: Look, name: str = "") -> Made[Insight]:
    told = _told(asked, look)
    shown = Insight(**told.shown, actions=_actions(asked, look.seen, name))
    return Made(shown, told.is_fallback, is_own=told.is_own)


def _seen(asked: Asking, all_: Sequence[Link]) -> list[Seen]:
    return [objects.seen(asked, link) for link in all_]


def _look(own: Series, rest: Series | None, seen: Sequence[Seen]) -> Look:
    found: list[Finding] = list(objects.of_series(own, rest))
    if own.counted()["clicks"] >= findings.LEAST_CLICKS:
        of_links = list(objects.of_links(seen))
        if rest is None:
            found = of_account(found, of_links)
        else:
            found = [*(_without(found) if of_links else found), *of_links]
    return Look(own, rest, found, seen)


def _told(asked: Asking, look: Look) -> Told:
    kept = findings.largest(look.found)
    return asked.told(Draft.of(overview.of(look.own, look.rest, len(kept)), kept))


def of_account(own: Sequence[Finding], of_links: Sequence[Finding]) -> list[Finding]:
    """Of a workspace, what its links tell comes first, and what they come to fills the rest."""
    first = findings.largest(of_links)
    kept = findings.largest(_without(own) if first else own)
    return [*kept[: findings.MOST - len(first)], *first]


def _without(own: Sequence[Finding]) -> list[Finding]:
    """What one link did is told of that one."""
    return [one for one in own if one.kind not in _OF_LINKS]


def _actions(asked: Asking, seen: Sequence[Seen], name: str) -> list[SuggestedAction]:
    """Of the links that are followed most."""
    most = sorted(seen, key=lambda one: -one.series.counted()["clicks"])
    found = [
        action
        for one in most
        for action in actions.of_link(one.link, one.series, asked.language, campaign=name)
    ]
    return found[: actions.MOST]
