"""What the other domains ask of links.

What judges URLs and aliases is imported where it is asked: of most, the catalogue of events among
them, only the models are wanted.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from linkwright import clock, usage
from linkwright.http import Request
from linkwright.links import candidates as noted
from linkwright.links import items
from linkwright.links.candidates import (
    DAYS,
    EXPIRING,
    MANY,
    NEAR_CAP,
    SOON,
    UNTRACKED,
    Candidate,
    dismiss,
    nearly_used,
)
from linkwright.links.domains.models import Domain
from linkwright.links.items import OWN_HOST, UTM, LinkView
from linkwright.links.models import MAX_COUNTRIES, Link, Url, Utm
from linkwright.table import Item, Key, Table, get_many, query
from linkwright.transaction import Outrun, Transaction

__all__ = [
    "DAYS",
    "EXPIRING",
    "MANY",
    "MAX_COUNTRIES",
    "NEAR_CAP",
    "SOON",
    "UNTRACKED",
    "UTM",
    "Candidate",
    "Domain",
    "Link",
    "LinkView",
    "Url",
    "Utm",
    "candidates",
    "change",
    "counted",
    "dismiss",
    "find",
    "free_aliases",
    "leading",
    "load",
    "load_changes",
    "nearly_used",
    "newest",
    "require_target",
    "require_unchanged",
    "rows",
    "stored",
]


def load() -> None:
    """For `in_advance`: what judges and reads is there before the first request asks for it."""
    from linkwright.links import aliases, links, targets  # noqa: F401
    from linkwright.links.domains import held  # noqa: F401
    from linkwright.links.metrics import days  # noqa: F401


def load_changes() -> None:
    """The same, of what changes links."""
    from linkwright.links import changes  # noqa: F401


def require_target(url: str, field: str = "url") -> str:
    """The URL as a link keeps it. Errors: none that a link may lead to (400)."""
    from linkwright.links import targets

    return targets.accepted(url, field)


def find(partition: str, link_id: str) -> LinkView:
    """Errors: no such link (404)."""
    from linkwright.links import links

    view: LinkView = links.existing(partition, link_id)["view"]
    return view


def stored(partition: str, link_id: str) -> Item | None:
    """What `change` takes: the `view`, and its version as `v`."""
    from linkwright.links import links

    return links.stored(partition, link_id)


def change(row: Item, fields: Item, request: Request, tx: Transaction) -> Link:
    """Have a link that was just read have other fields, as a PATCH would, with all that follows.

    Errors: those of a PATCH. Raises `Outrun` at the commit where it was changed since.
    """
    from linkwright.links import changes

    return changes.change_fields(row, fields, request, tx)


def candidates(
    partition: str, behind: Item | None, limit: int
) -> tuple[list[Candidate], Item | None]:
    """A page of the links that somebody should look at, and the key to go on from."""
    return noted.find(partition, behind=behind, limit=limit)


def rows(partition: str, link_ids: Iterable[str], besides: Key) -> tuple[dict[str, Item], int]:
    """Up to 98 links as `change` takes them, by their ids, and how many the workspace has: by one
    strong read, with an item that is there.
    """
    keys = {link_id: items.link_key(partition, link_id) for link_id in link_ids}
    counter = usage.standing(partition, "links")
    found = get_many(Table.CORE, [besides, counter, *keys.values()], strong=True)
    number = int(found.get(counter, {}).get("committed", 0))
    return {link: found[key] for link, key in keys.items() if key in found}, number


def require_unchanged(tx: Transaction, row: Item) -> None:
    """Let a change happen only if a link is as it was read. Raises `Outrun` at the commit."""
    where = items.link_key(tx.partition, row["sk"])
    tx.require(Table.CORE, where, "#v = :seen", values={"seen": row["v"]}, otherwise=Outrun)


def newest(partition: str, limit: int) -> list[LinkView]:
    """Of the links that are not archived, the newest first, by one read of what a list shows."""
    of = items.archived_partition(partition, archived=False)
    rows, _ = query(Table.CORE, of, index="gsi3", limit=limit)
    return [row["view"] for row in rows]


def leading(partition: str, links: list[LinkView]) -> list[LinkView]:
    """Those that lead somewhere now, by short URLs that are theirs: of domains that others have by
    now none. One read, where any is on a domain.
    """
    from linkwright.links.domains import held

    now = clock.timestamp()
    able = [
        link
        for link in links
        if not (link["archived"] or link["blocked"] or link.get("expires_at", "9") <= now)
    ]
    not_theirs = held.others(partition, able)
    return [link for link in able if link["id"] not in not_theirs]


def counted(partition: str, link_id: str, first: date, last: date) -> Counter[str]:
    """What was counted of a link on these days of the workspace's zone, as `metrics/rows.py` names
    it.
    """
    from linkwright.links.metrics import days

    rows = items.link_rows(partition, link_id)
    low, high = (items.day_row(rows, f"{day:%Y%m%d}") for day in (first, last))
    return days.total(days.between(low, high).values())


def free_aliases(candidates: list[str], besides: Key) -> tuple[list[str], Item]:
    """Those that nobody has now, in their order, and an item that is there, read with them."""
    from linkwright.links import aliases

    wanted = [alias for alias in dict.fromkeys(candidates) if alias not in aliases.RESERVED]
    keys = {alias: items.alias_key(OWN_HOST, alias) for alias in wanted}
    found = get_many(Table.CORE, [besides, *keys.values()], strong=True)
    free = [alias for alias in wanted if aliases.is_free(found.get(keys[alias]))]
    return free, found[besides]
