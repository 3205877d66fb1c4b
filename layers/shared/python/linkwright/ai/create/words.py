"""Words of a text as they stand in an alias, a campaign's name for machines, or a tag."""

import re
import unicodedata
from urllib.parse import unquote, urlsplit

from linkwright.ai.create import hebrew

MOST_CHARS = 32
# No hyphen at an end: a link takes none there.
_ALIAS = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,30})[a-z0-9]", re.ASCII)
# Wherever it stands, also with hyphens in it. Few, and of what nobody would defend.
_ANYWHERE = re.compile("fuck|nigger|nigga|faggot|hitler|porn|sharmuta|kusemek|kosemek|שרמוט|כוסאמ")
_WORDS = re.compile(
    r"(?<![^\W_])(?:cunts?|nazis?|bitch(?:es)?|whores?|sluts?|rap(?:e[ds]?|ists?)|shit(?:s|ty)?"
    r"|dicks?|puss(?:y|ies)|penis|cocks?|zona|זונה|זונות)(?![^\W_])"
)
_DISGUISED = str.maketrans("013457@$", "oieastas")
_PLAIN = {"ß": "ss", "æ": "ae", "ø": "o", "đ": "d", "ł": "l", "œ": "oe", "ı": "i"}
_STOP = frozenset(
    {
        *("a", "an", "and", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to"),
        *("with", "we", "our", "my", "your", "you", "it", "its", "this", "that", "be", "are", "us"),
    }
)
# What a goal says besides what it is about.
_AIMS = frozenset(
    {
        *("want", "wants", "need", "needs", "get", "more", "drive", "promote", "promoting"),
        *("increase", "grow", "boost", "people", "create", "make", "launching", "new", "through"),
        *("via", "using", "some", "link", "links", "campaign", "would", "like", "please", "help"),
        *("sell", "share", "announce", "send", "run", "about", "over", "into", "all", "their"),
    }
)
_LETTERS = re.compile(r"[^\W_]+")


def of(text: str) -> list[str]:
    """In lower-case ASCII, without what only joins them; nothing of scripts that are not known."""
    return [latin for word in _LETTERS.findall(_folded(text)) if (latin := _latin(word))]


def of_goal(text: str) -> list[str]:
    """Those that say what it is about."""
    return [word for word in of(text) if word not in _AIMS]


def spoken(text: str) -> list[str]:
    """In the letters they are written with, each once, in lower case."""
    found = _LETTERS.findall(unicodedata.normalize("NFC", text).lower())
    return list(
        dict.fromkeys(
            word
            for word in found
            if len(word) > 1 and word not in _STOP | _AIMS and not hebrew.is_stop(word)
        )
    )


def as_written(text: str) -> list[str]:
    """As `of_goal`, in the letters and marks of the text, where some are of a script that is not
    known; nothing else.
    """
    if all(word.isascii() or hebrew.is_one(word) for word in _LETTERS.findall(_folded(text))):
        return []
    kept = unicodedata.normalize("NFC", text).lower()
    found = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in kept)
    return [word for word in found.split() if word not in _STOP | _AIMS]


def of_path(url: str) -> list[str]:
    """Of a URL's path, without what its name ends with."""
    path = unquote(urlsplit(url).path)
    before, dot, after = path.rpartition(".")
    return of(before if dot and len(after) <= len("html") else path)


def of_host(url: str) -> list[str]:
    """Of a URL's host, without `www` and what it ends with; nothing of an address."""
    *labels, last = (urlsplit(url).hostname or "").split(".")
    if not last.isalpha():
        return []
    said = (label for label in labels if label != "www" and not label.startswith("xn--"))
    return [word for label in said for word in of(label)]


def slug(found: list[str], most: int = MOST_CHARS) -> str:
    """As many of the words as fit, at least a part of the first."""
    taken: list[str] = []
    for word in found:
        if len("-".join([*taken, word])) > most:
            break
        taken.append(word)
    return "-".join(taken) or "".join(found[:1])[:most]


def is_tag(word: str) -> bool:
    """Whether one word of a text says enough to be a tag."""
    fits = 3 <= len(word) <= MOST_CHARS
    return fits and not word.isdigit() and not is_offensive(word)


def is_alias(text: str) -> bool:
    return bool(_ALIAS.fullmatch(text)) and "--" not in text and not is_offensive(text)


def is_offensive(text: str) -> bool:
    """Also where it is written with digits, blanks or hyphens for letters."""
    lower = unicodedata.normalize("NFKC", text).lower()
    together = "".join(_LETTERS.findall(lower))
    variants = (lower, lower.translate(_DISGUISED))
    return any(_WORDS.search(one) for one in variants) or any(
        _ANYWHERE.search(one) for one in (together, together.translate(_DISGUISED))
    )


def _folded(text: str) -> str:
    plain = "".join(_PLAIN.get(char, char) for char in text.lower())
    return "".join(
        char for char in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(char)
    )


def _latin(word: str) -> str:
    if hebrew.is_one(word):
        return hebrew.latin(word)
    latin = word if word.isascii() else ""
    return "" if latin in _STOP or (len(latin) == 1 and latin.isalpha()) else latin
