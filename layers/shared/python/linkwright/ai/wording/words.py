"""The words that code puts in for values, by language."""

from collections.abc import Mapping

MONTHS: Mapping[str, list[str]] = {
    "en": [
        *("January", "February", "March", "April", "May", "June", "July", "August"),
        *("September", "October", "November", "December"),
    ],
    "he": [
        *("בינואר", "בפברואר", "במרץ", "באפריל", "במאי", "ביוני", "ביולי", "באוגוסט"),
        *("בספטמבר", "באוקטובר", "בנובמבר", "בדצמבר"),
    ],
}
# From Monday on.
DAY_NAMES: Mapping[str, list[str]] = {
    "en": [
        *("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"),
    ],
    "he": ["ימי שני", "ימי שלישי", "ימי רביעי", "ימי חמישי", "ימי שישי", "ימי שבת", "ימי ראשון"],
}
# Of one, and of any other number.
NOUNS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "clicks": ("1 click", "clicks"),
        "scans": ("1 scan", "scans"),
        "bot_clicks": ("1 visit of a bot", "visits of bots"),
        "conversions": ("1 conversion", "conversions"),
        "links": ("1 link", "links"),
        "days": ("1 day", "days"),
    },
    "he": {
        "clicks": ("קליק אחד", "קליקים"),
        "scans": ("סריקה אחת", "סריקות"),
        "bot_clicks": ("ביקור אחד של בוט", "ביקורים של בוטים"),
        "conversions": ("המרה אחת", "המרות"),
        "links": ("קישור אחד", "קישורים"),
        "days": ("יום אחד", "ימים"),
    },
}
PHRASES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "more": "{} more",
        "fewer": "{} fewer",
        "usual": "the usual {}",
        "day": "{} {} {}",
        "to": "{} to {}",
        "since": "no {} since {}",
        "country": "the country {}",
        "quoted": "“{}”",
        "none": "there is nothing to tell yet",
        "little": "too few to tell anything",
        "quiet": "nothing stands out",
    },
    "he": {
        "more": "{} יותר",
        "fewer": "{} פחות",
        "usual": "{} בדרך כלל",
        "day": "{} {} {}",
        "to": "{} עד {}",
        "since": "אין {} מאז {}",
        "country": "המדינה {}",
        "quoted": "״{}״",
        "none": "אין עדיין מה לספר",
        "little": "מעט מכדי לספר משהו",
        "quiet": "שום דבר אינו חריג",
    },
}
SEGMENTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "mobile": "mobile phones",
        "tablet": "tablets",
        "desktop": "computers",
        "tv": "televisions",
        "direct": "direct visits",
    },
    "he": {
        "mobile": "טלפונים ניידים",
        "tablet": "טאבלטים",
        "desktop": "מחשבים",
        "tv": "טלוויזיות",
        "direct": "כניסות ישירות",
    },
}
