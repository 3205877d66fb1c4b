"""Links as they are read: one by its id, and lists."""

from linkwright import ids, pagination
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.links import items
from linkwright.links.models import Link, LinksQuery
from linkwright.pagination import Fetch, Page, Place, Placed
from linkwright.table import Item, Key, Table, get

_ROUTE = "links"


def find(account: Account, link_id: str) -> Link:
    """Errors: no such link (404)."""
    return shown(existing(account.partition, link_id))


def existing(partition: str, link_id: str) -> Item:
    """A link as it is stored. Errors: no such link (404)."""
    found = stored(partition, link_id)
    if found is None:
        raise not_found()
    return found


def stored(partition: str, link_id: str) -> Item | None:
    if not ids.matches("lnk", link_id):
        return None
    return get(Table.CORE, items.link_key(partition, link_id))


def by_external_id(partition: str, external_id: str) -> Item | None:
    known = get(Table.CORE, items.external_id_key(partition, external_id))
    return stored(partition, known["link"]) if known else None


def not_found() -> ResourceNotFound:
    return ResourceNotFound("There is no such link.")


def shown(row: Item) -> Link:
    return Link.model_validate(row["view"])


def listed(account: Account, query: LinksQuery) -> Page[Link]:
    """The newest first."""
    return pagination.paged(account, _ROUTE, query, _fetch(account.partition, query), shown)


def _fetch(partition: str, query: LinksQuery) -> Fetch:
    every = items.link_key(partition, "").pk
    if query.campaign is not None:
        of = items.campaign_partition(partition, query.campaign)
        return pagination.partition(Table.CORE, of, index="gsi1", base=every)
    if query.archived is not None:
        of = items.archived_partition(partition, archived=query.archived)
        return pagination.partition(Table.CORE, of, index="gsi3", base=every)
    if query.tag is not None:
        return _tagged(partition, query.tag)
    if query.external_id is not None:
        return _only(by_external_id(partition, query.external_id))
    if query.alias is not None:
        return _only(_by_alias(partition, query.alias, query.domain))
    return pagination.partition(Table.CORE, every)


def _tagged(partition: str, tag: str) -> Fetch:
    """Which links have the tag is told by one partition, what they are by themselves."""
    from linkwright.looked_up import looked_up  # whoever makes a link asks for none of it

    def besides() -> Key:
        from linkwright.workspace.operations import place  # where nothing else was there

        return place(partition)

    of = pagination.partition(Table.CORE, items.tag_key(partition, tag, "").pk)
    return looked_up(of, lambda row: items.link_key(partition, row["sk"]), besides)


def _by_alias(partition: str, alias: str, domain: str | None) -> Item | None:
    host: str | None = items.OWN_HOST
    if domain is not None:
        known = get(Table.CORE, items.domain_key(partition, domain))
        host = known["name"] if known else None
    row = get(Table.CORE, items.alias_key(host, alias)) if host else None
    is_ours = row is not None and row.get("partition") == partition
    return stored(partition, row["link"]) if row and is_ours else None


def _only(row: Item | None) -> Fetch:
    """A list of one, or of none."""

    def fetch(after: Place | None, _: int) -> tuple[list[Placed], Place | None]:
        return ([(Place(row["sk"], row["sk"]), row)] if row and after is None else []), None

    return fetch
