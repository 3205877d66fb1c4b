"""Rules for a link by what was counted of it: no number and no rule is the model's.

A link has rules by country and by device. What was counted knows no language, and a phone's system
neither: what phones want is recommended for both.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from math import sqrt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.ai import answers
from linkwright.ai.answers import Chosen, Unfit
from linkwright.ai.create.models import (
    Evidence,
    Recommendation,
    RoutingData,
    RoutingFact,
    RoutingIdeas,
    RoutingPick,
    RoutingQuery,
    RoutingSuggestion,
)
from linkwright.auth import Account
from linkwright.credits.operations import Allowed, Generation, Made
from linkwright.links import operations as links
from linkwright.links.operations import LinkView
from linkwright.providers.llm import Prompt
from linkwright.startup import in_advance
from linkwright.workspace import operations

in_advance(links.load)

DAYS = 90
LEAST_CLICKS = 100
MOST = 3
# Of the clicks, as far as can be said with a confidence of 95 %.
_COUNTRY_SHARE, _PHONE_SHARE = 0.1, 0.3
_Z = 1.96
_UNKNOWN = frozenset({"unknown", "other"})
_ISO = re.compile(r"(?!XX)[A-Z]{2}", re.ASCII)
_PHONES = ("mobile", "tablet")
_INSTRUCTIONS = (
    "Each of rules in the data would send some visitors of a short link to a page of their own."
    " Answer with those that are worth it for this link, the most useful first, by their number,"
    " and with the destination that suits: a localized_page for a country, a mobile_page or an"
    " app_store for devices."
)


class Rule(NamedTuple):
    """`about` is what visitors have in common, `fits` where they may be sent, the first by default.

    `facts` are the names of those of its own.
    """

    about: str
    rule: Mapping[str, Any]
    evidence: tuple[Evidence, ...]
    facts: tuple[str, ...]
    fits: tuple[str, ...]
    text: str


def generation(
    account: Account, link_id: str, query: RoutingQuery
) -> Generation[RoutingSuggestion]:
    """Kept until the link is changed, too: a rule that it has is none to be recommended.

    Errors: no such link (404).
    """
    link = links.find(account.partition, link_id)
    tenant = operations.tenant(account.partition)
    chosen = answers.of(tenant)
    today = clock.now().astimezone(ZoneInfo(tenant.settings.time_zone)).date()

    def make(allowed: Allowed) -> Made[RoutingSuggestion]:
        return _suggest(account.partition, link, chosen, today, allowed)

    subject = answers.subject(tenant, link_id, link["version"])
    return Generation(make, subject, query.force, chosen.is_free)


def _suggest(
    partition: str, link: LinkView, chosen: Chosen, today: date, allowed: Allowed
) -> Made[RoutingSuggestion]:
    first = today - timedelta(days=DAYS - 1)
    window, counts = f"{first}/{today}", links.counted(partition, link["id"], first, today)
    facts = {"clicks": _fact(counts["clicks"], "clicks", window, counts["clicks"])}
    rules = [*_countries(link, counts), *_phones(link, counts)]
    for rule in rules:
        facts |= _facts_of(rule, window)
    data = RoutingData(facts=facts)
    if not rules:
        # Nothing was made of it, so it costs nothing.
        return Made(RoutingSuggestion(recommendations=[], data=data), is_fallback=True)
    numbered = dict(enumerate(rules, 1))

    def accept(ideas: RoutingIdeas) -> RoutingIdeas:
        picks = {pick.number: pick for pick in reversed(ideas.picks)}
        if not picks or not all(
            number in numbered and pick.destination in numbered[number].fits
            for number, pick in picks.items()
        ):
            raise Unfit("a number is of no rule, or a destination does not suit it")
        order = list(dict.fromkeys(pick.number for pick in ideas.picks))[:MOST]
        return RoutingIdeas(picks=[picks[number] for number in order])

    def computed() -> RoutingIdeas:
        first = list(numbered.items())[:MOST]
        picks = [{"number": number, "destination": rule.fits[0]} for number, rule in first]
        return RoutingIdeas.model_validate({"picks": picks})

    prompt = Prompt(_INSTRUCTIONS, _asked(link, numbered), computed)
    written = answers.ask(partition, chosen, prompt, RoutingIdeas, allowed, accept)
    return Made(
        RoutingSuggestion(
            recommendations=[_shown(numbered[pick.number], pick) for pick in written.value.picks],
            data=data,
        ),
        written.is_fallback,
        is_own=written.is_own,
    )


def _asked(link: LinkView, rules: Mapping[int, Rule]) -> dict[str, Any]:
    """What a model is shown."""
    shown = [
        {
            "number": number,
            "visitors": rule.about,
            "clicks": sum(row.clicks for row in rule.evidence),
            "of": rule.evidence[0].of,
        }
        for number, rule in rules.items()
    ]
    told = {"url": link["url"], "title": link.get("title"), "tags": link["tags"]}
    return told | {"rules": shown}


def _shown(rule: Rule, pick: RoutingPick) -> Recommendation:
    return Recommendation(
        text=rule.text,
        facts=list(rule.facts),
        rule=dict(rule.rule),
        destination=pick.destination,
        evidence=list(rule.evidence),
    )


# ---- what was counted ----------------------------------------------------------------------------


def _countries(link: LinkView, counts: Counter[str]) -> list[Rule]:
    """Of those from which a tenth comes at least, but for the one from which most do."""
    known = {name: n for name, n in _named(counts, "country").items() if _ISO.fullmatch(name)}
    of = sum(known.values())
    if of < LEAST_CLICKS or len(link["geo"]) >= links.MAX_COUNTRIES:
        return []
    ordered = sorted(known, key=lambda name: (-known[name], name))[1:]
    return [
        _country(link, name, known[name], of)
        for name in ordered
        if name not in link["geo"] and least_share(known[name], of) >= _COUNTRY_SHARE
    ][:MOST]


def _country(link: LinkView, code: str, clicks: int, of: int) -> Rule:
    share = f"{clicks / of:.0%}".replace("%", " %")
    return Rule(
        about=f"from the country {code}",
        rule={"geo": {**link["geo"], code: link["url"]}},
        evidence=(Evidence(dimension="country", value=code, clicks=clicks, of=of),),
        facts=(f"share_{code}",),
        fits=("localized_page",),
        text=f"{share} of {of} clicks came from {code}: lead them to a page of their own.",
    )


def _phones(link: LinkView, counts: Counter[str]) -> list[Rule]:
    devices = _named(counts, "device")
    known = {name: n for name, n in devices.items() if name not in _UNKNOWN}
    of = sum(known.values())
    clicks = sum(known.get(name, 0) for name in _PHONES)
    rule = {name: link["url"] for name in ("ios", "android") if name not in link}
    if of < LEAST_CLICKS or not rule or least_share(clicks, of) < _PHONE_SHARE:
        return []
    evidence = tuple(
        Evidence(dimension="device", value=name, clicks=known[name], of=of)
        for name in _PHONES
        if known.get(name)
    )
    share = f"{clicks / of:.0%}".replace("%", " %")
    text = f"{share} of {of} clicks came from phones and tablets: lead them to an app or a page"
    return [
        Rule(
            about="on phones and tablets",
            rule=rule,
            evidence=evidence,
            facts=tuple(f"share_{row.value}" for row in evidence),
            fits=("mobile_page", "app_store"),
            text=f"{text} that is made for them.",
        )
    ]


def least_share(n: int, of: int) -> float:
    """The lower end of Wilson's interval."""
    share, square = n / of, _Z * _Z
    middle = share + square / (2 * of)
    spread = _Z * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return (middle - spread) / (1 + square / of)


def _facts_of(rule: Rule, window: str) -> dict[str, RoutingFact]:
    return {
        f"share_{row.value}": _fact(
            round(row.clicks / row.of, 4), "share", window, row.of, f"known_{row.dimension}"
        )
        for row in rule.evidence
    }


def _fact(
    value: float, unit: str, window: str, n: int, compared_with: str | None = None
) -> RoutingFact:
    told = {"value": value, "unit": unit, "window": window, "n": n, "compared_with": compared_with}
    return RoutingFact.model_validate(told)


def _named(counts: Mapping[str, int], dimension: str) -> dict[str, int]:
    start = f"{dimension}#"
    return {name.removeprefix(start): n for name, n in counts.items() if name.startswith(start)}
