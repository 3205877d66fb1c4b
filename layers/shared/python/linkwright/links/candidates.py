"""Links that somebody should look at, and why: what a scan reads in place of all links.

A row says that a link may be one, and is not missing where it is; whoever reads it looks at the
link itself, and dismisses what is none. Decision 42.
"""

from datetime import timedelta
from typing import NamedTuple

from linkwright import clock
from linkwright.table import Item, Key, Table, query
from linkwright.transaction import Outrun, Transaction

# Its cap is nearly used up; it is followed often, and nobody is told what comes of it; it is over
# soon. In the order of their rows, which has those that are over soon last, by when.
NEAR_CAP = "CAP"
UNTRACKED = "CONVERSION"
EXPIRING = "EXPIRY"

SOON = timedelta(days=7)
# Of a cap, in tenths.
_NEAR = 9
# Clicks within so many days, today's with them.
MANY, DAYS = 100, 7
PAGE = 100
# The row of one that is over goes, should nobody change the link.
_KEPT_S = 24 * 3600


def nearly_used(cap: int) -> range:
    """The counts at which a cap is nearly used up: from nine tenths of it on, of a small one its
    last click, and none once it is used up. Of a cap of one there is none.
    """
    return range(max(min(-(-cap * _NEAR // 10), cap - 1), 1), cap)


class Candidate(NamedTuple):
    """`at`, in milliseconds since 1970: a row that was noted again is another."""

    reason: str
    link: str
    at: int
    key: Key


def key(partition: str, reason: str) -> Key:
    return Key(f"W#{partition}#CAND", reason)


def find(
    partition: str, *, behind: Item | None = None, limit: int = PAGE
) -> tuple[list[Candidate], Item | None]:
    """One page, and the key to go on from; by one read of what there is to be looked at."""
    now = clock.now()
    rows, reached = query(
        Table.CORE,
        key(partition, "").pk,
        between=(NEAR_CAP, f"{EXPIRING}#{clock.timestamp(now + SOON)}~"),
        start_after=behind,
        limit=limit,
        newest_first=False,
    )
    first = f"{EXPIRING}#{clock.timestamp(now)}~"
    found = [_candidate(row) for row in rows]
    # What is over is left out, until DynamoDB deletes it.
    return [one for one in found if one.reason != EXPIRING or one.key.sk > first], reached


def dismiss(tx: Transaction, seen: Candidate) -> None:
    """It was looked at. At the commit: `Outrun` if it was noted again meanwhile, or is gone."""
    tx.delete(
        Table.CORE, seen.key, condition="#at = :seen", values={"seen": seen.at}, otherwise=Outrun
    )


def note(tx: Transaction, reason: str, link_id: str) -> None:
    """Have the link looked at for what was seen of its clicks."""
    _put(tx, _key(tx.partition, reason, link_id))


def keep(tx: Transaction, before: Item | None, after: Item | None) -> None:
    """Have what is to be looked at of a link follow its change, by its views; None: there is none.

    What nobody counts again for a change, as a cap that is lower, is to be looked at in any case.
    """
    old, new = _reasons(tx.partition, before), _reasons(tx.partition, after)
    for place in old.keys() - new.keys():
        tx.delete(Table.CORE, place, condition="")
    for place, why in new.items():
        # A new link has no clicks yet.
        if why != old.get(place) and (before is not None or place.sk.startswith(EXPIRING)):
            _put(tx, place)


def rows(view: Item) -> int:
    """How many a new link has."""
    return sum(place.sk.startswith(EXPIRING) for place in _reasons("", view))


def _reasons(partition: str, view: Item | None) -> dict[Key, object]:
    """Where rows of a link may be, and by what of it that is."""
    if view is None or view["archived"] or view["blocked"]:
        return {}
    found: dict[Key, object] = {}
    if "click_cap" in view:
        found[_key(partition, NEAR_CAP, view["id"])] = view["click_cap"]
    if not view["track_conversion"]:
        found[_key(partition, UNTRACKED, view["id"])] = True
    if "expires_at" in view:
        reason = f"{EXPIRING}#{view['expires_at']}"
        found[_key(partition, reason, view["id"])] = view["expires_at"]
    return found


def _key(partition: str, reason: str, link_id: str) -> Key:
    return key(partition, f"{reason}#{link_id}")


def _put(tx: Transaction, place: Key) -> None:
    # In parts of a second: who looked before is not to dismiss what was seen since.
    row: Item = {**place.attributes(), "at": clock.epoch_ms()}
    reason, _, rest = place.sk.partition("#")
    if reason == EXPIRING:
        over = clock.parse(rest.partition("#")[0])
        row["ttl"] = int(over.timestamp()) + _KEPT_S
    tx.put(Table.CORE, row, condition="")


def _candidate(row: Item) -> Candidate:
    (reason, *_, link_id) = row["sk"].split("#")
    return Candidate(reason, link_id, int(row["at"]), Key(row["pk"], row["sk"]))
