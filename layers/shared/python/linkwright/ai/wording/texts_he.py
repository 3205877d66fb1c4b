"""What is said of each kind of finding in Hebrew: those sentences whose facts are there."""

from collections.abc import Mapping, Sequence

# When it was: on one day, on the days up to one, or up to now.
_WITHIN = ("ב-{day}", "ב-{span} עד {until}", "ב-{span} האחרונים")


def _timed(text: str) -> list[str]:
    return [text.replace("{within}", within) for within in _WITHIN]


_DAY = (
    "ב-{day} הגיעו {clicks}, {change} לעומת {usual}.",
    "מתוך ההפרש, {segment_share} הגיעו מ-{segment}.",
    "השינוי האחרון בקישור היה ב-{changed}.",
)
_TREND = (
    "ב-{span} עד {until} הגיעו {clicks}, {change} לעומת {before} ב-{span} שלפניהם.",
    "ב-{span} האחרונים הגיעו {clicks}, {change} לעומת {before} ב-{span} שלפניהם.",
    "מתוך ההפרש, {segment_share} הגיעו מ-{segment}.",
    "בשאר סביבת העבודה היו {rest}.",
)
_CONVERSION = ("{rate} מהקליקים הומרו, לעומת {rest} בשאר סביבת העבודה.",)

TEXTS: Mapping[str, Sequence[str]] = {
    "drop": _DAY,
    "spike": _DAY,
    "collection_gap": ("ב-{day} בלטו יחד {share} מהקישורים: כדאי לבדוק אם הקליקים נספרו.",),
    "gap_with_rest": (
        "ב-{day} גם בשאר סביבת העבודה היו {rest} לעומת הרגיל: כדאי לבדוק אם הקליקים נספרו.",
    ),
    "dead": ("{since}, לאחר {before} ב-{span} שלפניו.",),
    "growth": _TREND,
    "decline": _TREND,
    "weekday": _timed("{weekday} בולטים עם {share} מכל הקליקים {within}."),
    "hour": _timed("השעה {hour} בולטת עם {share} מכל הקליקים {within}."),
    "concentration": ("{share} מכל הקליקים הגיעו מ-{segment}.",),
    "scanned": ("{scans} של קוד QR הן {share} מכל הקליקים.",),
    "ahead": _timed("כאן נרשמו {share} מכל הקליקים של סביבת העבודה {within}, {clicks}."),
    "bots": ("{bots} מהווים {share} מהתנועה, והם נספרים בנפרד.",),
    "converts_more": _CONVERSION,
    "converts_less": _CONVERSION,
    "untracked": _timed(
        "{clicks} הגיעו {within} בלי מעקב: הפעילו מעקב המרות כדי לראות מה יוצא מהם."
    ),
    "untagged": _timed(
        "{clicks} הגיעו {within} בלי פרמטרים של UTM: הוסיפו אותם כדי לדעת מהיכן הגיעו."
    ),
    "expiring": ("תוקפו של הקישור פג ב-{expires}: האריכו אותו כדי להשאיר אותו פתוח.",),
    "near_cap": ("{taken} מהתקרה נוצלו: הרחיבו את התקרה כדי להשאיר את הקישור פתוח.",),
}
SUMMARY = (
    "{clicks} הגיעו מ-{week}, {change} לעומת {before} בתקופה שלפניה: {verdict}.",
    "{clicks} הגיעו מ-{week}, {change} לעומת {before} בתקופה שלפניה.",
    "{clicks} הגיעו מ-{week}: {verdict}.",
    "{clicks} הגיעו מ-{week}.",
    "{clicks} הגיעו ב-{day}: {verdict}.",
    "{clicks} הגיעו ב-{day}.",
    "{clicks} הגיעו במהלך {span}: {verdict}.",
    "{clicks} הגיעו במהלך {span}.",
)
OF_LINK = "{link}: "
REASONS: Mapping[str, Sequence[str]] = {
    "enable_conversion_tracking": _timed("{clicks} הגיעו {within} בלי מעקב המרות."),
    "set_utm": _timed("{clicks} הגיעו {within} בלי פרמטרים של UTM."),
}
