"""Mailboxes as the API reads, lists and deletes them: nothing here opens what is sealed."""

from linkwright import ids, pagination, usage
from linkwright.auth import Account
from linkwright.errors import Conflict, ResourceNotFound
from linkwright.mailer import lines
from linkwright.mailer.mailboxes import items
from linkwright.mailer.mailboxes.models import Mailbox
from linkwright.pagination import ListQuery, Page
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun, Transaction

_ROUTE = "mailboxes"


def find(account: Account, mailbox_id: str) -> Mailbox:
    """Errors: no such mailbox (404)."""
    return items.shown(existing(account.partition, mailbox_id))


def listed(account: Account, query: ListQuery) -> Page[Mailbox]:
    """The newest first."""
    fetch = pagination.partition(Table.CORE, items.key(account.partition, "").pk)
    return pagination.paged(account, _ROUTE, query, fetch, items.shown)


def delete(account: Account, mailbox_id: str, tx: Transaction) -> None:
    """Its secret and its job are on its item, and go with it. A campaign that names it mails from
    its others, or not. Errors: no such mailbox (404).
    """
    row = existing(account.partition, mailbox_id)
    tx.delete(
        Table.CORE,
        items.key(account.partition, mailbox_id),
        condition="#v = :seen",
        values={"seen": row["v"]},
        otherwise=Outrun,
    )
    tx.delete(Table.CORE, items.address_key(account.partition, row["view"]["email"]), condition="")
    usage.vacate(account.partition, items.DIMENSION, tx)
    # Who waits for it is mailed by another one.
    lines.ring(tx, mailbox_id)
    tx.audit("mailbox.deleted", mailbox_id, {"transport": row["view"]["transport"]})


def existing(partition: str, mailbox_id: str) -> Item:
    row = None
    if ids.matches("mbx", mailbox_id):
        row = get(Table.CORE, items.key(partition, mailbox_id))
    if row is None:
        raise ResourceNotFound("There is no such mailbox.")
    return row


def outdated() -> Conflict:
    return Conflict("The mailbox was changed since that version.", reason="version_mismatch")
