"""Aliases that say what a link leads to, and that nobody has."""

import hashlib
from collections.abc import Iterable

from linkwright.ai import answers
from linkwright.ai.answers import Chosen, Unfit
from linkwright.ai.create import words
from linkwright.ai.create.models import AliasIdeas, AliasSuggestion, Described
from linkwright.auth import Account
from linkwright.credits.operations import Allowed, Generation, Made
from linkwright.errors import Unavailable
from linkwright.links import operations as links
from linkwright.providers.llm import Prompt
from linkwright.startup import in_advance
from linkwright.workspace import operations

in_advance(links.load)

_SHOWN = 5
_DIGITS = "23456789"
_NUMBERED, _NUMBER = 3, 5
# Each asks for as many again.
_TRIES = 5
SHAPE = (
    "in lower-case Latin letters, digits and single hyphens, 3 to 32 characters, best first; words"
    " of other scripts are transliterated"
)
_INSTRUCTIONS = (
    f"Suggest up to eight aliases for a short link: short, easy to say, {SHAPE}. They say what the"
    " page is about. No brand that is not in the data."
)


class Free:
    """Which aliases nobody has: each is asked about once."""

    def __init__(self, partition: str) -> None:
        self._place = operations.place(partition)
        self._known: dict[str, bool] = {}

    def among(self, ideas: Iterable[str]) -> list[str]:
        """Those that may be suggested, in their order."""
        lower = (idea.strip().lower() for idea in ideas)
        fit = [idea for idea in dict.fromkeys(lower) if words.is_alias(idea)]
        if unknown := [idea for idea in fit if idea not in self._known]:
            free, _ = links.free_aliases(unknown, self._place)
            self._known |= {idea: idea in free for idea in unknown}
        return [idea for idea in fit if self._known[idea]]

    def computed(self, ideas: list[str], seed: str) -> list[str]:
        """The same, or with digits behind that are of the seed. Raises `Unavailable` if each of
        these is taken.
        """
        base = next((idea for idea in ideas if words.is_alias(idea)), "link")
        short = base[: words.MOST_CHARS - _NUMBER - 1].rstrip("-")
        for at in range(_TRIES):
            numbered = [f"{short}-{_number(seed, at, which)}" for which in range(_NUMBERED)]
            if found := self.among([*ideas, *numbered]):
                return found[:_SHOWN]
        raise Unavailable


def _number(seed: str, at: int, which: int) -> str:
    """Another one for each try, and always the same."""
    digest = hashlib.sha256(f"{at}.{which}\n{seed}".encode()).digest()
    return "".join(_DIGITS[byte % len(_DIGITS)] for byte in digest[:_NUMBER])


def generation(account: Account, about: Described) -> Generation[AliasSuggestion]:
    """Errors: no URL that a link may lead to (400)."""
    links.require_target(about.url)
    chosen = answers.chosen(account.partition)
    return Generation(
        lambda allowed: _suggest(account, about, chosen, allowed), is_free=chosen.is_free
    )


def _suggest(
    account: Account, about: Described, chosen: Chosen, allowed: Allowed
) -> Made[AliasSuggestion]:
    free = Free(account.partition)

    def accept(ideas: AliasIdeas) -> AliasIdeas:
        if not (kept := free.among(ideas.aliases)):
            raise Unfit("none of these has the shape that was asked for and is free")
        return AliasIdeas(aliases=kept)

    def computed() -> AliasIdeas:
        return AliasIdeas(aliases=free.computed(of_page(about.url, about.title or ""), about.url))

    prompt = Prompt(_INSTRUCTIONS, about.model_dump(exclude_none=True), computed)
    written = answers.ask(*(account.partition, chosen, prompt, AliasIdeas, allowed, accept))
    first, *others = written.value.aliases
    shown = AliasSuggestion(alias=first, alternatives=others[: _SHOWN - 1])
    return Made(shown, written.is_fallback, is_own=written.is_own)


def of_page(url: str, title: str) -> list[str]:
    """By the words of the title, of the path and of the host."""
    titled, path, host = words.of(title), words.of_path(url), words.of_host(url)
    told = titled or path or host
    combined = (told[:3], told[:2], told[:1], host[-1:] + told[:2], path[-2:], titled[-2:])
    return [words.slug(found) for found in combined if found]
