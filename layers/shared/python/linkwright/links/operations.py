"""What the other domains ask of links.

What judges URLs and aliases is imported where it is asked: of most, the catalogue of events among
them, only the models are wanted.
"""

from linkwright import clock
from linkwright.links import items
from linkwright.links.domains.models import Domain
from linkwright.links.items import OWN_HOST
from linkwright.links.models import Link, Url
from linkwright.table import Item, Key, Table, get_many

__all__ = ["Domain", "Link", "Url", "free_aliases", "load", "require_target"]


def load() -> None:
    """For `in_advance`: what judges is there before the first request that asks for it."""
    from linkwright.links import aliases, targets  # noqa: F401


def require_target(url: str) -> None:
    """Errors: no URL that a link may lead to (400)."""
    from linkwright.links import targets

    targets.accepted(url, "url")


def free_aliases(candidates: list[str], besides: Key) -> tuple[list[str], Item]:
    """Those that nobody has now, in their order, and an item that is there, read with them."""
    from linkwright.links import aliases

    wanted = [alias for alias in dict.fromkeys(candidates) if alias not in aliases.RESERVED]
    keys = {alias: items.alias_key(OWN_HOST, alias) for alias in wanted}
    found = get_many(Table.CORE, [besides, *keys.values()], strong=True)
    now = clock.epoch()

    def is_free(alias: str) -> bool:
        item = found.get(keys[alias])
        return item is None or ("free_at" in item and item["free_at"] <= now)

    return [alias for alias in wanted if is_free(alias)], found[besides]
