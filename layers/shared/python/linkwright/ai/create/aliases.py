"""Aliases that say what a link leads to."""

import re
import secrets
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from linkwright.ai import answers
from linkwright.ai.answers import Unfit
from linkwright.ai.create import words
from linkwright.ai.create.models import AliasIdeas, AliasSuggestion, Described
from linkwright.auth import Account
from linkwright.credits.operations import Made
from linkwright.links import operations as links
from linkwright.providers.llm import Prompt
from linkwright.startup import in_advance
from linkwright.workspace import operations

in_advance(links.load)

_SHAPE = re.compile(r"[a-z0-9-]{3,32}", re.ASCII)
_MOST = 32
_ALTERNATIVES = 4
_DIGITS = "23456789"
_INSTRUCTIONS = (
    "Suggest up to eight aliases for a short link: short, easy to say, in lower-case Latin letters,"
    " digits and hyphens, 3 to 32 characters, best first. They say what the page is about; words of"
    " other scripts are transliterated. No brand that is not in the data."
)


def suggest(account: Account, about: Described, seconds: float) -> Made[AliasSuggestion]:
    """Errors: no URL that a link may lead to (400)."""
    links.require_target(about.url)
    place = operations.place(account.partition)

    def free(ideas: Iterable[str]) -> list[str]:
        fit = [idea for idea in ideas if is_fit(idea)]
        return links.free_aliases(fit, place)[0] if fit else []

    def accept(ideas: AliasIdeas) -> AliasIdeas:
        if not (kept := free(idea.strip().lower() for idea in ideas.aliases)):
            raise Unfit("none of these has the shape that was asked for and is free")
        return AliasIdeas(aliases=kept)

    def computed() -> AliasIdeas:
        return AliasIdeas(aliases=free(_computed(about)) or free(_numbered(about)))

    prompt = Prompt(_INSTRUCTIONS, about.model_dump(exclude_none=True), computed)
    written = answers.ask(
        *(account.partition, answers.chosen(account.partition), prompt, AliasIdeas, seconds, accept)
    )
    first, *others = written.value.aliases
    shown = AliasSuggestion(alias=first, alternatives=others[:_ALTERNATIVES])
    return Made(shown, written.is_fallback)


def is_fit(alias: str) -> bool:
    return bool(_SHAPE.fullmatch(alias)) and not words.is_offensive(alias)


def _computed(about: Described) -> list[str]:
    """By the words of the title, of the path and of the host."""
    url = urlsplit(about.url)
    title = words.of(about.title or "")
    path = words.of(unquote(url.path).rpartition(".")[0] or unquote(url.path))
    host = [part for part in (url.hostname or "").split(".")[:-1] if part != "www"]
    told = title or path or host
    return [
        _joined(found)
        for found in (told[:3], told[:2], told[:1], host[-1:] + told[:2], path[-2:], title[-2:])
        if found
    ]


def _numbered(about: Described) -> list[str]:
    """With a few digits behind, of which some are free."""
    base = next((idea for idea in _computed(about) if is_fit(idea)), "link")[: _MOST - 5]
    return [f"{base}-{''.join(secrets.choice(_DIGITS) for _ in range(4))}" for _ in range(8)]


def _joined(found: list[str]) -> str:
    return "-".join(found)[:_MOST].strip("-")
