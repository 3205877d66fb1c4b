"""When a step of a sequence is due."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from linkwright.mailer.campaigns.limits import limits

_A_DAY = timedelta(days=1)
_SATURDAY = 5


def after(step: Mapping[str, Any], moment: datetime, zone: str) -> datetime:
    """When a step is due, by when the one before was really sent."""
    days, of = int(step["delay_days"]), limits()
    if not step["business_days"] or of.day < _A_DAY:
        return moment + days * of.day
    local = moment.astimezone(ZoneInfo(zone))
    while days > 0:
        local += _A_DAY
        days -= local.weekday() < _SATURDAY
    return local
