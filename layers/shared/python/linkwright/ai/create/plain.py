"""Text that may be shown as it is: plain, bounded, on one line, and with nothing to follow.

What a model says is fit or is not; what a caller says is made so.
"""

import re
import unicodedata
from dataclasses import dataclass

from linkwright.ai.create import words

# Tags, Markdown, placeholders, entities.
_MARKUP = re.compile(r"[<>{}\[\]`\\|]|\*\*|__|&#?\w+;")
# Schemes, hosts, addresses of mail.
_ADDRESS = re.compile(
    r"\b(?:https?|javascript|data|vbscript|file|ftp|mailto|tel|sms)\s*:\S?|//|\bwww\b|@"
    r"|[^\W_][.\u3002][^\W\d_]{2,}",
    re.IGNORECASE,
)
# What has the shape of an id or a token of ours.
_ID = re.compile(r"\b[a-z]{2,8}_(?:live_|test_)?[0-9A-Za-z]{8,}")
_URL = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+", re.IGNORECASE)
_ECHO = 6
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True)
class Source:
    """What a model was asked: the numbers of the data may be said again, our own words may not."""

    instructions: str
    data: str


def fit(text: str, most: int, source: Source) -> str | None:
    """The text as it may be shown, or None."""
    line = _line(text)
    alike = unicodedata.normalize("NFKC", line)
    if not line or len(line) > most:
        return None
    if any(unicodedata.category(char) in {"Cc", "Co", "Cs", "Cn"} for char in line):
        return None
    if any(found.search(alike) for found in (_MARKUP, _ADDRESS, _ID)):
        return None
    if words.is_offensive(line) or _repeats(alike, source.instructions):
        return None
    return line if _numbers(alike) <= _numbers(source.data) else None


def cleaned(text: str, most: int) -> str:
    """What is left without that, cut between words; it may be nothing."""
    line = _URL.sub(" ", _line(re.sub(r"<[^<>]*>", " ", text)))
    alike = unicodedata.normalize("NFKC", line)
    for found in (_MARKUP, _ID, _ADDRESS):
        alike = found.sub(" ", alike)
    line = _line(alike)
    if words.is_offensive(line):
        return ""
    if len(line) > most:
        line = line[: most + 1].rpartition(" ")[0] or line[:most]
    return line.strip(" -–,;:/\"'")


def _line(text: str) -> str:
    """On one line, without the marks that nobody sees, as those that turn the direction."""
    seen = "".join(char for char in text if unicodedata.category(char) != "Cf" or char in _JOINERS)
    return " ".join(unicodedata.normalize("NFC", seen).split())


def _numbers(text: str) -> set[str]:
    alike = unicodedata.normalize("NFKC", text)
    return {
        "".join(str(unicodedata.digit(digit)) for digit in number)
        for number in re.findall(r"\d+", alike)
    }


def _repeats(text: str, instructions: str) -> bool:
    said, ours = (re.findall(r"\w+", one.lower()) for one in (text, instructions))
    runs = {tuple(ours[at : at + _ECHO]) for at in range(len(ours) - _ECHO + 1)}
    return any(tuple(said[at : at + _ECHO]) in runs for at in range(len(said) - _ECHO + 1))
