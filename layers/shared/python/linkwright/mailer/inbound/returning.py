"""On which day somebody is back, by what their automatic reply says in the ways that people do."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from linkwright.mailer.inbound.text import expression, plain
from linkwright.mailer.inbound.words.calendar import (
    DAYS,
    MONTHS,
    NEXT_WEEK,
    TOMORROW,
    alternatives,
)

_MOST_CHARS = 4_000
_MOST_DATES = 20
_MOST_DAYS = 366
# Without a year, the one that is meant is the next one that comes, if that is soon.
_MOST_DAYS_WITHOUT_YEAR = 210
_CUE_CHARS = 70

_MONTH = alternatives(MONTHS)
_DAY = alternatives(DAYS)
_TO = r" ?(?:-|–|—|to|through|bis|au|al|a|עד|الي|حتي) ?"
_ORDINAL = r"(?:st|nd|rd|th|er|ter|ten|º|\.)?"
_DATE = re.compile(
    r"(?<![\d.:/-])(?P<iso>\d{4})(?P<s>[-/.])(?P<iso_m>\d{1,2})(?P=s)(?P<iso_d>\d{1,2})(?![\d])"
    rf"|(?<![\d:.,])(?P<d>\d{{1,2}}){_ORDINAL} ?(?:of |de |du |den |ב|ל|من |-)?(?P<m>{_MONTH})\b\.?"
    r"(?:,? ?(?:de |del |of |/|-)?(?P<y>20\d\d)\b)?"
    rf"|\b(?:ב)?(?P<m2>{_MONTH})\b\.? ?(?:the )?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])"
    rf"(?:{_TO}(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]))?(?:,? ?(?P<y2>20\d\d)\b)?"
    r"|(?<![\d:.,/+])(?P<n>\d{1,2}) ?(?P<t>[./]) ?(?P<k>\d{1,2})"
    r"(?: ?(?P=t) ?(?P<y3>20\d\d|\d\d)(?!\d)|\.?(?![\d:]| ?(?:uhr|[ap]m|h)\b))"
    r"|(?<![\d:.,/+-])(?P<n2>\d{1,2})-(?P<k2>\d{1,2})-(?P<y4>20\d\d)(?!\d)"
    rf"|(?:\b|(?<=ב)|(?<=ה))(?P<day>{_DAY})\b"
    rf"|(?<!good )(?<!guten )(?<!la )\b(?P<tomorrow>{alternatives(TOMORROW)})\b"
    rf"|(?:\b|(?<=ב)|(?<=ה)|(?<=ל))(?P<week>{alternatives(NEXT_WEEK)})\b"
)
_WHEN = (
    r"(?:(?:the|le|el|la|den|dem|and including|including|inclusive|einschließlich|einschl\.?"
    rf"|inkl\.?|zum|inclus|יום|ה|ב|ל|ליום|יום ה|يوم|تاريخ|evening|{_DAY})[ ,:-]{{0,3}})*"
)
_UNTIL = expression(
    r"(?:\b(?:until|ending|till|til|through|thru|up to|to|bis|jusqu'?(?:au|à|en)|au|hasta|al|after"
    r"|nach|après|después|tras)\b|עד|אחרי|לאחר|حتى|لغاية|الى|بعد|(?:\d\.?|^) ?(?:[-–—]|ל))"
    rf"[ ,:-]{{0,3}}{_WHEN}$"
)
_BACK = expression(
    r"\b(?:back|return\w*|again|resum\w+|available from|reachable|wieder|zurück\w*|retour|revien\w*"
    r"|reviendr\w+|reprend\w*|rentr\w+|joignable|disponible à partir|vuelv\w+|volv\w+|vuelta"
    r"|regres\w+|reincorpor\w+|retorn\w+|de nuevo|nuevamente)\b",
    r"אחזור|חוזר|אשוב|אהיה (?:חזרה|שוב|זמי)|שוב",
    r"أعود|سأعود|عود|نعود|أرجع|سأرجع|متاحا? (?:من|اعتبار)",
)
_SENTENCE_END = re.compile(r"[.!?;](?=\s|$)|\n\s*\n")


@dataclass(frozen=True)
class _Found:
    start: int
    end: int
    day: date
    # Of "December 1-5", the last one.
    is_last: bool


def returns_on(text: str, today: date) -> date | None:
    """The first day on which they are there again; None if none within a year is told.

    Of "until the 5th" it is the 6th.
    """
    folded = " ".join(re.split(r"(?<!\n)\n(?!\n)", plain(text[:_MOST_CHARS])))
    back: list[date] = []
    until: list[date] = []
    found = _dates(folded, today)
    for at, one in enumerate(found):
        before = folded[found[at - 1].end if at else 0 : one.start][-_CUE_CHARS:]
        before = _SENTENCE_END.split(before)[-1]
        following = found[at + 1].start if at + 1 < len(found) else len(folded)
        after = _SENTENCE_END.split(folded[one.end : following])[0][:_CUE_CHARS]
        is_back = bool(_BACK.search(before) or _BACK.search(after))
        if one.is_last or _UNTIL.search(before):
            until.append(one.day + timedelta(days=1))
        elif is_back:
            back.append(one.day)
    kept = [day for day in back or until if today <= day <= today + timedelta(days=_MOST_DAYS)]
    return max(kept, default=None)


def _dates(folded: str, today: date) -> list[_Found]:
    """A day of the week beside a date is part of it."""
    found: list[_Found] = []
    days: list[_Found] = []
    for match in _DATE.finditer(folded):
        day = _day(match, today)
        if day is None:
            continue
        one = _Found(*match.span(), day, match["d3"] is not None)
        (days if match["day"] or match["week"] or match["tomorrow"] else found).append(one)
        if len(found) + len(days) == _MOST_DATES:
            break
    alone = [one for one in days if not any(_are_beside(one, other) for other in found)]
    return sorted([*found, *alone], key=lambda one: one.start)


def _are_beside(day: _Found, other: _Found) -> bool:
    return -2 <= other.start - day.end <= 12 or -2 <= day.start - other.end <= 4


def _day(match: re.Match[str], today: date) -> date | None:
    if match["day"]:
        return today + timedelta(days=(DAYS[match["day"]] - today.weekday() - 1) % 7 + 1)
    if match["week"]:
        # The next Monday, or the Sunday before it where a week begins with that.
        monday = today + timedelta(days=7 - today.weekday())
        return monday if match["week"].isascii() else monday - timedelta(days=1)
    if match["tomorrow"]:
        return today + timedelta(days=1)
    if match["iso"]:
        return _of(int(match["iso"]), int(match["iso_m"]), int(match["iso_d"]))
    if match["m"] or match["m2"]:
        month = MONTHS[match["m"] or match["m2"]]
        day = int(match["d"] or match["d3"] or match["d2"])
        return _next(match["y"] or match["y2"], month, day, today)
    # "5-12" is from five to twelve.
    first, second = int(match["n"] or match["n2"]), int(match["k"] or match["k2"])
    year = match["y3"] or match["y4"]
    read = [_next(year, second, first, today)]
    if match["t"] == "/":
        # In America the month is first. Somebody who is away is soon back: the nearer one is meant.
        read.append(_next(year, first, second, today))
    return min((day for day in read if day and day >= today), default=None)


def _next(year: str | None, month: int, day: int, today: date) -> date | None:
    """Of a year, of two digits or four, or the next one that is soon."""
    if year:
        return _of(int(year) % 100 + 2000, month, day)
    this = _of(today.year, month, day)
    one = this if this and this >= today else _of(today.year + 1, month, day)
    latest = today + timedelta(days=_MOST_DAYS_WITHOUT_YEAR)
    return one if one and one <= latest else None


def _of(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
