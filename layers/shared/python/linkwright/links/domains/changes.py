"""Changing and deleting domains of links."""

from urllib.parse import urlsplit

from linkwright import clock, usage
from linkwright.auth import Account
from linkwright.errors import Conflict
from linkwright.http import IfMatch, Request
from linkwright.links import targets
from linkwright.links.domains import items, own_names
from linkwright.links.domains.domains import existing
from linkwright.links.domains.models import FILES, Domain, UpdateDomain, as_text
from linkwright.links.items import domain_key, domain_name_key
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun, Transaction

DIMENSION = "domains"


def change(
    account: Account,
    domain_id: str,
    wanted: UpdateDomain,
    if_match: IfMatch,
    request: Request,
    tx: Transaction,
) -> Domain:
    """Errors: no such domain (404), it is not at the version named (409), a URL that is not allowed
    (400).
    """
    row = existing(account.partition, domain_id)
    if row["v"] != if_match.version:
        raise _outdated()
    old = row["view"]
    fields = {**old, **kept(wanted.values(), request, row["name"], old, tx)}
    view = {name: value for name, value in fields.items() if value is not None}
    if view == old:
        return items.shown(row)
    view |= {"updated_at": clock.timestamp(), "version": row["v"] + 1}
    tx.update(
        Table.CORE,
        domain_key(account.partition, domain_id),
        "SET #view = :view, #v = :v",
        condition="#v = :seen",
        values={"view": view, "v": view["version"], "seen": row["v"]},
        otherwise=_outdated,
    )
    tx.audit("domain.changed", domain_id, {"fields": sorted(wanted.values())})
    return items.shown(row | {"view": view})


def delete(account: Account, domain_id: str, tx: Transaction) -> None:
    """The name is nobody's from now on. Errors: no such domain (404), links are on it (409)."""
    row = existing(account.partition, domain_id)
    mine = own_names.key(account.partition, row["name"])
    if (get(Table.CORE, mine) or {}).get("links"):
        raise Conflict("Links are on this domain: move them first.", reason="domain_in_use")
    tx.delete(
        Table.CORE,
        domain_key(account.partition, domain_id),
        condition="#checks = :seen",
        values={"seen": row["checks"]},
        otherwise=Outrun,
    )
    tx.delete(
        Table.CORE,
        mine,
        condition="#domain = :domain AND #links = :none",
        values={"domain": domain_id, "none": 0},
        otherwise=Outrun,
    )
    if row["verified_at"] is not None:
        _leave(tx, row["name"], domain_id)
    usage.vacate(account.partition, DIMENSION, tx)
    tx.audit("domain.deleted", domain_id, {"domain": row["name"]})


def _leave(tx: Transaction, name: str, domain_id: str) -> None:
    """A name that the domain had is not its own any more. While others are there that had it, no
    link may lead to it: theirs lead again when it comes back, and perhaps to that link.
    """
    where = domain_name_key(name)
    if (known := get(Table.CORE, where)) is None:
        return
    left, (condition, values) = known["held"] - 1, items.as_seen(known)
    if left > 0:
        is_own = known["domain"] == domain_id
        nobody = dict.fromkeys(("partition", "domain"), items.NOBODY) if is_own else {}
        after = {**known, **nobody, "held": left}
        tx.put(Table.CORE, after, condition=condition, values=values, otherwise=Outrun)
    elif known["domain"] in {domain_id, items.NOBODY}:
        tx.delete(Table.CORE, where, condition=condition, values=values, otherwise=Outrun)


def kept(fields: Item, request: Request, name: str, old: Item, tx: Transaction) -> Item:
    """The fields as they are stored. Errors: a URL that is not allowed (400)."""
    stored = {field: fields[field] for field in fields if fields[field] is None}
    stored |= {file: as_text(fields[file]) for file in FILES if fields.get(file) is not None}
    if (url := fields.get("not_found_url")) is not None:
        field = "not_found_url"
        stored[field] = targets.accepted(url, field, own_hosts(request) | {name})
        if stored[field] != old.get(field):
            # Else whoever asks for a link that is not there might be sent around for ever.
            tx.require(
                Table.CORE,
                domain_name_key(targets.host(stored[field])),
                "attribute_not_exists(#pk)",
                otherwise=lambda: targets.refused(field, "must not lead back to a short link"),
            )
    return stored


def own_hosts(request: Request) -> frozenset[str]:
    return frozenset({urlsplit(f"//{request.headers.get('host', '')}").hostname or ""})


def _outdated() -> Conflict:
    return Conflict("The domain was changed since that version.", reason="version_mismatch")
