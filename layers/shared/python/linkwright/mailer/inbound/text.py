"""Text of received mail: bytes in whatever was declared, as it may be shown, as it is compared."""

import codecs
import re
import unicodedata

# The web's table of what a label means in practice: Windows' code page, not the standard's subset.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-8": "cp1255",
    "iso-8859-8-i": "cp1255",
    "iso-8859-8-e": "cp1255",
    "iso8859-9": "cp1254",
    "ks_c_5601-1987": "cp949",
    "gb2312": "gb18030",
}
# Python takes punycode, which takes time with the square of the length, and zlib for one as well.
_OF_MAIL = (
    *("utf-", "cp", "iso8859", "koi8", "gb", "big5", "euc_", "shift_jis", "iso2022", "mac-"),
    *("hz", "johab", "tis-620", "kz1048"),
)
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")

# What turns or hides the text beside it. A joiner makes letters of Persian and of emoji, and stays.
_HIDDEN = (
    *(0x00AD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, 0xFEFF),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFFF9, 0xFFFC),
    *range(0xD800, 0xE000),
    *range(0xE0000, 0xE0080),
)
_CONTROLS = {*range(0x20), *range(0x7F, 0xA0)} - {0x09, 0x0A, 0x85}
_SHOWN: dict[int, str | None] = {
    **dict.fromkeys((*_HIDDEN, *_CONTROLS)),
    **dict.fromkeys((0x85, 0x2028, 0x2029), "\n"),
    0xA0: " ",
    0x202F: " ",
}
_LINE_ENDS = re.compile(r"\r\n?")

# Letters that are written in several ways; two that would become eighteen; digits of Arabic.
_ALIKE = str.maketrans(
    {"ى": "ي", "ة": "ه", "ـ": "", "ٱ": "ا", "\ufdfa": "", "\ufdfb": ""}
    | {chr(zero + one): str(one) for zero in (0x0660, 0x06F0) for one in range(10)}
)
_UNSEEN = {"Mn", "Cf"}
_LINE_WRAPS = re.compile(r"(?<!\n)\n(?!\n)")
_CLAUSE_ENDS = re.compile(r"(?:[.,;:!?…،؛؟\n\r|/()\"“”«»״—–¿¡]|\s-+\s)+")
_APOSTROPHES = re.compile(r"['’‘`´׳]")


def decoded(data: bytes, declared: str | None) -> str:
    """As it was meant: the declared charset where that can be, else what the bytes look like.

    A character that was cut at the end is left out.
    """
    named = _charset(declared)
    if named and _is_of_few_bits(named, data):
        return _strictly(data, named) or data.decode("cp1252", "replace")
    text = _strictly(data, "utf-8-sig")
    if text is not None:
        return text
    if named in {None, "cp1252", "utf-8"}:
        named = _looks_like(data)
    return (_strictly(data, named) if named else None) or data.decode("cp1252", "replace")


def _is_of_few_bits(charset: str, data: bytes) -> bool:
    """Whether bytes that are UTF-8 as well may be of another charset."""
    if charset.startswith(("utf-16", "utf-32")):
        return b"\0" in data or data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.isascii() and charset.startswith(("utf-7", "iso2022", "hz"))


def _charset(declared: str | None) -> str | None:
    if not declared:
        return None
    label = declared.strip().lower()
    try:
        name = _MEANT.get(label) or codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    return _MEANT.get(name, name) if name.startswith(_OF_MAIL) else None


def _strictly(data: bytes, charset: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(charset)("strict").decode(data, False)
    except (UnicodeError, LookupError, ValueError, AttributeError, TypeError):
        return None


def _looks_like(data: bytes) -> str:
    """Western words have single letters beyond ASCII, Hebrew and Arabic ones nothing else."""
    runs = _HIGH_RUNS.findall(data)
    high = b"".join(runs)
    if len(high) < 2.5 * len(runs):
        return "cp1252"
    hebrew = sum(0xE0 <= one <= 0xFA for one in high)
    return "cp1255" if hebrew > 0.9 * len(high) else "cp1256"


def shown(text: str) -> str:
    """Without control characters, and what turns or hides text; lines end by a line feed."""
    return _LINE_ENDS.sub("\n", text).translate(_SHOWN)


def line(text: str, most: int) -> str:
    """One line of at most that many characters."""
    return " ".join(shown(text).split())[:most]


def plain(text: str) -> str:
    """To compare words by: lower case, without accents, vowel points, apostrophes, hidden marks."""
    taken_apart = unicodedata.normalize("NFKD", text.translate(_ALIKE)).casefold()
    if not taken_apart.isascii():
        kept = (one for one in taken_apart if unicodedata.category(one) not in _UNSEEN)
        taken_apart = "".join(kept).translate(_ALIKE)
    return _APOSTROPHES.sub("", taken_apart)


def clauses(text: str) -> str:
    """As `plain`, in one line; ` | ` stands where a clause ends."""
    joined = _LINE_WRAPS.sub(" ", plain(text))
    return " ".join(_CLAUSE_ENDS.sub(" | ", joined).replace("-", " ").split())


def expression(*sources: str) -> re.Pattern[str]:
    """An expression for what `plain` gives. It is folded alike, so no class of it is upper-case."""
    return re.compile("|".join(f"(?:{plain(one)})" for one in sources))
