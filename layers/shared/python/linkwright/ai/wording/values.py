"""A fact's value as it is read in a text: numbers, units, days, names and directions."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from typing import Literal

from linkwright.ai.facts.facts import Fact, Value
from linkwright.ai.wording.words import DAY_NAMES, MONTHS, NOUNS, PHRASES, SEGMENTS

Language = Literal["en", "he"]

_MOST = 60
_FIRST_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_SPACE = re.compile(r"\s+")
_MARKUP = frozenset("<>{}`")


def worded(fact: Fact, language: Language) -> str:
    return _WORDED[fact.unit](fact.value, language)


def name(value: Value, language: Language) -> str:
    """What somebody else has written: it neither turns the text around it, nor is it markup."""
    kept = "".join(
        char
        for char in unicodedata.normalize("NFC", str(value))
        if unicodedata.category(char)[0] != "C" and char not in _MARKUP
    )
    text = _SPACE.sub(" ", kept).strip()
    text = text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"
    is_latin = text.isascii() and language == "en"
    return text if is_latin else f"{_FIRST_ISOLATE}{text}{_POP_ISOLATE}"


def _title(value: Value, language: Language) -> str:
    return PHRASES[language]["quoted"].format(name(value, language))


def _counted(noun: str, phrase: str = "") -> Callable[[Value, Language], str]:
    def worded(value: Value, language: Language) -> str:
        one, many = NOUNS[language][noun]
        number = int(value)
        text = one if number == 1 else f"{number:,} {many}"
        return PHRASES[language][phrase].format(text) if phrase else text

    return worded


def _percent(value: Value, language: Language) -> str:
    return f"{abs(float(value)):,.1f}".removesuffix(".0") + "%"


def _change(value: Value, language: Language) -> str:
    phrase = "more" if float(value) >= 0 else "fewer"
    return PHRASES[language][phrase].format(_percent(value, language))


def _day(text: str, language: Language) -> str:
    day = date.fromisoformat(text)
    return PHRASES[language]["day"].format(day.day, MONTHS[language][day.month - 1], day.year)


def _days(value: Value, language: Language) -> str:
    first, _, last = str(value).partition("/")
    if last in {"", first}:
        return _day(first, language)
    return PHRASES[language]["to"].format(_day(first, language), _day(last, language))


def _since(noun: str) -> Callable[[Value, Language], str]:
    def worded(value: Value, language: Language) -> str:
        return PHRASES[language]["since"].format(NOUNS[language][noun][1], _days(value, language))

    return worded


def _weekday(value: Value, language: Language) -> str:
    return DAY_NAMES[language][int(value)]


def _hour(value: Value, language: Language) -> str:
    begin = int(str(value)[:2])
    return PHRASES[language]["to"].format(f"{begin:02}:00", f"{(begin + 1) % 24:02}:00")


def _segment(value: Value, language: Language) -> str:
    known = SEGMENTS[language].get(str(value))
    return known or name(value, language)


def _country(value: Value, language: Language) -> str:
    return PHRASES[language]["country"].format(name(value, language))


def _phrase(value: Value, language: Language) -> str:
    return PHRASES[language][str(value)]


_WORDED: Mapping[str, Callable[[Value, Language], str]] = {
    "clicks": _counted("clicks"),
    "usual_clicks": _counted("clicks", "usual"),
    "clicks_before": _counted("clicks"),
    "scans": _counted("scans"),
    "usual_scans": _counted("scans", "usual"),
    "scans_before": _counted("scans"),
    "bot_clicks": _counted("bot_clicks"),
    "conversions": _counted("conversions"),
    "links": _counted("links"),
    "span": _counted("days"),
    "percent": _percent,
    "change": _change,
    "days": _days,
    "since": _since("clicks"),
    "scans_since": _since("scans"),
    "weekday": _weekday,
    "hour": _hour,
    "country": _country,
    "device": _segment,
    "browser": _segment,
    "referrer": _segment,
    "name": _title,
    "verdict": _phrase,
}
