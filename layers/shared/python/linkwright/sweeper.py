"""Sending what waits too long: the due index, shard by shard, looks first, then by age."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from linkwright import clock, deadline, jobs, relay
from linkwright.jobs import Work
from linkwright.observability import count, log_failure
from linkwright.relay import Due
from linkwright.table import ConditionFailed, Item, Key, Table, pages, update

_PAGE = 100
# So many jobs of one kind of a workspace a sweep takes from a shard, and as many looks: neither
# another workspace nor another of its own kinds, as its line, is behind them.
QUOTA = 100
# With less left a sweep reads no further page.
_RESERVE_S = 15.0

# A workspace and mode, and a kind of job.
Whose = tuple[str, str]


def sweep(shard: int) -> int:
    """Send what a shard shows as overdue, but of a workspace no more of each kind than its quota.

    Returns how many were sent. Raises if a queue did not take all of them, when the rest is done. A
    row that cannot be handled is counted and named, and is none of that.
    """
    sent = failed = 0
    for is_look in (True, False):
        taken: Counter[Whose] = Counter()
        for rows in _overdue(jobs.due_partition(shard, is_look=is_look)):
            claimed = _claim(rows, taken)
            unsent = relay.send(claimed)
            sent += len(claimed) - len(unsent)
            failed += len(unsent)
    if failed:
        raise RuntimeError("not all that is overdue was sent")
    return sent


def _overdue(partition: str) -> Iterator[list[Item]]:
    # Each page from where the last one ended: the index may still show what was moved.
    until = ("0", clock.timestamp())
    read = pages(
        Table.CORE, partition, index="gsi2", between=until, limit=_PAGE, newest_first=False
    )
    while deadline.seconds_left() > _RESERVE_S and (rows := next(read, None)) is not None:
        yield rows


def _claim(rows: list[Item], taken: Counter[Whose]) -> list[Due]:
    """Those that are this sweep's to send. What breaks stays due."""
    claimed: list[Due] = []
    for row in rows:
        try:
            work = jobs.at(Key(row["pk"], row["sk"]))
            whose = (jobs.partition_of(work.pk), work.kind)
            if taken[whose] < QUOTA and (due := _moved(work, row["gsi2sk"])):
                taken[whose] += 1
                claimed.append(due)
        except Exception as failure:  # noqa: BLE001 -- counted: no row holds up those behind it
            log_failure("not swept", failure, **relay.named(row))
            count("sweep_broken")
    return claimed


def _moved(work: Work, seen: str) -> Due | None:
    """Move the due time, before the job is sent; None if somebody else has moved it.

    So a second sweeper never multiplies messages, and one that is killed leaves the job due soon.
    """
    later = clock.timestamp(clock.now() + jobs.RELAY_GRACE)
    values = {"seen": seen, "later": later}
    try:
        job = update(
            Table.CORE, work.key, "SET #gsi2sk = :later", condition="#gsi2sk = :seen", values=values
        )
    except ConditionFailed:
        return None
    return Due(work, later, lost_after=_lost_after(work, job.get("swept", {}), seen))


def _lost_after(work: Work, swept: Item, seen: str) -> timedelta:
    """For how long a job waits for its message: each time twice as long, where nothing was heard of
    it since it was swept last. Its queue is long, and a message more makes it longer.
    """
    if swept.get("lost_at") != seen:
        return work.of_kind.lost_after
    return min(2 * timedelta(seconds=int(swept["after_s"])), jobs.QUEUE_RETENTION)
