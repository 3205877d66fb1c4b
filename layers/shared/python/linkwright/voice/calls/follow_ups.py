"""The jobs that a call leaves behind, each written by the transaction of the change it follows.

Once it has ended: its analysis, what it cost if it was put through, and, when the carrier has the
sound of it, the recording; at some time that what was said is erased. And a call at the carrier
that is to be hung up, since ours is over.
"""

from datetime import timedelta

from linkwright import clock, jobs
from linkwright.table import Key, Table
from linkwright.transaction import Otherwise, Transaction

RETENTION = timedelta(days=30)


def analysis_key(partition: str, call_id: str) -> Key:
    """The job to analyse a call."""
    return Key(f"W#{partition}#FLW", call_id)


def recording_key(partition: str, call_id: str, recording: str) -> Key:
    """The job to keep a recording, which the carrier has under that id."""
    return Key(f"W#{partition}#REC", f"{call_id}#{recording}")


def settlement_key(partition: str, call_id: str) -> Key:
    """The job to charge a call that was put through."""
    return Key(f"W#{partition}#LEG", call_id)


def hang_up_key(partition: str, sid: str) -> Key:
    return Key(f"W#{partition}#HUP", sid)


def request_analysis(partition: str, call_id: str, tx: Transaction) -> None:
    """Have the call analysed."""
    _put(analysis_key(partition, call_id), jobs.FOLLOW_UP, tx)


def request_settlement(partition: str, call_id: str, tx: Transaction) -> None:
    """Have both legs of a call charged, when the carrier knows of both."""
    _put(settlement_key(partition, call_id), jobs.SETTLEMENT, tx)


def request_recording(partition: str, call_id: str, recording: str, tx: Transaction) -> None:
    """Have a recording kept. Raises `AlreadyRequested` at the commit."""
    where = recording_key(partition, call_id, recording)
    _put(where, jobs.RECORDING, tx, otherwise=AlreadyRequested)


def request_hang_up(partition: str, sid: str, tx: Transaction) -> None:
    """Have a call at the carrier ended; once more, if that was asked before."""
    _put(hang_up_key(partition, sid), jobs.HANG_UP, tx, condition="")


def request_erasing(partition: str, call_id: str, tx: Transaction) -> None:
    """Have what was said in the call erased wherever it lies."""
    _put(Key(f"W#{partition}#ERS", call_id), jobs.ERASING, tx, condition="")


class AlreadyRequested(Exception):
    """The job was written before."""


def _put(
    where: Key,
    kind: str,
    tx: Transaction,
    *,
    condition: str = "attribute_not_exists(#pk)",
    otherwise: Otherwise | None = None,
) -> None:
    job = {
        **where.attributes(),
        **jobs.requested(kind, where.sk),
        "ttl": clock.epoch() + int(RETENTION.total_seconds()),
    }
    tx.put(Table.CORE, job, condition=condition, otherwise=otherwise)
