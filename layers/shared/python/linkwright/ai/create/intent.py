"""From a goal in somebody's own words to what a link for it may be like."""

import re
from typing import Any

from linkwright.ai import answers
from linkwright.ai.answers import Chosen, Unfit
from linkwright.ai.create import goals, plain, words
from linkwright.ai.create.aliases import SHAPE, Free
from linkwright.ai.create.models import Aim, Intent, IntentIdeas, Utm
from linkwright.ai.create.plain import Source
from linkwright.ai.create.tags import Used
from linkwright.auth import Account
from linkwright.credits.operations import Allowed, Generation, Made
from linkwright.links import operations as links
from linkwright.providers.llm import Prompt

_UTM = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+)*", re.ASCII)
_MOST_UTM = 60
_INSTRUCTIONS = (
    "Prepare a short link for the goal in the data. aliases: up to eight, short and easy to say,"
    f" {SHAPE}. source, medium, campaign, and term and content where the goal says so: values of"
    " UTM parameters, each words in lower-case Latin letters joined by hyphens; source and medium"
    " as analytics tools know them, such as instagram and social. tags: one to five, those of"
    " existing_tags first where they fit. campaign_name: a name for people, in the language of the"
    " goal. No number, brand, address or markup that is not in the data."
)


def generation(account: Account, aim: Aim) -> Generation[Intent]:
    """Errors: no URL that a link may lead to (400)."""
    if aim.url is not None:
        links.require_target(aim.url)
    chosen = answers.chosen(account.partition)
    return Generation(lambda allowed: _draft(account, aim, chosen, allowed), is_free=chosen.is_free)


def _draft(account: Account, aim: Aim, chosen: Chosen, allowed: Allowed) -> Made[Intent]:
    free, used = Free(account.partition), Used(account.partition)
    asked = aim.model_dump(exclude_none=True)
    source = Source(_INSTRUCTIONS, " ".join([*asked.values(), *used.tags]))

    def accept(ideas: IntentIdeas) -> IntentIdeas:
        kept: dict[str, Any] = {
            "aliases": free.among(ideas.aliases),
            "tags": used.fit(ideas.tags, source),
        }
        kept["campaign_name"] = plain.fit(ideas.campaign_name, goals.MOST_NAME, source)
        kept |= {name: _value(getattr(ideas, name), source) for name in _NEEDED}
        if missing := [name for name, value in kept.items() if not value]:
            raise Unfit(f"not as it was asked for, or an alias is taken: {', '.join(missing)}")
        kept |= {name: _value(getattr(ideas, name) or "", source) for name in _OPTIONAL}
        return IntentIdeas.model_validate(kept)

    def computed() -> IntentIdeas:
        utm = goals.utm(aim)
        return IntentIdeas(
            aliases=free.computed(goals.aliases(aim), aim.goal),
            source=utm.utm_source,
            medium=utm.utm_medium,
            campaign=utm.utm_campaign,
            term=utm.utm_term,
            content=utm.utm_content,
            tags=used.computed(plain.cleaned(aim.goal, goals.MOST_NAME), " ".join(_url_words(aim))),
            campaign_name=goals.name(aim),
        )

    prompt = Prompt(_INSTRUCTIONS, asked | {"existing_tags": used.shown()}, computed)
    written = answers.ask(
        *(account.partition, chosen, prompt, IntentIdeas, allowed),
        accept,
    )
    return Made(_shown(written.value), written.is_fallback, is_own=written.is_own)


_NEEDED = ("source", "medium", "campaign")
_OPTIONAL = ("term", "content")


def _shown(ideas: IntentIdeas) -> Intent:
    return Intent(
        alias=ideas.aliases[0],
        utm=Utm(
            utm_source=ideas.source,
            utm_medium=ideas.medium,
            utm_campaign=ideas.campaign,
            utm_term=ideas.term,
            utm_content=ideas.content,
        ),
        tags=ideas.tags,
        campaign_name=ideas.campaign_name,
    )


def _value(raw: str, source: Source) -> str | None:
    """As a parameter takes it, or None."""
    value = "-".join(raw.strip().lower().split())
    fits = len(value) <= _MOST_UTM and _UTM.fullmatch(value) and not words.is_offensive(value)
    return value if fits and plain.fit(value, _MOST_UTM, source) else None


def _url_words(aim: Aim) -> list[str]:
    return words.of_path(aim.url) or words.of_host(aim.url) if aim.url else []
