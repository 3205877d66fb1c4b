"""What a day and a second of a throttle are: in the local cloud little, so that a sequence of weeks
can be looked at in a minute.
"""

from datetime import timedelta
from typing import NamedTuple

from linkwright.settings import settings


class Limits(NamedTuple):
    """How long a day of a delay takes, and a second of a gap; how many a mailbox may send for each
    that it may, and whether one that has just begun sends less.
    """

    day: timedelta
    second: timedelta
    cap: int
    has_ramp: bool


REAL = Limits(timedelta(days=1), timedelta(seconds=1), 1, has_ramp=True)
HURRIED = Limits(timedelta(seconds=1), timedelta(seconds=0.1), 100, has_ramp=False)


def limits() -> Limits:
    return HURRIED if settings().stage == "local" else REAL
