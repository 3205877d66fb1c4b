"""The job of a workspace that wants a digest each week: due on Monday, at 08:00 of its zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from linkwright import clock, jobs, weeks
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Transaction


def key(partition: str) -> Key:
    return Key(f"W#{partition}#DGT", partition)


def request(tx: Transaction, time_zone: str) -> None:
    """From the next Monday on, in place of the one that there may be."""
    _put(tx, weeks.next_mailing(clock.now(), ZoneInfo(time_zone)))


def move(tx: Transaction, before: str, after: str) -> None:
    """By the clocks of another zone, of the Monday that it waits for: at once, where it is past
    08:00 there, as that week would be mailed by nobody.
    """
    job = get(Table.CORE, key(tx.partition))
    if job is None or not jobs.is_due(job):
        request(tx, after)
        return
    monday = clock.day(job["mails_at"], ZoneInfo(before))
    _put(tx, max(weeks.mailing(monday, ZoneInfo(after)), clock.now()))


def _put(tx: Transaction, moment: datetime) -> None:
    job = {**key(tx.partition).attributes(), **due(tx.partition, moment)}
    tx.put(Table.CORE, job, condition="")


def due(partition: str, moment: datetime) -> Item:
    """`mails_at`: messages may come before it, of the week before."""
    return {**jobs.due(jobs.DIGEST, partition, moment), "mails_at": clock.timestamp(moment)}
