"""What the text of a mail may not hold."""

import re
import unicodedata

_BIDI_CONTROLS = frozenset(
    "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_LINES = "\n\t"
# As though one had been written to before; in the languages of the usual programs.
_REPLY = re.compile(
    r"^\W*(?:re|fwd?|aw|wg|sv|vs|tr|rv|antw|השב|תגובה|הועבר|رد|إعادة توجيه)\s*[:：]", re.IGNORECASE
)


def is_plain(text: str) -> bool:
    """Whether it shows as what it is: no control character, and none that turns its direction."""
    return not any(
        char in _BIDI_CONTROLS or (unicodedata.category(char) == "Cc" and char not in _LINES)
        for char in text
    )


def is_reply(subject: str) -> bool:
    """Whether a subject is one of an answer."""
    return _REPLY.match(unicodedata.normalize("NFKC", subject)) is not None
