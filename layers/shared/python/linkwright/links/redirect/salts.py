"""The salt of a day, which makes a visitor's hash good for that day alone.

A job makes it a day ahead and deletes it within two (`functions/schedules/forget_visits.py`). Where
it is missing the first who needs it makes it: of several at once all get the same.
"""

import secrets
from datetime import datetime
from functools import cache

from linkwright import clock
from linkwright.links.items import salt_key
from linkwright.startup import in_advance
from linkwright.table import Table, get, update

_BYTES = 32
# Should the job not come.
_KEPT_S = 48 * 3600
# Today's, and yesterday's of a process that goes on over midnight.
_KNOWN_DAYS = 2


@in_advance
def read_today() -> None:
    of(day(clock.now()))


def day(moment: datetime) -> str:
    """As 20261128, UTC."""
    return moment.strftime("%Y%m%d")


def of(asked: str) -> bytes:
    """Raises `Unavailable`."""
    known = _known()
    if asked not in known:
        known[asked] = _read(asked)
        # Those that were read first: what was asked for stays, be it of a day before them.
        for first in list(known)[:-_KNOWN_DAYS]:
            known.pop(first, None)
    return known[asked]


def forget() -> None:
    """What a process knows of salts."""
    _known().clear()


@cache
def _known() -> dict[str, bytes]:
    return {}


def _read(asked: str) -> bytes:
    found = get(Table.CLICKS, salt_key(asked)) or make(asked)
    return bytes.fromhex(found["salt"])


def make(asked: str) -> dict[str, str]:
    """The day's item, which is made where there is none."""
    made: dict[str, str] = update(
        Table.CLICKS,
        salt_key(asked),
        "SET #salt = if_not_exists(#salt, :salt), #ttl = if_not_exists(#ttl, :ttl)",
        values={"salt": secrets.token_hex(_BYTES), "ttl": clock.epoch() + _KEPT_S},
    )
    return made
