"""What clicks that were counted say of their link: that somebody should look at it.

It is asked after they were counted, and of each delivery, also where all were counted before: of
two who count at once the later one sees what both counted, and one that died here is delivered
again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from linkwright.links import candidates, items
from linkwright.links.candidates import DAYS, MANY, nearly_used
from linkwright.links.metrics.rows import Place
from linkwright.table import Item, Table, get, query
from linkwright.transaction import Transaction


class _Gone(Exception):
    """The link was deleted meanwhile."""


def look(place: Place, clicks: Sequence[Item]) -> None:
    """Raises `Unavailable`: it is to be asked again."""
    people = [one for one in clicks if "bot" not in one and "event" not in one]
    caps = {int(one["cap"]) for one in people if "cap" in one}
    if caps and _is_near_one(caps, _passed(place.link)):
        _note(place, candidates.NEAR_CAP)
    if any("tracks" not in one for one in people) and _of_the_week(place) >= MANY:
        _note(place, candidates.UNTRACKED)


def _is_near_one(caps: set[int], passed: int) -> bool:
    """Of a cap that was changed there are clicks by both."""
    return any(passed in nearly_used(cap) for cap in caps)


def _passed(link_id: str) -> int:
    return int((get(Table.CLICKS, items.cap_key(link_id)) or {}).get("passed", 0))


def _of_the_week(place: Place) -> int:
    last = datetime.strptime(place.day + "+0000", "%Y%m%d%z")
    first = (last - timedelta(days=DAYS - 1)).strftime("%Y%m%d")
    rows, _ = query(
        Table.METRICS,
        items.link_rows(place.partition, place.link),
        between=(first, place.day),
        limit=DAYS,
        strong=True,
    )
    return sum(int(row.get("clicks", 0)) for row in rows)


def _note(place: Place, reason: str) -> None:
    tx = Transaction(place.partition, "")
    tx.require(Table.CORE, items.link_key(place.partition, place.link), otherwise=_Gone)
    candidates.note(tx, reason, place.link)
    try:
        tx.commit()
    except _Gone:
        return
