"""Domains of links: finding and showing them. `changes.py` changes them, `checking.py` proves them.

A name that is not proven is nobody's: several workspaces may have it among their domains, and who
proves it has it. Only of a name that was proven is there an item under the name itself.
"""

from linkwright import ids, pagination
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.links.domains import items
from linkwright.links.domains.models import (
    Domain,
)
from linkwright.links.items import domain_key
from linkwright.pagination import ListQuery, Page
from linkwright.table import Item, Table, get

_ROUTE = "domains"


def find(account: Account, domain_id: str) -> Domain:
    """Errors: no such domain (404)."""
    return items.shown(existing(account.partition, domain_id))


def listed(account: Account, query: ListQuery) -> Page[Domain]:
    """The newest first."""
    fetch = pagination.partition(Table.CORE, domain_key(account.partition, "").pk)
    return pagination.paged(account, _ROUTE, query, fetch, items.shown)


def existing(partition: str, domain_id: str) -> Item:
    row = None
    if ids.matches("dom", domain_id):
        row = get(Table.CORE, domain_key(partition, domain_id))
    if row is None:
        raise not_found()
    return row


def not_found() -> ResourceNotFound:
    return ResourceNotFound("There is no such domain.")
