"""Words of a text as they stand in an alias or a tag."""

import re
import unicodedata

# Where a word begins so, whatever it ends with. Few, and of what nobody would defend.
_OFFENSIVE = re.compile(
    r"(?:^|-)(?:fuck|cunt|nigg|fagg|bitch|whore|slut|rape|porn|nazi|hitler|shit|dick|pussy|penis)"
)
_PLAIN = {"ß": "ss", "æ": "ae", "ø": "o", "đ": "d", "ł": "l", "œ": "oe", "ı": "i"}
_STOP = frozenset(
    {"a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to", "with"}
)


def of(text: str) -> list[str]:
    """In lower-case ASCII, without what only joins them; nothing of scripts of other letters."""
    plain = "".join(_PLAIN.get(char, char) for char in text.lower())
    latin = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return [word for word in re.findall("[a-z0-9]+", latin) if word not in _STOP]


def is_offensive(text: str) -> bool:
    return bool(_OFFENSIVE.search(text))
