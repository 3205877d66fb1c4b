"""What a link refers to: where it leads, the domain it is on, the campaign it is of.

That these are as they should be is a condition of the link's own write.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from linkwright import ids
from linkwright.errors import Conflict, ResourceNotFound, ValidationFailed
from linkwright.http import Request
from linkwright.links import aliases, items, targets
from linkwright.links.items import OWN_HOST, SERVING
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Otherwise, Transaction

# So that a change of a link, with all that it takes away and adds, is one transaction.
MAX_HOSTS = 20
_URLS = ("url", "expired_url", "ios", "android", "og_image")


class Need(NamedTuple):
    """What must hold of another item."""

    condition: str
    otherwise: Otherwise
    values: Mapping[str, str] = MappingProxyType({})

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
        raise _not_verified()
    return str(known["name"])


def needed(partition: str, before: Item, after: Item, host: str) -> Needs:
    """What must be so for a link at a host to refer to what it did not refer to before.

    Errors: more hosts than a link may lead to (400).
    """
    needs: Needs = {}
    if "campaign" in after and before.get("campaign") != after["campaign"]:
        if not ids.matches("lcmp", after["campaign"]):
            raise _no_campaign()
        needs[items.campaign_key(partition, after["campaign"])] = Need(_THERE, _no_campaign)
    if "domain" in after and before.get("domain") != after["domain"]:
        # Not that it is among the workspace's: that nobody else has proven the name since.
        needs[items.domain_name_key(host)] = Need(
            "#domain = :domain", _not_verified, {"domain": after["domain"]}
        )
    hosts = {targets.host(url): field for field, url in _leading(after)}
    if len(hosts) > MAX_HOSTS:
        raise ValidationFailed(f"A link leads to at most {MAX_HOSTS} hosts.", field="geo")
    known = {targets.host(url) for _, url in _leading(before)}
    for name in sorted(set(hosts) - known):
        where, refused = items.domain_name_key(name), _leads_back(hosts[name])
        if where in needs:
            raise refused()
        needs[where] = Need(_NOT_THERE, refused)
    return needs


def require(tx: Transaction, needs: Needs) -> None:
    for key, (condition, otherwise, values) in needs.items():
        tx.require(Table.CORE, key, condition, values=values, otherwise=otherwise)


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


def _not_verified() -> Conflict:
    return Conflict("The domain is not verified.", reason="domain_not_verified")


def _no_domain() -> ResourceNotFound:
    return ResourceNotFound("There is no such domain.", field="domain")
