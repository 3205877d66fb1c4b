"""The job that an ended call leaves behind, written by the transaction that ends it."""

from datetime import timedelta

from linkwright import clock, outbox
from linkwright.table import Key, Table, get
from linkwright.transaction import Otherwise, Transaction

RETENTION = timedelta(days=30)


def key(partition: str, call_id: str) -> Key:
    return Key(f"W#{partition}#FLW", call_id)


def request(partition: str, call_id: str, tx: Transaction) -> None:
    """Have the call's recording kept and the call analysed."""
    job = {
        **key(partition, call_id).attributes(),
        **outbox.waiting(outbox.FOLLOW_UP, call_id),
        "ttl": clock.epoch() + int(RETENTION.total_seconds()),
    }
    tx.put(Table.CORE, job)


def is_waiting(where: Key) -> bool:
    """Whether the job is still to be done. Raises `LookupError` if there never was one."""
    job = get(Table.CORE, where)
    if job is None:
        raise LookupError("no such job")
    return "gsi2pk" in job


def finish(partition: str, call_id: str, tx: Transaction, otherwise: Otherwise) -> None:
    """The job is done by the transaction; `otherwise` if it was done before."""
    tx.update(
        Table.CORE,
        key(partition, call_id),
        "REMOVE #gsi2pk, #gsi2sk",
        condition="attribute_exists(#gsi2pk)",
        otherwise=otherwise,
    )
