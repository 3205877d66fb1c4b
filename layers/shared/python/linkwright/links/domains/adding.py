"""Adding a domain of links. Apart, as the list of public suffixes is a package of who does it."""

from typing import cast

from linkwright import clock, ids, usage
from linkwright.auth import Account
from linkwright.errors import Conflict
from linkwright.http import Request
from linkwright.links.domains import changes, items, names, own_names
from linkwright.links.domains.items import DomainItem
from linkwright.links.domains.models import CreateDomain, Domain
from linkwright.links.items import domain_key
from linkwright.table import Item, Table
from linkwright.transaction import Transaction

_FIRST = 1


def create(account: Account, wanted: CreateDomain, request: Request, tx: Transaction) -> Domain:
    """Errors: a name or URL that is not allowed (400), the workspace has the name already (409),
    the plan has no more domains (402).
    """
    name, readable = names.accepted(wanted.domain, changes.own_hosts(request))
    domain_id, now = ids.new("dom"), clock.timestamp()
    view: Item = {
        **changes.kept(wanted.values(), request, name, {}, tx),
        "id": domain_id,
        "domain": name,
        "domain_unicode": readable,
        "created_at": now,
        "updated_at": now,
        "version": _FIRST,
    }
    pk, sk = domain_key(account.partition, domain_id)
    row: DomainItem = {
        "pk": pk,
        "sk": sk,
        "name": name,
        "view": {field: value for field, value in view.items() if value is not None},
        "v": _FIRST,
        "status": "pending",
        "checks": 0,
        "last_error": None,
        "checked_at": None,
        "verified_at": None,
        "unproven_since": None,
    }
    mine = own_names.key(account.partition, name).attributes()
    tx.put(Table.CORE, {**mine, "domain": domain_id, "links": 0}, otherwise=_is_there)
    stored = cast(Item, row)
    tx.put(Table.CORE, stored)
    usage.occupy(account, changes.DIMENSION, 1, tx)
    tx.audit("domain.created", domain_id, {"domain": name})
    return items.shown(stored)


def _is_there() -> Conflict:
    return Conflict("The workspace has this domain already.", reason="domain_exists")
