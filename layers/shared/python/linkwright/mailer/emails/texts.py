"""What the text of a mail may not hold."""

import re
import unicodedata

_BIDI_CONTROLS = frozenset(
    "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_LINES = "\n\t"
# As though one had been written to before; in the languages of the usual programs, some of which
# count them, as in "Re[2]:".
_REPLY = re.compile(
    r"^\W*(?:re|fwd?|aw|wg|sv|vs|tr|rv|antw|השב|תגובה|הועבר|رد|اعادة توجيه)"
    r"(?:\d+|\s*[\[(^]\s*\d+\s*[\])]?)?\W{0,3}?[:：]",
    re.IGNORECASE,
)
# What stands before it in some lists, as "[EXT]".
_MARK = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")
# Letters of other scripts that look like those of these words.
_LOOK = str.maketrans("\u0435\u0415\u0395\u051d\u051c\u0501\u0500\u0410\u0430", "eEEwWdDAa")
# They are not shown, and no marks or formats to Unicode.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")


def is_plain(text: str) -> bool:
    """Whether it shows as what it is: no control character, and none that turns its direction."""
    return not any(
        char in _BIDI_CONTROLS or (unicodedata.category(char) == "Cc" and char not in _LINES)
        for char in text
    )


def is_reply(subject: str) -> bool:
    """Whether a subject shows as one of an answer, by whatever it is written."""
    seen = "".join(char for char in unicodedata.normalize("NFKD", subject) if _is_seen(char))
    seen = unicodedata.normalize("NFC", seen.translate(_LOOK))
    return any(_REPLY.match(text) is not None for text in (seen, _MARK.sub(" ", seen)))


def _is_seen(char: str) -> bool:
    """By itself: marks stand on a letter, and formats are nowhere."""
    return char not in _FILLERS and unicodedata.category(char) not in {"Mn", "Me", "Cf"}
