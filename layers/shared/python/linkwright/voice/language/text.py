"""Words as they are heard and as they can be said."""

import re
import unicodedata

# Nobody can follow a link on the phone, and one that a caller's words brought in must not be told.
_LINKS = re.compile(
    r"!?\[[^\]]*\]\([^)]*\)"
    r"|(?<![a-z0-9+.-])(?:[a-z][a-z0-9+.-]*+://|(?:mailto|tel|sms|data|javascript):|www\.)\S*"
    r"|(?<![a-z0-9.-])[a-z0-9-]++(?:\.[a-z0-9-]++)+(?<=[a-z])/\S*",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[*_`#<>|~^{}\[\]\\]+")

_ALIKE = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ـ": ""})
_CLAUSE_ENDS = re.compile(r"(?:[.,;:!?…،؛؟\n\r|/()\"“”״—–]|\s-+\s)+")
_VARIANTS = frozenset(map(chr, range(0xFE00, 0xFE10)))
_INSIDE_WORDS = re.compile(r"['’‘`´׳]")


def plain(text: str) -> str:
    """Lower case, without vowel points, marks of direction and apostrophes; ` | ` ends a clause."""
    composed = unicodedata.normalize("NFKC", text).translate(_ALIKE).casefold()
    bare = "".join(one for one in composed if unicodedata.category(one) not in {"Mn", "Cf"})
    return " ".join(_CLAUSE_ENDS.sub(" | ", _INSIDE_WORDS.sub("", bare)).replace("-", " ").split())


def spoken(text: str, most: int) -> str:
    """Of what a model wrote, what can be said: one line, no marks, no links, nothing hidden."""
    # First what nobody sees: without it a link may be one.
    kept = "".join(map(_audible, text))
    line = " ".join(_MARKS.sub(" ", _LINKS.sub(" ", kept)).split())
    return line if len(line) <= most else line[:most].rpartition(" ")[0] or line[:most]


def _audible(one: str) -> str:
    """A character, a blank for one that cannot be said, or nothing for one that joins or hides."""
    kind = unicodedata.category(one)
    if kind in {"Cf", "Me"} or one in _VARIANTS:
        return ""
    # A voice reads an emoji's name out.
    is_picture = kind in {"So", "Sk"} and one != "°"
    return " " if is_picture or kind[0] in "CZ" else one
