"""What a scan has found as a job: to be mailed, with what else the same scan finds."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from linkwright import clock, jobs
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction

# For so long what a scan writes apart is gathered; and while it goes on, so that its mail is not
# sent before its next run: that may be late.
_GATHERED, _GATHERED_ON = timedelta(seconds=90), timedelta(minutes=15)
# Of more a mail says how many they are.
MOST_LINES = 50


def key(partition: str, run: str) -> Key:
    return Key(f"W#{partition}#ALM", run)


class Told(NamedTuple):
    """Whose mail it is: that of the scan `id`, which has told of so many before, and may go on."""

    id: str
    before: int = 0
    goes_on: bool = False


def ask(tx: Transaction, scan: Told, lines: Sequence[str]) -> None:
    """Have it mailed what a scan has found; beyond some a mail says only how many they are."""
    run, found = scan.id, len(lines)
    lines = lines[: max(MOST_LINES - scan.before, 0)]
    moment = clock.now() + (_GATHERED_ON if scan.goes_on else _GATHERED)
    facts: Item = {
        **jobs.due(jobs.ALERT_MAIL, run, moment),
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
