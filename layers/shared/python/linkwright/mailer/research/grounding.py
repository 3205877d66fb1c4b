"""What may stand in a mail: what a page that was read says, and what claims nothing.

A list of what is forbidden has no end. So a sentence has no other words than those of the quote
that it names, of what the lead and the campaign say, and of a list of polite ones; and a quote
stands in its page, word for word.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from linkwright.mailer.research import lexicon

LEAST_QUOTE, MOST_QUOTE = 12, 300
_STEM = 5
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+")
# Schemes, hosts, addresses of mail, markup, ids and tokens of ours.
_ADDRESS = re.compile(
    r"\b(?:https?|javascript|data|file|ftp|mailto|tel|sms)\s*:\S?|//|\bwww\b|@|[<>{}\[\]`\\|]"
    r"|[^\W_][.\u3002\uff0e][^\W\d_]{2,}|\b[a-z]{2,8}_(?:live_|test_)?[0-9A-Za-z]{8,}|\d[\d\s().-]{6,}\d",
    re.IGNORECASE,
)
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
# Joiners, and marks that belong to the letter before them.
_BESIDE_LETTERS = {"Cf", "Mn", "Me"}
# Of what could not be decoded: nobody knows what stood there.
_ILLEGIBLE = "\ufffd"
# Needed inside words of some scripts.
_JOINERS = "\u200c\u200d"


class _Said(NamedTuple):
    """What a text says: the stems of its words, and its numbers."""

    stems: frozenset[str]
    numbers: frozenset[str]


def normal(text: str) -> str:
    """By which texts are compared: white space is one blank, and what is not seen is not there."""
    return " ".join(seen(text).split())


def seen(text: str) -> str:
    """A text without what is not seen, as what turns its direction."""
    spaced = "".join(" " if char.isspace() else char for char in text)
    return "".join(
        char for char in spaced if char in _JOINERS or unicodedata.category(char) not in _UNSEEN
    )


def stands(quote: str, page: str) -> bool:
    """Whether a page has these words, one after the other, and none of them cut."""
    wanted, text = normal(quote).casefold(), _folded(page)
    if not LEAST_QUOTE <= len(wanted) <= MOST_QUOTE or _ILLEGIBLE in wanted:
        return False
    at = text.find(wanted)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(wanted) : at + len(wanted) + 1]
        if not (before.isalnum() and wanted[0].isalnum()) and not (
            after.isalnum() and wanted[-1].isalnum()
        ):
            return True
        at = text.find(wanted, at + 1)
    return False


def is_proven(text: str, quote: str, page: str, known: str, language: str) -> bool:
    """Whether a sentence says what a quote of a page does, and no more."""
    if not stands(quote, page) or has_address(quote):
        return False
    own = _said(quote, language).stems
    said = [word for word in _words(text) if not _is_polite(word, language)]
    told = [word for word in said if _forms(word, language) & own]
    denies = {bool(set(_words(one)) & lexicon.NEGATIONS[language]) for one in (text, quote)}
    return bool(told) and len(denies) == 1 and is_general(text, known, language, quote)


def is_general(text: str, known: str, language: str, quoted: str = "") -> bool:
    """Whether a sentence says nothing but what is known or quoted, and what claims nothing."""
    if not text.strip() or has_address(text):
        return False
    of_known, of_quote = _said(known, language), _said(quoted, language)
    if set(_NUMBER.findall(text)) - of_known.numbers - of_quote.numbers:
        return False
    return all(
        _is_polite(word, language)
        or not (forms := _forms(word, language)).isdisjoint(of_known.stems)
        or not forms.isdisjoint(of_quote.stems)
        for word in _words(text)
    )


def has_address(text: str) -> bool:
    """Whether there is something in a text that leads elsewhere, also once what is not seen is
    taken out: that hides a host from us, and not from the program that shows the mail.
    """
    composed = unicodedata.normalize("NFKC", text)
    bare = "".join(
        char for char in seen(composed) if unicodedata.category(char) not in _BESIDE_LETTERS
    )
    return any(_ADDRESS.search(one) for one in (composed, bare))


# A page and what is known are held against each sentence of a mail, and are the same each time.
@lru_cache(maxsize=8)
def _folded(page: str) -> str:
    return normal(page).casefold()


@lru_cache(maxsize=8)
def _said(text: str, language: str) -> _Said:
    stems = {form for word in _words(text) for form in _forms(word, language)}
    return _Said(frozenset(stems), frozenset(_NUMBER.findall(text)))


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", seen(text)).casefold())


def _is_polite(word: str, language: str) -> bool:
    return bool(_bare(word, language) & lexicon.WORDS[language])


def _forms(word: str, language: str) -> set[str]:
    return {form[:_STEM] for form in _bare(word, language) if len(form) > 1 or form == word}


@lru_cache(maxsize=4096)
def _bare(word: str, language: str) -> frozenset[str]:
    """A word, and what is left of it without one or two of what may stand before it."""
    plain = "".join(
        one for one in unicodedata.normalize("NFKD", word) if not unicodedata.combining(one)
    )
    found = {word, plain}
    for _ in range(2):
        found |= {
            form.removeprefix(prefix)
            for form in found
            for prefix in lexicon.PREFIXES[language]
            if form.startswith(prefix) and len(form) > len(prefix) + 1
        }
    return frozenset(found)
