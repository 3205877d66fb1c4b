"""A page about somebody. No URL of it is the model's: it chooses links by their number."""

import re
from collections.abc import Iterator

from linkwright.ai import answers
from linkwright.ai.answers import Chosen, Unfit
from linkwright.ai.create import plain, words
from linkwright.ai.create.models import (
    MAX_BIO_LINKS,
    Bio,
    BioChoice,
    BioIdeas,
    BioLink,
    Theme,
    Wished,
)
from linkwright.ai.create.plain import Source
from linkwright.auth import Account
from linkwright.credits.operations import Allowed, Generation, Made
from linkwright.errors import ValidationFailed
from linkwright.links import operations as links
from linkwright.providers.llm import Prompt
from linkwright.startup import in_advance

in_advance(links.load)

_LINKS_READ = 50
_MOST_NAME, _MOST_BIO, _MOST_TITLE = 50, 300, 60
_COMPUTED_LINKS = 5
_INSTRUCTIONS = (
    "Write a page about the person or business that the prompt in the data speaks of, in the"
    " prompt's language. profile_name: their name, at most 50 characters, on one line. bio: one to"
    " three sentences, at most 300 characters. theme: the one that suits. links: up to ten of"
    " choices that suit, by their number, each with a title of at most 60 characters. Claim nothing"
    " that the data does not say. No number, address, URL or markup in any text."
)
_URL = re.compile(r"https?://[^\s<>\"'`{}|\\^\[\]]+", re.IGNORECASE)
_THEMES: dict[Theme, frozenset[str]] = {
    "dark": frozenset({"dark", "night", "black", "rock", "gaming", "techno", "כהה", "לילה"}),
    "ocean": frozenset({"ocean", "sea", "beach", "surf", "travel", "blue", "ים", "חוף", "כחול"}),
    "forest": frozenset({"forest", "nature", "green", "eco", "garden", "plants", "טבע", "ירוק"}),
    "sunset": frozenset({"sunset", "warm", "summer", "orange", "food", "bakery", "קיץ", "מאפייה"}),
    "rose": frozenset({"rose", "pink", "beauty", "fashion", "wedding", "flowers", "יופי", "אופנה"}),
    "mono": frozenset({"minimal", "minimalist", "mono", "architect", "lawyer", "מינימלי"}),
}
_ORDER = re.compile(
    r"^\W*(?:please\s+)?(?:(?:create|make|build|generate|write|design)\s+(?:me\s+)?)?"
    r"(?:an?\s+|my\s+)?(?:[\w-]+\s+){0,3}?(?:page|bio|profile|site)\s+(?:for|about|of)\s+"
    r"|^\W*(?:תיצור|צור|צרי|תבנה|בנה|תכין|הכן|תכתוב|כתוב|כתבי)\s+(?:לי\s+)?"
    r"(?:[^\W\d]+\s+){0,2}?(?:עבור|על|בשביל)\s+",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?:\bmy name is|\bi am|\bi['\u2019]m|\bcalled|\bשמי|\bקוראים לי|\bאני|\bבשם)\s+"
    r"(?P<name>[^\W\d_][\w'\u2019-]*(?:\s+[A-Z][\w'\u2019-]*){0,3})",
    re.IGNORECASE,
)


def generation(account: Account, wished: Wished) -> Generation[Bio]:
    """Errors: a prompt without a word (400)."""
    if not any(char.isalnum() for char in plain.cleaned(wished.prompt, _MOST_BIO)):
        text = "Field 'prompt' must say something besides URLs."
        raise ValidationFailed(text, field="prompt")
    chosen = answers.chosen(account.partition)
    return Generation(
        lambda allowed: _write(account, wished.prompt, chosen, allowed), is_free=chosen.is_free
    )


def _write(account: Account, wish: str, chosen: Chosen, allowed: Allowed) -> Made[Bio]:
    choices = list(_choices(account, wish))
    shown = [
        {"number": number, "title": title, "url": url}
        for number, (title, url) in enumerate(choices, 1)
    ]
    data = {"prompt": wish, "workspace": account.workspace_name, "choices": shown}
    source = Source(_INSTRUCTIONS, f"{wish} {account.workspace_name}")

    def accept(ideas: BioIdeas) -> BioIdeas:
        name = plain.fit(ideas.profile_name, _MOST_NAME, source)
        text = plain.fit(ideas.bio, _MOST_BIO, source)
        picked = [choice for choice in ideas.links if 1 <= choice.number <= len(choices)]
        titles = [_title(choice, choices, source) for choice in picked]
        if not (name and text) or len(picked) < len(ideas.links) or not all(titles):
            raise Unfit("a text is not as it was asked for, or a number is not of a choice")
        kept = zip(picked, titles, strict=True)
        return BioIdeas(
            profile_name=name,
            bio=text,
            theme=ideas.theme,
            links=[BioChoice(number=choice.number, title=title or "") for choice, title in kept],
        )

    def computed() -> BioIdeas:
        return _computed(account, wish, choices)

    prompt = Prompt(_INSTRUCTIONS, data, computed)
    written = answers.ask(*(account.partition, chosen, prompt, BioIdeas, allowed, accept))
    return Made(_page(written.value, choices), written.is_fallback, is_own=written.is_own)


def _page(ideas: BioIdeas, choices: list[tuple[str, str]]) -> Bio:
    by_number = {choice.number: choice.title for choice in reversed(ideas.links)}
    chosen = list(dict.fromkeys(choice.number for choice in ideas.links))[:MAX_BIO_LINKS]
    return Bio(
        profile_name=ideas.profile_name,
        bio=ideas.bio,
        theme=ideas.theme,
        links=[BioLink(title=by_number[at], url=choices[at - 1][1]) for at in chosen],
    )


# ---- links ---------------------------------------------------------------------------------------


def _choices(account: Account, wish: str) -> Iterator[tuple[str, str]]:
    """Titles and URLs: those that the prompt names, then the workspace's own short links."""
    told = dict.fromkeys(url.rstrip(".,;:!?)*_") for url in _URL.findall(wish))
    for url in list(told)[:MAX_BIO_LINKS]:
        try:
            kept = links.require_target(url, "prompt")
        except ValidationFailed:
            continue
        yield _titled(words.of_path(kept) or words.of_host(kept)), kept
    newest = links.newest(account.partition, _LINKS_READ)
    for link in links.leading(account.partition, newest):
        if not link["has_password"]:
            title = plain.cleaned(link.get("title") or "", _MOST_TITLE)
            yield title or _titled(words.of(link["alias"])), link["short_url"]


def _titled(found: list[str]) -> str:
    text = " ".join(found)
    return plain.cleaned(text[:1].upper() + text[1:], _MOST_TITLE) or "Link"


def _title(choice: BioChoice, choices: list[tuple[str, str]], source: Source) -> str | None:
    own = choices[choice.number - 1][0]
    return own if choice.title == own else plain.fit(choice.title, _MOST_TITLE, source)


# ---- without a model -----------------------------------------------------------------------------


def _computed(account: Account, wish: str, choices: list[tuple[str, str]]) -> BioIdeas:
    about = plain.cleaned(_ORDER.sub("", wish), _MOST_BIO)
    text = about[:1].upper() + about[1:] or plain.cleaned(wish, _MOST_BIO)
    found = _NAME.search(plain.cleaned(wish, _MOST_BIO))
    named = plain.cleaned(found["name"], _MOST_NAME) if found else ""
    name = named or plain.cleaned(account.workspace_name, _MOST_NAME) or "My links"
    heard = set(words.spoken(wish))
    told = len(_URL.findall(wish))
    most = min(told, MAX_BIO_LINKS) or _COMPUTED_LINKS
    return BioIdeas(
        profile_name=name,
        bio=text,
        theme=next((theme for theme, signs in _THEMES.items() if signs & heard), "light"),
        links=[
            BioChoice(number=number, title=title)
            for number, (title, _) in enumerate(choices[:most], 1)
        ],
    )
