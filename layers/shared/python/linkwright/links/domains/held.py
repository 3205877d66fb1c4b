"""Whether short URLs on domains are still their links' own: a name may be another's by now.

Apart, as whoever hands out an address is not to pay for what judges targets.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from linkwright.errors import Conflict
from linkwright.links import aliases, items
from linkwright.links.items import LinkView
from linkwright.table import Key, Table, get_many

# An item of each and its domain's: a read takes a hundred.
_LINKS_AT_ONCE = 49


def others(partition: str, links: list[LinkView]) -> dict[str, Conflict]:
    """Of links whose short URL is not theirs, by their ids: why not. Of their own host all is.

    By one read for each 49 links, and none where all are at the API's own address.
    """
    on_domains = [link for link in links if "domain" in link]
    found: dict[str, Conflict] = {}
    for at in range(0, len(on_domains), _LINKS_AT_ONCE):
        found |= _others(partition, on_domains[at : at + _LINKS_AT_ONCE])
    return found


def _others(partition: str, links: list[LinkView]) -> Iterator[tuple[str, Conflict]]:
    keys = {link["id"]: _keys(link) for link in links}
    from linkwright.workspace.operations import place  # of who has no domain this is no part

    # With one that is there for certain: an answer without any proves nothing.
    asked = {place(partition), *(key for both in keys.values() for key in both)}
    known = get_many(Table.CORE, list(asked), strong=True)
    for link in links:
        name, alias = (known.get(key, {}) for key in keys[link["id"]])
        if name.get("domain") != link["domain"]:
            yield link["id"], not_verified()
        elif alias.get("link") != link["id"]:
            yield link["id"], aliases.taken()


def _keys(link: LinkView) -> tuple[Key, Key]:
    """Of its domain's name, and of its alias there."""
    name = urlsplit(link["short_url"]).hostname or ""
    return items.domain_name_key(name), items.alias_key(name, link["alias"])


def not_verified() -> Conflict:
    return Conflict("The domain is not verified.", reason="domain_not_verified")
