"""What is asked for of a link's numbers, and what is shown of them."""

import re
from datetime import date, timedelta
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from linkwright.fields import Model, RequestModel, Time, TimeZone

Interval = Literal["hour", "day", "week", "month"]

MOST_DAYS = 366
MOST_DAYS_BY_HOUR = 31
# Nobody had a link before, and no calendar ends soon after.
_FIRST, _LAST = date(2020, 1, 1), date(2999, 12, 31)
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TEXT = f"must be a day from {_FIRST} on, as 2026-11-28"


def _day(raw: object) -> date:
    try:
        day = date.fromisoformat(raw) if isinstance(raw, str) and _FORM.fullmatch(raw) else None
    except ValueError:
        day = None
    if day is None or not _FIRST <= day <= _LAST:
        raise PydanticCustomError("day", _TEXT)
    return day


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


class AnalyticsQuery(RequestModel):
    """Days of `timezone`, both of them included; the last 30 unless told otherwise.

    At most 366 days, by the hour at most 31. A zone that is not the workspace's own must be whole
    hours from UTC, and is answered of the last 90 days.
    """

    from_: Day | None = Field(default=None, alias="from")
    to: Day | None = None
    interval: Interval = "day"
    timezone: TimeZone | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.from_ is not None and self.to is not None and self.to < self.from_:
            raise PydanticCustomError("range", "must not have a 'to' before its 'from'")
        return self


class Point(Model):
    """What was counted from `start` on, until the next one."""

    start: Time
    clicks: int
    bot_clicks: int
    qr: int
    conversions: int


class Share(Model):
    """How many clicks were of something; for conversions, how many of them."""

    name: str
    count: int


class Breakdowns(Model):
    """Clicks by what is known of them, the most frequent first; `conversion` is by event.

    Of more than 50 the rest is `other`. `qr` tells scans, `qr`, from all else, `link`.
    """

    country: list[Share]
    device: list[Share]
    browser: list[Share]
    referrer: list[Share]
    qr: list[Share]
    conversion: list[Share]


class Analytics(Model):
    """How often a link was followed by people: a visitor counts once an hour.

    `bot_clicks` are all others, and `previews` those of them that showed somebody what is behind
    it. `values` are sums of what conversions were worth, by currency, in its smallest unit.
    """

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    link_id: str
    from_: date = Field(alias="from")
    to: date
    interval: Interval
    timezone: str
    clicks: int
    bot_clicks: int
    previews: int
    qr: int
    conversions: int
    values: dict[str, int]
    series: list[Point]
    breakdowns: Breakdowns


def bounds(query: AnalyticsQuery, today: date) -> tuple[date, date]:
    """The first and the last day. Raises `ValueError` with what is wrong with them."""
    to = query.to or max(today, query.from_ or today)
    first = query.from_ or to - timedelta(days=29)
    most = MOST_DAYS_BY_HOUR if query.interval == "hour" else MOST_DAYS
    if (to - first).days >= most:
        raise ValueError(f"must be at most {most} days in all for this interval")
    return first, to
