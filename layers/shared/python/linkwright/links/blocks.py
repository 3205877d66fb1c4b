"""What the operator blocks, for what it leads to: a link, or all links to a host."""

from itertools import chain, islice
from urllib.parse import urlsplit

from linkwright import clock, ids
from linkwright.egress_targets import parse
from linkwright.links import aliases, candidates, items, links
from linkwright.table import Item, Table, get, pages
from linkwright.transaction import Outrun, Transaction

# More than an operator looks through.
MOST_HOSTS = 10_000
_PAGE = 1_000


def block(link_id: str, partition: str, tx: Transaction, *, blocked: bool) -> bool:
    """Have a link lead nowhere, or on again, and tell its workspace; no if it is so already.

    Raises `LookupError` if there is no such link, and `Outrun` at the commit.
    """
    row = links.stored(partition, link_id)
    if row is None:
        raise LookupError(link_id)
    if row["view"]["blocked"] is blocked:
        return False
    view = row["view"] | {
        "blocked": blocked,
        "version": row["v"] + 1,
        "updated_at": clock.timestamp(),
    }
    after = row | {"view": view, "v": view["version"]}
    tx.put(
        Table.CORE,
        after,
        condition="#v = :seen",
        values={"seen": row["v"]},
        otherwise=Outrun,
    )
    if aliases.is_own(after):
        aliases.change(tx, after)
    candidates.keep(tx, row["view"], view)
    tx.audit("link.blocked" if blocked else "link.unblocked", link_id)
    tx.emit("link.blocked", view, sequence=after["v"])
    return True


def block_host(host: str, reason: str, tx: Transaction) -> None:
    """No link leads to the host any more, nor to what is below it."""
    row = {**items.blocked_host_key(host).attributes(), "at": clock.timestamp()}
    tx.put(Table.CORE, row | {"reason": reason}, condition="")


def unblock_host(host: str, tx: Transaction) -> None:
    """Raises `LookupError` at the commit: it is not blocked."""
    tx.delete(Table.CORE, items.blocked_host_key(host), otherwise=lambda: LookupError(host))


def hosts() -> list[Item]:
    """The hosts that are blocked, in the order of their names."""
    read = pages(Table.CORE, items.blocked_host_key("").pk, limit=_PAGE, newest_first=False)
    return list(islice(chain.from_iterable(read), MOST_HOSTS))


def named(text: str) -> str:
    """A host as DNS names it, of a name or a URL. Raises `ValueError`."""
    return parse(text if "://" in text else f"https://{text}").host


def owner(link: str) -> tuple[str, str]:
    """The partition and the id of a link, by its address or its alias at the API's own host.

    Raises `LookupError`, also for an id: only its workspace knows which that is. What no domain of
    links is called is taken for the API's own address, of which there may be several.
    """
    parts = urlsplit(link) if "://" in link else None
    name, path = (parts.hostname or "", parts.path) if parts else ("", link)
    alias = path.rstrip("/").rpartition("/")[2]
    is_domain = name and get(Table.CORE, items.domain_name_key(name)) is not None
    where = name if is_domain else items.OWN_HOST
    row = get(Table.CORE, items.alias_key(where, alias.lower())) if alias else None
    if row is None or "link" not in row:
        raise LookupError(link)
    return row["partition"], row["link"]


def is_id(text: str) -> bool:
    return ids.matches("lnk", text)
