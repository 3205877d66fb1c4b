"""Making, changing and deleting links: the link, its alias and all that finds it, together."""

from collections.abc import Callable
from typing import cast

from linkwright import clock, ids, usage
from linkwright.auth import Account
from linkwright.errors import Conflict
from linkwright.http import IfMatch, Request
from linkwright.links import aliases, candidates, items, links, passwords, references
from linkwright.links.items import LinkItem, LinkView
from linkwright.links.models import CreateLink, Link, UpdateLink, UpsertLink
from linkwright.table import Item, Table
from linkwright.transaction import Otherwise, Outrun, Transaction

DIMENSION = "links"
_FIRST = 1


def create(account: Account, wanted: CreateLink, request: Request, tx: Transaction) -> Link:
    """Errors: a target or an alias that is not allowed (400), no such campaign or domain (404), an
    alias or external id that is taken (409), the plan has no more links (402).
    """
    link = made(account.partition, wanted, request)
    references.require(tx, references.needed(account.partition, None, link))
    put(tx, link, chosen=wanted.alias is not None)
    usage.occupy(account, DIMENSION, 1, tx)
    return links.shown(link)


def change(
    account: Account,
    link_id: str,
    wanted: UpdateLink,
    if_match: IfMatch,
    request: Request,
    tx: Transaction,
) -> Link:
    """Errors: no such link (404), it is not at the version named (409), and those of `create`."""
    row = links.existing(account.partition, link_id)
    if row["v"] != if_match.version:
        raise _outdated()
    return _changed(row, wanted.values(sent=True), request, tx, otherwise=_outdated)


def change_fields(row: Item, fields: Item, request: Request, tx: Transaction) -> Link:
    """What a PATCH of a link that was just read comes to. Errors: those of `create`.

    Raises `Outrun` at the commit where it was changed since.
    """
    return _changed(row, fields, request, tx, otherwise=Outrun)


def upsert(account: Account, wanted: UpsertLink, request: Request, tx: Transaction) -> Link:
    """Make a link, or change the one that has the external id. Errors: those of `create`."""
    row = links.by_external_id(account.partition, wanted.external_id)
    if row is None:
        link = made(account.partition, wanted, request)
        references.require(tx, references.needed(account.partition, None, link))
        put(tx, link, chosen=wanted.alias is not None, otherwise=Outrun)
        usage.occupy(account, DIMENSION, 1, tx)
        return links.shown(link)
    fields = wanted.values(sent=True)
    if fields.get("alias") is None:
        fields.pop("alias", None)
    return _changed(row, fields, request, tx, otherwise=Outrun)


def delete(account: Account, link_id: str, tx: Transaction) -> None:
    """The alias leads nowhere from now on, and is free in 30 days. Errors: no such link (404)."""
    row = links.existing(account.partition, link_id)
    partition, view = account.partition, row["view"]
    tx.delete(
        Table.CORE,
        items.link_key(partition, link_id),
        condition="#v = :seen",
        values={"seen": row["v"]},
        otherwise=Outrun,
    )
    references.require(tx, references.groups(partition, row, None))
    aliases.give_up(tx, row)
    if "external_id" in view:
        _free_external_id(tx, view["external_id"])
    _tag(tx, row["sk"], view["tags"], [])
    candidates.keep(tx, view, None)
    tx.delete(Table.CLICKS, items.cap_key(link_id), condition="")
    usage.vacate(partition, DIMENSION, tx)
    tx.emit("link.deleted", view, sequence=row["v"] + 1)


def made(
    partition: str,
    wanted: CreateLink,
    request: Request,
    hashed: Callable[[str], str] = passwords.hashed,
) -> Item:
    """A link as it is to be stored, with an alias that may be taken. Errors: of its fields."""
    fields = references.judged(wanted.values(), request)
    host = references.host(partition, wanted.domain)
    alias = wanted.alias or aliases.new()
    now = clock.timestamp()
    view = {name: value for name, value in fields.items() if value is not None}
    view |= {
        "id": ids.new("lnk"),
        "alias": alias,
        "short_url": aliases.short_url(host, alias, request),
        "has_password": wanted.password is not None,
        "blocked": False,
        "created_at": now,
        "updated_at": now,
        "version": _FIRST,
    }
    password = view.pop("password", None)
    return stored(partition, view, host, hashed(password) if password else None)


def put(tx: Transaction, link: Item, *, chosen: bool, otherwise: Otherwise | None = None) -> None:
    """Write a new link, and tell of it; `otherwise` is for an external id that is taken."""
    view = link["view"]
    tx.put(Table.CORE, link)
    # Before the alias: who makes the same link a second time is to find the first one.
    if "external_id" in view:
        _take_external_id(tx, link, otherwise or external_id_taken)
    aliases.take(tx, link, chosen=chosen)
    _tag(tx, link["sk"], [], view["tags"])
    candidates.keep(tx, None, view)
    tx.emit("link.created", view, sequence=_FIRST)


def rewrite(tx: Transaction, before: Item, after: Item, otherwise: Otherwise) -> None:
    """Write a changed link, whose `v` is that of before, and tell of it as the next version."""
    partition, old, view = tx.partition, before["view"], after["view"]
    view |= {"version": before["v"] + 1, "updated_at": clock.timestamp()}
    after["v"] = view["version"]
    tx.put(
        Table.CORE,
        after,
        condition="#v = :seen",
        values={"seen": before["v"]},
        otherwise=otherwise,
    )
    is_moved = (before["host"], old["alias"]) != (after["host"], view["alias"])
    place = None if is_moved else aliases.place(before)
    references.require(tx, references.needed(partition, before, after, place))
    if is_moved:
        aliases.give_up(tx, before)
    if place is None or references.takes(view, place):
        aliases.take(tx, after, chosen=True)
    elif place.is_own:
        aliases.change(tx, after)
    if old.get("external_id") != view.get("external_id"):
        if "external_id" in old:
            _free_external_id(tx, old["external_id"])
        if "external_id" in view:
            _take_external_id(tx, after, external_id_taken)
    _tag(tx, after["sk"], old["tags"], view["tags"])
    candidates.keep(tx, old, view)
    tx.emit("link.updated", view, sequence=after["v"])


def external_id_taken() -> Conflict:
    return Conflict("Another link has this external id.", reason="external_id_taken")


def _changed(
    row: Item, fields: Item, request: Request, tx: Transaction, otherwise: Otherwise
) -> Link:
    fields = references.judged(fields, request)
    old, host, password = row["view"], row["host"], row.get("password")
    if "password" in fields:
        password = passwords.kept(password, fields.pop("password"))
    view = {name: value for name, value in {**old, **fields}.items() if value is not None}
    view["has_password"] = password is not None
    if _address(view) != _address(old):
        host = references.host(tx.partition, view.get("domain"))
        view["short_url"] = aliases.short_url(host, view["alias"], request)
    after = stored(tx.partition, view, host, password)
    if (view, password) != (old, row.get("password")):
        rewrite(tx, row, after, otherwise)
    return links.shown(after)


def stored(partition: str, view: Item, host: str, password: str | None) -> Item:
    """The item of a link, with all by which lists find it."""
    pk, sk = items.link_key(partition, view["id"])
    item: LinkItem = {
        "pk": pk,
        "sk": sk,
        "view": cast(LinkView, view),
        "v": view["version"],
        "host": host,
        "gsi3pk": items.archived_partition(partition, archived=view["archived"]),
    }
    if password is not None:
        item["password"] = password
    if "campaign" in view:
        item["gsi1pk"] = items.campaign_partition(partition, view["campaign"])
        item["gsi1sk"] = view["id"]
    if "domain" in view:
        item["gsi4pk"] = items.domain_links_partition(partition, view["domain"])
    return cast(Item, item)


def _take_external_id(tx: Transaction, link: Item, otherwise: Otherwise) -> None:
    where = items.external_id_key(tx.partition, link["view"]["external_id"])
    tx.put(Table.CORE, {**where.attributes(), "link": link["sk"]}, otherwise=otherwise)


def _free_external_id(tx: Transaction, external_id: str) -> None:
    where = items.external_id_key(tx.partition, external_id)
    tx.delete(Table.CORE, where, otherwise=Outrun)


def _tag(tx: Transaction, link_id: str, before: list[str], after: list[str]) -> None:
    """Have the link found by the tags it has, and by no other."""
    for tag in after:
        if tag not in before:
            row = items.tag_key(tx.partition, tag, link_id).attributes()
            tx.put(Table.CORE, row, otherwise=Outrun)
    for tag in before:
        if tag not in after:
            tx.delete(Table.CORE, items.tag_key(tx.partition, tag, link_id), otherwise=Outrun)


def _address(view: Item) -> tuple[str | None, str]:
    return view.get("domain"), view["alias"]


def _outdated() -> Conflict:
    return Conflict("The link was changed since that version.", reason="version_mismatch")
