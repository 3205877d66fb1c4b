"""The suppression list: addresses that the workspace mails nothing to, by their hashes."""

from datetime import datetime
from typing import NotRequired, TypedDict, cast

from linkwright import clock, ids, jobs, pagination
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.mailer import items
from linkwright.mailer.items import SuppressionSource
from linkwright.mailer.suppressions.models import AddSuppression, Suppression, SuppressionsQuery
from linkwright.pagination import Page
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Outrun, Transaction

_ROUTE = "mailer/suppressions"
_PREFIX = "sup_"


class SuppressionView(TypedDict):
    """Why nothing is mailed to an address, and until when, if not for good."""

    id: str
    # Not of whom a lead was deleted.
    email: NotRequired[str]
    reason: NotRequired[str]
    source: SuppressionSource
    until: NotRequired[str]
    created_at: str


def add(wanted: AddSuppression, tx: Transaction) -> Suppression:
    """By somebody of the workspace: for good."""
    digest = items.hashed(wanted.email)
    view = suppress(tx, digest, wanted.email, source="api", reason=wanted.reason)
    tx.audit("suppression.added", view["id"], {"source": "api"})
    return Suppression.model_validate(view)


def suppress(
    tx: Transaction,
    digest: str,
    email: str | None,
    *,
    source: SuppressionSource,
    reason: str | None = None,
    until: datetime | None = None,
) -> SuppressionView:
    """Mail nothing to an address any more, which is known by its hash; its leads end soon after.
    What holds for good stays as it is, but for the reason, if another one is given. Raises `Outrun`
    at the commit.
    """
    where = items.suppression_key(tx.partition, digest)
    named = {"email": email} if email is not None else {}
    facts = {
        "id": f"{_PREFIX}{digest}",
        "source": source,
        "created_at": clock.timestamp(),
        **named,
        **({"reason": reason} if reason is not None else {}),
        **({"until": clock.timestamp(until)} if until is not None else {}),
    }
    known = get(Table.CORE, where)
    if known is not None and "until" not in known["view"]:
        kept = ("reason",) if reason is not None else ()
        facts = {**known["view"], **named, **{name: facts[name] for name in kept}}
    marks = jobs.requested(jobs.SUPPRESSION, facts["id"])
    # Who would be mailed again in a while is not to outrun who wants no more for good.
    tx.put(
        Table.CORE,
        {**where.attributes(), "view": facts, **marks},
        condition="attribute_not_exists(#pk)" if known is None else "#view = :seen",
        values={"seen": known["view"]} if known else {},
        otherwise=Outrun,
    )
    return cast(SuppressionView, facts)


def remove(suppression_id: str, tx: Transaction) -> None:
    """Who was to be mailed may be again, as somebody new: leads that have ended stay so.

    Errors, some at the commit: the address is not on the list (404).
    """
    if not ids.matches("sup", suppression_id):
        raise _not_listed()
    tx.delete(Table.CORE, _key(tx.partition, suppression_id), otherwise=_not_listed)
    tx.audit("suppression.removed", suppression_id)


def listed(account: Account, query: SuppressionsQuery) -> Page[Suppression]:
    """In the order of their ids."""
    one = items.hashed(query.email) if query.email else None
    fetch = pagination.partition(
        Table.CORE,
        items.suppression_key(account.partition, "").pk,
        between=(one, one) if one else None,
        newest_first=False,
    )
    return pagination.paged(account, _ROUTE, query, fetch, _show)


def _key(partition: str, suppression_id: str) -> Key:
    return items.suppression_key(partition, suppression_id.removeprefix(_PREFIX))


def _not_listed() -> ResourceNotFound:
    return ResourceNotFound("There is no such address on the list.")


def _show(row: Item) -> Suppression:
    return Suppression.model_validate(row["view"])
