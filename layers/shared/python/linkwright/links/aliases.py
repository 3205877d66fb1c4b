"""The space of aliases, which all workspaces and both modes share: who has one, and until when."""

import secrets
from datetime import timedelta
from typing import NamedTuple, cast

from linkwright import clock
from linkwright.errors import Conflict, ValidationFailed
from linkwright.http import Request
from linkwright.links import items
from linkwright.links.items import AliasItem
from linkwright.settings import settings
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun, Transaction

# What other routes take, or may come to take.
RESERVED = frozenset(
    {
        *("api", "callbacks", "console", "docs", "health", "v1", "v2", "www", "app", "admin"),
        *("login", "signup", "status", "static", "assets"),
    }
)
# Without what looks alike in print: 0 and o, 1, i and l.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
CHARS = 7
# For so long nobody has an alias that was given up: it is printed somewhere.
QUARANTINE = timedelta(days=30)

_TARGETS = ("ios", "android")
_SAME = ("url", "expires_at", "expired_url", "click_cap", "campaign", "domain")
_SHOWN_TO_PREVIEWS = ("og_title", "og_description", "og_image")
_WHERE_SET = ("track_conversion", "archived", "blocked", "geo")


class Place(NamedTuple):
    """A link's alias as it is: whether its item is the link's, and if not, which domain has the
    name.
    """

    is_own: bool
    owner: str | None = None


def new() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CHARS))


def require_free_to_choose(alias: str) -> None:
    """Errors: a word that is not given out (400)."""
    if alias in RESERVED:
        raise ValidationFailed("Field 'alias' must not be a reserved word.", field="alias")


def short_url(host: str, alias: str, request: Request) -> str:
    """The address of an alias: at its domain, or where the API is asked."""
    if host != items.OWN_HOST:
        return f"https://{host}/{alias}"
    if settings().domain_name:
        return f"https://{settings().domain_name}/{alias}"
    scheme = "http" if request.headers.get("x-forwarded-proto") == "http" else "https"
    return f"{scheme}://{request.headers.get('host', '')}{request.base}/{alias}"


def take(tx: Transaction, link: Item, *, chosen: bool) -> None:
    """The link's alias is its own from now on: that its domain has the name is another condition of
    the transaction, of `references.needed`. At the commit: another link has it, or had it less than
    30 days ago (409 `alias_taken`); of one that nobody chose, `Outrun`.
    """
    domain, condition = link["view"].get("domain"), _FREE
    values: Item = {"now": clock.epoch()}
    if domain is not None:
        condition += _FREE_AT_DOMAIN
        values |= {"domain": domain, "workspace": tx.partition}
    tx.put(
        Table.CORE,
        dict(item(tx.partition, link)),
        condition=condition,
        values=values,
        otherwise=taken if chosen else Outrun,
    )


_FREE = "attribute_not_exists(#pk) OR #free_at <= :now"
# Of who had the name before it was proven by this domain: nobody is led by it any more. Whoever has
# deleted a domain and added its name anew is who had it; the other mode of a workspace is not.
_FREE_AT_DOMAIN = (
    " OR (attribute_exists(#domain) AND #domain <> :domain"
    " AND (attribute_not_exists(#workspace) OR #workspace <> :workspace))"
)


def is_free(row: Item | None, domain: str | None = None, partition: str = "") -> bool:
    """Whether a link on a domain, or on none, may take the alias of a row: as `take` asks."""
    if row is None or row.get("free_at", clock.epoch() + 1) <= clock.epoch():
        return True
    if domain is None or row.get("domain", domain) == domain:
        return False
    return bool(row.get("workspace") != partition)


def change(tx: Transaction, link: Item) -> None:
    """Have the redirect know of the link as it is now, whose own its alias is."""
    tx.put(
        Table.CORE,
        dict(item(tx.partition, link)),
        condition="#link = :link",
        values={"link": link["sk"]},
        otherwise=Outrun,
    )


def give_up(tx: Transaction, link: Item) -> None:
    """Nobody has the link's alias for 30 days, and then anybody may; who has its domain's name by
    then, at once.
    """
    if not is_own(link):
        return
    free_at = clock.epoch() + int(QUARANTINE.total_seconds())
    gone: AliasItem = {
        **_key(link),
        "gone_at": clock.timestamp(),
        "free_at": free_at,
        "ttl": free_at,
    }
    if domain := link["view"].get("domain"):
        gone |= {"domain": domain, "workspace": tx.partition}
    tx.put(
        Table.CORE,
        dict(gone),
        condition="#link = :link",
        values={"link": link["sk"]},
        otherwise=Outrun,
    )


def place(link: Item) -> Place:
    if is_own(link):
        return Place(is_own=True)
    name = get(Table.CORE, items.domain_name_key(link["host"]))
    return Place(is_own=False, owner=str(name["domain"]) if name else None)


def is_own(link: Item) -> bool:
    """Not where whoever has its domain's name, or had it meanwhile, has taken the alias.

    It is also where that one has not: the item leads nobody, and will if the name comes back.
    """
    if link["host"] == items.OWN_HOST:
        return True
    found = get(Table.CORE, items.alias_key(link["host"], link["view"]["alias"]))
    return found is not None and found.get("link") == link["sk"]


def taken() -> Conflict:
    return Conflict("The alias is taken.", reason="alias_taken")


def item(partition: str, link: Item) -> AliasItem:
    """All that the redirect needs of a link; what it has no value for is left out."""
    view = link["view"]
    found: Item = {
        **_key(link),
        "partition": partition,
        "link": link["sk"],
        "forward_query": view["forward_query"],
        "password": link.get("password"),
        "utm": {name: value for name, value in view.items() if name.startswith("utm_")} or None,
        "devices": {name: view[name] for name in _TARGETS if name in view} or None,
        **{name: view.get(name) for name in (*_SAME, *_SHOWN_TO_PREVIEWS)},
        **{name: view[name] or None for name in _WHERE_SET},
    }
    return cast(AliasItem, {name: value for name, value in found.items() if value is not None})


def _key(link: Item) -> AliasItem:
    where = items.alias_key(link["host"], link["view"]["alias"])
    return {"pk": where.pk, "sk": where.sk}
