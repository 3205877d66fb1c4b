"""Deleting a lead: what is known of the person goes, that nobody writes to them stays."""

from linkwright.auth import Account
from linkwright.mailer import items, lines
from linkwright.mailer.campaigns import stats
from linkwright.mailer.leads import leads, status
from linkwright.table import Key, Table, get, query
from linkwright.transaction import Outrun, Transaction

# What a transaction takes besides the lead, its address, counts, usage and the entry of the log.
_AT_ONCE = 90


def delete(account: Account, lead_id: str, tx: Transaction) -> None:
    """Its emails go with it, and so does its job. Errors: no such lead (404)."""
    partition = account.partition
    item = leads.existing(partition, lead_id)
    campaign_id = item["view"]["campaign_id"]
    tx.delete(
        Table.CORE,
        Key(item["pk"], item["sk"]),
        condition="#v = :seen",
        values={"seen": item["v"]},
        otherwise=Outrun,
    )
    where = items.address_key(partition, item["address_hash"], campaign_id)
    tx.delete(Table.CORE, where, condition="")
    rows, _ = query(
        Table.CORE, items.lead_partition(partition, lead_id), limit=_AT_ONCE, strong=True
    )
    for row in rows:
        tx.delete(Table.CORE, Key(row["pk"], row["sk"]), condition="")
    if queued := item.get("queued"):
        waits = lines.row_key(partition, queued["mailbox"], queued["place"])
        tx.delete(Table.CORE, waits, condition="")
    stats.count(tx, campaign_id, item["address_hash"], {item["view"]["status"]: -1})
    status.release(tx, item)
    _forget(tx, item["address_hash"])
    tx.audit("lead.deleted", lead_id)


def _forget(tx: Transaction, address_hash: str) -> None:
    """Of who is suppressed only the hash is kept."""
    where = items.suppression_key(tx.partition, address_hash)
    found = get(Table.CORE, where)
    if found is None or found["view"].get("email") is None:
        return
    tx.update(
        Table.CORE,
        where,
        "SET #view.#email = :none",
        condition="attribute_exists(#pk)",
        values={"none": None},
        otherwise=Outrun,
    )
