"""Texts with placeholders, `{fact}`, and what stands in them in the end."""

import re
from collections.abc import Iterable

from linkwright.ai.facts.facts import Fact, Facts
from linkwright.ai.wording import agreement, values

_PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}", re.ASCII)


def names(text: str) -> list[str]:
    """Which facts a text rests on, in its order."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(text)))


def without(text: str) -> list[str]:
    """What stands before, between and behind the placeholders."""
    return _PLACEHOLDER.split(text)[::2]


def filled(text: str, facts: Facts, language: values.Language) -> str:
    """The facts must be there."""
    text = agreement.agreed(text, facts) if language == "he" else text
    shown = _PLACEHOLDER.sub(lambda found: values.worded(facts[found[1]], language), text)
    return shown[:1].upper() + shown[1:]


def renamed(text: str, prefix: str) -> str:
    """Of a text for one finding, for where there are others: `{day}` is `{drop_day}`."""
    return _PLACEHOLDER.sub(lambda found: f"{{{prefix}_{found[1]}}}", text)


def chosen(sentences: Iterable[str], facts: Facts) -> str:
    """Those sentences whose facts are all there, but for what another of them says and more."""
    there = {one: of for one in sentences if (of := frozenset(names(one))) <= facts.keys()}
    said = there.values()
    return " ".join(one for one, of in there.items() if not any(of < more for more in said))


__all__ = ["Fact", "chosen", "filled", "names", "renamed", "without"]
