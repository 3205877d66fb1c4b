"""The do-not-call list: numbers that the workspace never calls."""

from linkwright import clock, pagination
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.pagination import Page
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction
from linkwright.voice.compliance import numbers
from linkwright.voice.compliance.models import DoNotCallEntry, NumbersQuery, Source

_ROUTE = "voice/do-not-call"


def key(partition: str, number: str) -> Key:
    return Key(f"W#{partition}#DNC", number)


def add(
    number: str,
    tx: Transaction,
    *,
    source: Source,
    reason: str | None = None,
    call_id: str | None = None,
) -> DoNotCallEntry:
    """Put a number on the list; one that is there already is told of as it was asked for last."""
    entry = DoNotCallEntry(
        number=number, reason=reason, source=source, call_id=call_id, created_at=clock.timestamp()
    )
    item = {**key(tx.partition, number).attributes(), "view": entry.model_dump(mode="json")}
    tx.put(Table.CORE, item, condition="")
    return entry


def remove(number: str, tx: Transaction) -> None:
    """Errors, some at the commit: the number is not on the list (404)."""
    number = numbers.in_path(number)
    if not numbers.is_e164(number):
        raise _not_listed()
    tx.delete(Table.CORE, key(tx.partition, number), otherwise=_not_listed)


def listed(account: Account, query: NumbersQuery) -> Page[DoNotCallEntry]:
    """In the order of the numbers."""
    fetch = pagination.partition(
        Table.CORE,
        key(account.partition, "").pk,
        between=(query.number, query.number) if query.number else None,
        newest_first=False,
    )
    return pagination.paged(account, _ROUTE, query, fetch, _show)


def _not_listed() -> ResourceNotFound:
    return ResourceNotFound("There is no such number on the list.")


def _show(row: Item) -> DoNotCallEntry:
    return DoNotCallEntry.model_validate(row["view"])
