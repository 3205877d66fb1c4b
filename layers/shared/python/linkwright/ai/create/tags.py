"""Tags for a link: those that the workspace has, before new ones."""

from collections import Counter
from collections.abc import Iterable

from linkwright.ai import answers
from linkwright.ai.answers import Chosen, Unfit
from linkwright.ai.create import plain, words
from linkwright.ai.create.models import MAX_TAGS, Described, TagIdeas, TagSuggestion
from linkwright.ai.create.plain import Source
from linkwright.auth import Account
from linkwright.credits.operations import Allowed, Generation, Made
from linkwright.links import operations as links
from linkwright.providers.llm import Prompt
from linkwright.startup import in_advance

in_advance(links.load)

# The newest links tell how a workspace tags: one read, whatever it has.
LINKS_READ = 100
_MOST_CHARS = 50
_SHOWN = 50
_NEW = 3
INSTRUCTIONS = (
    "Suggest one to five tags for a short link, best first. Take those of existing_tags that fit,"
    " written as they are; a new one is a word or two in lower case, in the language of the data."
    " No number, address or markup that is not in the data."
)


class Used:
    """The tags of a workspace's newest links, the most frequent first."""

    def __init__(self, partition: str) -> None:
        counts = Counter(
            tag for link in links.newest(partition, LINKS_READ) for tag in link["tags"]
        )
        self.tags = sorted(counts, key=lambda tag: (-counts[tag], tag))
        self._known = {tag.casefold(): tag for tag in reversed(self.tags)}

    def shown(self) -> list[str]:
        """To a model."""
        return self.tags[:_SHOWN]

    def fit(self, ideas: Iterable[str], source: Source) -> list[str]:
        """Of what a model suggests, what may be shown."""
        texts = [
            self._known.get(idea.strip().casefold()) or plain.fit(idea, _MOST_CHARS, source)
            for idea in ideas
        ]
        return self._ordered(text for text in texts if text)

    def computed(self, *texts: str) -> list[str]:
        """Those whose every word is in the texts, and words of the first text that has any."""
        heard = {_stem(word) for text in texts for word in words.spoken(text)}
        known = [tag for tag in self.tags if _stems(tag) and _stems(tag) <= heard]
        new: list[str] = []
        for text in texts:
            spoken = words.spoken(plain.cleaned(text, 200))
            new = new or [word for word in spoken if words.is_tag(word)]
        missing = [word for word in new if not any(_stem(word) in _stems(tag) for tag in known)]
        return self._ordered([*known[:MAX_TAGS], *missing[:_NEW]])

    def _ordered(self, tags: Iterable[str]) -> list[str]:
        """As the workspace writes them, what it has first."""
        found = [self._known.get(tag.casefold(), tag.lower()) for tag in tags if "#" not in tag]
        found = [tag for tag in dict.fromkeys(found) if not words.is_offensive(tag)]
        known = [tag for tag in found if tag.casefold() in self._known]
        return [*known, *(tag for tag in found if tag not in known)][:MAX_TAGS]


def generation(account: Account, about: Described) -> Generation[TagSuggestion]:
    """Errors: no URL that a link may lead to (400)."""
    links.require_target(about.url)
    chosen = answers.chosen(account.partition)
    return Generation(
        lambda allowed: _suggest(account, about, chosen, allowed), is_free=chosen.is_free
    )


def _suggest(
    account: Account, about: Described, chosen: Chosen, allowed: Allowed
) -> Made[TagSuggestion]:
    used = Used(account.partition)
    page = about.model_dump(exclude_none=True)
    source = Source(INSTRUCTIONS, " ".join([*page.values(), *used.tags]))
    path, host = (" ".join(of(about.url)) for of in (words.of_path, words.of_host))

    def accept(ideas: TagIdeas) -> TagIdeas:
        if not (kept := used.fit(ideas.tags, source)):
            raise Unfit("none of these is a tag as it was asked for")
        return TagIdeas(tags=kept)

    def computed() -> TagIdeas:
        return TagIdeas(tags=used.computed(about.title or "", about.description or "", path, host))

    prompt = Prompt(INSTRUCTIONS, page | {"existing_tags": used.shown()}, computed)
    written = answers.ask(*(account.partition, chosen, prompt, TagIdeas, allowed, accept))
    return Made(TagSuggestion(tags=written.value.tags), written.is_fallback, is_own=written.is_own)


def _stems(tag: str) -> set[str]:
    return {_stem(word) for word in words.spoken(tag)}


def _stem(word: str) -> str:
    """One and many are the same, of English words."""
    return word.removesuffix("s") if word.isascii() else word
