"""The words of the mail that no model writes, by language."""

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "subject": "Your week {week}: {clicks}",
        "title": "Your links, week {week}",
        "anomalies": "What stood out",
        "why": "How it develops",
        "recommendations": "What to do",
        "chart": "Clicks of each day, and of the week before",
        "day": "Day",
        "clicks": "Clicks",
        "before": "Week before",
        "test": "Of test mode.",
        "why_me": "It is mailed to the owners and admins of {workspace}.",
        "unsubscribe": "Unsubscribe",
    },
    "he": {
        "subject": "השבוע שלך, {week}: {clicks}",
        "title": "הקישורים שלך, שבוע {week}",
        "anomalies": "מה בלט",
        "why": "איך זה מתפתח",
        "recommendations": "מה כדאי לעשות",
        "chart": "קליקים בכל יום, ובשבוע שלפניו",
        "day": "יום",
        "clicks": "קליקים",
        "before": "השבוע שלפניו",
        "test": "ממצב בדיקה.",
        "why_me": "נשלח לבעלים ולמנהלים של {workspace}.",
        "unsubscribe": "ביטול ההרשמה",
    },
}
DAYS: Mapping[str, list[str]] = {
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    "he": ["ב׳", "ג׳", "ד׳", "ה׳", "ו׳", "ש׳", "א׳"],
}
