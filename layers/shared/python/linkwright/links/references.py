"""What a link refers to: where it leads, the domain it is on, the campaign it is of.

That these are as they should be is a condition of the link's own write.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from linkwright import ids
from linkwright.errors import ResourceNotFound, ValidationFailed
from linkwright.http import Request
from linkwright.links import aliases, items, targets
from linkwright.links.aliases import Place
from linkwright.links.domains import held, own_names
from linkwright.links.items import OWN_HOST, SERVING
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Otherwise, Outrun, Transaction

# So that a change of a link, with all that it takes away and adds, is one transaction.
MAX_HOSTS = 20
_URLS = ("url", "expired_url", "ios", "android", "og_image")


class Need(NamedTuple):
    """What must hold of another item, and how many more `links` refer to it then."""

    condition: str
    otherwise: Otherwise
    values: Mapping[str, str] = MappingProxyType({})
    adds: int = 0

    def is_met(self, row: Item | None) -> bool:
        if row is None or self.condition == _NOT_THERE:
            return (row is None) == (self.condition == _NOT_THERE)
        return all(row.get(name) == value for name, value in self.values.items())


_THERE, _NOT_THERE = "attribute_exists(#pk)", "attribute_not_exists(#pk)"


Needs = dict[Key, Need]


def judged(fields: Item, request: Request) -> Item:
    """The fields with their URLs as they are kept. Errors: one that is not allowed (400)."""
    own = frozenset({urlsplit(f"//{request.headers.get('host', '')}").hostname or ""})
    if fields.get("alias") is not None:
        aliases.require_free_to_choose(fields["alias"])
    kept: Item = {
        name: targets.accepted(fields[name], name, own)
        for name in _URLS
        if fields.get(name) is not None
    }
    if "geo" in fields:
        kept["geo"] = {
            code: targets.accepted(url, f"geo.{code}", own) for code, url in fields["geo"].items()
        }
    return fields | kept


def host(partition: str, domain: str | None) -> str:
    """Where aliases of a domain are. Errors: no such domain (404), not verified yet (409)."""
    if domain is None:
        return OWN_HOST
    if not ids.matches("dom", domain):
        raise _no_domain()
    known = get(Table.CORE, items.domain_key(partition, domain))
    if known is None:
        raise _no_domain()
    if known["status"] not in SERVING:
        raise held.not_verified()
    return str(known["name"])


def needed(partition: str, before: Item | None, after: Item, place: Place | None = None) -> Needs:
    """What must be so for a link to refer to what it did not refer to before.

    `place` is that of its alias; None, where that is to be another. Errors: more hosts than a link
    may lead to (400).
    """
    view, needs = after["view"], groups(partition, before, after)
    if "domain" in view and not (place and place.is_own):
        needs[items.domain_name_key(after["host"])] = _of_name(view["domain"], place)
    hosts = {targets.host(url): field for field, url in _leading(view)}
    if len(hosts) > MAX_HOSTS:
        raise ValidationFailed(f"A link leads to at most {MAX_HOSTS} hosts.", field="geo")
    # At another name each is new: what it leads to may have become one of links before that did.
    stays = before is not None and after["host"] in {before["host"], OWN_HOST}
    known = {targets.host(url) for _, url in _leading(before["view"] if before and stays else {})}
    for name in sorted(set(hosts) - known):
        where, refused = items.domain_name_key(name), _leads_back(hosts[name])
        if where in needs:
            raise refused()
        needs[where] = Need(_NOT_THERE, refused)
    return needs


def groups(partition: str, before: Item | None, after: Item | None) -> Needs:
    """Have the campaign and the domain of a link know how many they have: an index is later than
    its links are, and whoever deletes one is to leave none behind.
    """
    left, joined = _groups(partition, before), _groups(partition, after)
    return {
        key: (joined.get(key) or left[key]._replace(otherwise=Outrun))._replace(
            adds=(key in joined) - (key in left)
        )
        for key in [*joined, *left]
        if (key in joined) is not (key in left)
    }


def _groups(partition: str, link: Item | None) -> Needs:
    needs, view = Needs(), link["view"] if link else {}
    if (campaign := view.get("campaign")) is not None:
        if not ids.matches("lcmp", campaign):
            raise _no_campaign()
        needs[items.campaign_key(partition, campaign)] = Need(_THERE, _no_campaign)
    if link and (domain := view.get("domain")) is not None:
        where = own_names.key(partition, link["host"])
        needs[where] = Need("#domain = :domain", _no_domain, {"domain": domain})
    return needs


def together(several: list[Needs]) -> Needs:
    """Those of several links: what they share is asked once, and counts all of them."""
    found = Needs()
    for needs in several:
        for key, need in needs.items():
            known = found.get(key)
            found[key] = need._replace(adds=need.adds + known.adds) if known else need
    return found


def require(tx: Transaction, needs: Needs) -> None:
    for key, (condition, otherwise, values, adds) in needs.items():
        if not adds:
            tx.require(Table.CORE, key, condition, values=values, otherwise=otherwise)
            continue
        tx.update(
            Table.CORE,
            key,
            "ADD #links :adds",
            condition=condition,
            values={**values, "adds": adds},
            otherwise=otherwise,
        )


def takes(view: Item, place: Place) -> bool:
    """Whether a link takes its alias anew though that is no other: whose the name is again."""
    return not place.is_own and place.owner == view.get("domain")


def _of_name(domain: str, place: Place | None) -> Need:
    """Not that it is among the workspace's: that nobody else has proven the name since. Where
    somebody has, and the link keeps an alias that leads nobody: that this is still so.
    """
    if place is None or place.owner == domain:
        return Need("#domain = :domain", held.not_verified, {"domain": domain})
    if place.owner is None:
        return Need(_NOT_THERE, Outrun)
    return Need("#domain = :domain", Outrun, {"domain": place.owner})


def _leading(view: Item) -> Iterator[tuple[str, str]]:
    """Field and URL of each target of a link."""
    for code, url in view.get("geo", {}).items():
        yield f"geo.{code}", url
    for name in ("android", "ios", "expired_url", "url"):
        if name in view:
            yield name, view[name]


def _leads_back(field: str) -> Otherwise:
    return lambda: targets.refused(field, "must not lead back to a short link")


def _no_campaign() -> ResourceNotFound:
    return ResourceNotFound("There is no such campaign.", field="campaign")


def _no_domain() -> ResourceNotFound:
    return ResourceNotFound("There is no such domain.", field="domain")
