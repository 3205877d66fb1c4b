"""What a scan has found as a job: to be mailed, with what else the same scan finds."""

from collections.abc import Sequence
from datetime import timedelta

from linkwright import clock, jobs
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction

# For so long what a scan writes apart is gathered.
_GATHERED = timedelta(seconds=90)
# Of more a mail says how many they are.
MOST_LINES = 50


def key(partition: str, run: str) -> Key:
    return Key(f"W#{partition}#ALM", run)


def ask(tx: Transaction, run: str, lines: Sequence[str], found: int) -> None:
    """Have it mailed that a run has found so many, of which the lines tell, or of some of them."""
    facts: Item = {
        **jobs.due(jobs.ALERT_MAIL, run, clock.now() + _GATHERED),
        "ttl": clock.epoch() + int(jobs.RETENTION.total_seconds()),
    }
    tx.update(
        Table.CORE,
        key(tx.partition, run),
        "SET "
        + ", ".join(f"#{name} = :{name}" for name in facts)
        # A set has something in it.
        + (" ADD #found :found, #mailed :nobody" + (", #lines :lines" if lines else "")),
        values={
            **facts,
            **({"lines": set(lines)} if lines else {}),
            **{"found": found, "nobody": {""}},
        },
    )
