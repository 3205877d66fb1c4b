"""What a digest tells, as the job of its mail keeps it: texts that are filled in, and numbers."""

from typing import Any

from linkwright.ai.digest.summary import Told
from linkwright.ai.facts.series import Series
from linkwright.ai.insight.telling import SECTIONS
from linkwright.ai.wording.values import Language
from linkwright.weeks import Week


def of(told: Told, week: Week, language: Language) -> dict[str, Any]:
    shown = told.shown
    return {
        "language": language,
        "first": f"{week.first}",
        "summary": shown.summary,
        **{name: [one.text for one in getattr(shown, name)] for name in SECTIONS},
        "clicks": _daily(told.of_week),
        "before": _daily(told.before),
    }


def _daily(series: Series) -> list[int]:
    return [int(day.get("clicks", 0)) for day in series.days]
