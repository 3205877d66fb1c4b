"""The digest as a mail: text, and HTML as mail clients show it: tables, and styles on each element.

Its chart is cells of a table that are as wide as their days were good: no picture that is loaded
from somewhere, and no script. All that somebody else has written is escaped in one place.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

from linkwright.ai.digest.words import DAYS as DAY_NAMES
from linkwright.ai.digest.words import TEXTS
from linkwright.ai.facts.facts import Fact
from linkwright.ai.insight.telling import SECTIONS
from linkwright.ai.wording import values
from linkwright.pages import escaped
from linkwright.providers.mail import Mail, one_click
from linkwright.weeks import DAYS, Week

_INK, _MUTED, _BAR, _BAR_BEFORE = "#1f2933", "#616e7c", "#2563eb", "#cbd5e1"
_FONT = "font-family:Arial,Helvetica,sans-serif"
_WIDEST = 100

_PAGE = """<!doctype html>
<html lang="{lang}" dir="{dir}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body style="margin:0;padding:0;background:#ffffff">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="560" cellpadding="0" cellspacing="0" border="0" dir="{dir}"
 style="max-width:560px;width:100%;{font};color:{ink};font-size:15px;line-height:1.5">
{rows}
</table>
</td></tr>
</table>
</body>
</html>
"""


class _Letter(NamedTuple):
    """What its text and its page have in common."""

    told: Mapping[str, Any]
    week: Week
    language: values.Language
    notes: list[str]
    unsubscribe: str


class _Day(NamedTuple):
    name: str
    clicks: int
    before: int


def made(
    address: str, workspace: str, partition: str, told: Mapping[str, Any], unsubscribe: str
) -> Mail:
    """`told` is as `content.of` has it; `unsubscribe` is an address that ends it by one click."""
    language: values.Language = told["language"]
    words, week = TEXTS[language], Week(date.fromisoformat(told["first"]))
    clicks = values.worded(Fact(sum(map(int, told["clicks"])), "clicks"), language)
    notes = [words["test"]] if partition.endswith(".test") else []
    name = values.name(workspace, language)
    notes.append(words["why_me"].format(workspace=name))
    letter = _Letter(told, week, language, notes, unsubscribe)
    return Mail(
        to=address,
        subject=words["subject"].format(week=week.label, clicks=clicks),
        text=_text(letter),
        html=_html(letter),
        tenant=partition.partition(".")[0],
        headers=one_click(unsubscribe),
        tags={"kind": "weekly_digest"},
    )


def _days(told: Mapping[str, Any], week: Week, language: values.Language) -> Iterator[_Day]:
    for at in range(DAYS):
        day = week.first + timedelta(days=at)
        name = f"{DAY_NAMES[language][at]} {day.day}.{day.month}."
        yield _Day(name, int(told["clicks"][at]), int(told["before"][at]))


# ---- text ----------------------------------------------------------------------------------------


def _text(letter: _Letter) -> str:
    told, week, language, notes, unsubscribe = letter
    words = TEXTS[language]
    parts = [words["title"].format(week=week.label), told["summary"]]
    parts += [
        "\n".join([words[section], *(f"- {text}" for text in told[section])])
        for section in SECTIONS
        if told[section]
    ]
    days = [f"{day.name}  {day.clicks:,} ({day.before:,})" for day in _days(told, week, language)]
    parts.append("\n".join([words["chart"], *days]))
    parts += [*notes, f"{words['unsubscribe']}: {unsubscribe}"]
    return "\n\n".join(parts) + "\n"


# ---- HTML ----------------------------------------------------------------------------------------


def _html(letter: _Letter) -> str:
    told, week, language, notes, unsubscribe = letter
    words = TEXTS[language]
    title = words["title"].format(week=week.label)
    rows = [_row(title, "font-size:20px;font-weight:bold;padding:0 0 8px"), _row(told["summary"])]
    for section in SECTIONS:
        if texts := told[section]:
            rows.append(_row(words[section], "font-weight:bold;padding:16px 0 4px"))
            rows += [_row(text, "padding:0 0 8px") for text in texts]
    rows.append(_row(words["chart"], "font-weight:bold;padding:16px 0 4px"))
    rows.append(f"<tr><td>{_chart(list(_days(told, week, language)), words)}</td></tr>")
    small = f"font-size:12px;color:{_MUTED};padding:16px 0 0"
    rows += [_row(note, small) for note in notes]
    link = f'<a href="{escaped(unsubscribe)}" style="color:{_MUTED}">{words["unsubscribe"]}</a>'
    rows.append(f'<tr><td style="{small}">{link}</td></tr>')
    return _PAGE.format(
        lang=language,
        dir="rtl" if language == "he" else "ltr",
        title=escaped(title),
        font=_FONT,
        ink=_INK,
        rows="\n".join(rows),
    )


def _row(text: str, style: str = "padding:0 0 8px") -> str:
    return f'<tr><td style="{style}">{escaped(text)}</td></tr>'


def _chart(days: list[_Day], words: Mapping[str, str]) -> str:
    most = max(max(day.clicks, day.before) for day in days)
    head = "".join(
        f'<th style="text-align:start;font-size:12px;color:{_MUTED};font-weight:normal">{name}</th>'
        for name in (words["day"], "", words["clicks"], words["before"])
    )
    rows = "".join(_bars(day, most) for day in days)
    return (
        '<table width="100%" cellpadding="0" cellspacing="0" border="0"'
        f' style="{_FONT};color:{_INK};font-size:13px"><tr>{head}</tr>{rows}</table>'
    )


def _bars(day: _Day, most: int) -> str:
    bars = _bar(day.clicks, most, _BAR, 10) + _bar(day.before, most, _BAR_BEFORE, 4)
    return (
        f'<tr><td width="80" style="padding:3px 0">{escaped(day.name)}</td>'
        f'<td style="padding:3px 8px">{bars}</td>'
        f'<td width="80">{day.clicks:,}</td><td width="80" style="color:{_MUTED}">'
        f"{day.before:,}</td></tr>"
    )


def _bar(clicks: int, most: int, color: str, height: int) -> str:
    """A table of two cells, of which the first is coloured. None where there is nothing."""
    width = round(_WIDEST * clicks / most) if most else 0
    low = f"height:{height}px;font-size:1px;line-height:{height}px"
    if not width:
        return f'<div style="{low}">&nbsp;</div>'
    rest = ""
    if width < _WIDEST:
        # One that is empty is as high as a line of what Outlook writes in.
        rest = f'<td width="{_WIDEST - width}%" height="{height}" style="{low}">&nbsp;</td>'
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>'
        f'<td width="{width}%" height="{height}" bgcolor="{color}"'
        f' style="background:{color};{low}">'
        f"&nbsp;</td>{rest}</tr></table>"
    )
