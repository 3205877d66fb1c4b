"""What the model may write around placeholders: words that by themselves claim nothing.

A list of what is forbidden has no end: numbers in words, names, directions, causes, calls to do
something. So what is allowed is listed. docs/insight.md says how often either error happens.
"""

import re
import unicodedata
from collections.abc import Collection

from linkwright.ai.facts.facts import Facts
from linkwright.ai.wording import lexicon_en, lexicon_he, placeholders
from linkwright.ai.wording.values import Language

MOST_CHARS = 400
_LEXICONS = {"en": lexicon_en, "he": lexicon_he}
_ALL = frozenset({"all", "every", "כל"})
# What something is compared with, which is not what came.
_COMPARED = frozenset({"usual_clicks", "clicks_before", "usual_scans", "scans_before"})
_PUNCTUATION = frozenset(" .,:;'’\"()-–—")
_WORD = re.compile(r"[^\W\d_]+")
# Of Hebrew: what is written as one with the word behind it.
_PREFIXES = "והבלמשכ"
_MOST_PREFIXES = 2


def refusal(
    text: str, facts: Facts, language: Language, required: Collection[str] = ()
) -> str | None:
    """Why a text is not shown; None if it is. It may rest on these facts, and on each required."""
    if len(text) > MOST_CHARS:
        return f"a text is longer than {MOST_CHARS} characters"
    named = placeholders.names(text)
    if unknown := [name for name in named if name not in facts]:
        return f"{{{unknown[0]}}} is no fact of this text"
    if missing := [name for name in required if name not in named]:
        return f"{{{missing[0]}}} is missing"
    if not named:
        return "a text rests on no fact"
    parts = placeholders.without(text)
    for part in parts:
        if why := _unfit(part, language):
            return why
    return _misplaced(text, parts, facts, language)


def _misplaced(text: str, parts: list[str], facts: Facts, language: Language) -> str | None:
    """Whether a fact stands where its value would say what it is not."""
    lexicon = _LEXICONS[language]
    said = {_stem(word, language) for part in parts for word in _WORD.findall(part.lower())}
    for name, before in zip(_in_order(text), parts, strict=False):
        words = _WORD.findall(before.lower())
        is_compared = facts[name].unit in _COMPARED
        if is_compared and (not words or words[-1] not in lexicon.COMPARING):
            return f"{{{name}}} stands only behind a word that compares"
        for kind, of_it in lexicon.NEEDS.items():
            if name.endswith(kind) and not said & of_it:
                return f"{{{name}}} needs one of the words {sorted(of_it)}"
    return None


def words(language: Language) -> list[str]:
    """The list, for who is to keep to it."""
    return sorted(_LEXICONS[language].WORDS)


def _in_order(text: str) -> list[str]:
    return re.findall(r"\{([a-z0-9_]+)\}", text, re.ASCII)


def _unfit(part: str, language: Language) -> str | None:
    for char in part:
        if not (char in _PUNCTUATION or unicodedata.category(char)[0] == "L"):
            return "there is a character that is neither a letter nor plain punctuation"
    before: str | None = None
    for word in _WORD.findall(part.lower()):
        stem = _stem(word, language)
        if stem is None:
            return f"the word '{word[:40]}' is not of the list"
        if stem in _ALL and before not in _LEXICONS[language].BEFORE_ALL:
            return "'all' is only for what a share is of"
        if before is not None and _LEXICONS[language].is_period(before, stem):
            return f"'{before} {stem}' is a time that only a fact may say"
        before = stem
    return None


def _stem(word: str, language: Language) -> str | None:
    """A word of the list without what is written as one with it; None if it is not of the list."""
    lexicon = _LEXICONS[language]
    if word in lexicon.NEVER:
        return None
    if word in lexicon.WORDS:
        return word
    for cut in range(1, _MOST_PREFIXES + 1 if language == "he" else 0):
        if word[cut - 1 : cut] not in _PREFIXES or word[cut:] in lexicon.NEVER:
            return None
        if word[cut:] in lexicon.WORDS:
            return word[cut:]
    return word if len(word) == 1 and word in _PREFIXES and language == "he" else None
