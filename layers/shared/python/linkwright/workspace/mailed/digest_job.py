"""The job of a workspace that wants a digest each week: due on Monday, at 08:00 of its zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

from linkwright import clock, jobs, weeks
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction


def key(partition: str) -> Key:
    return Key(f"W#{partition}#DGT", partition)


def request(tx: Transaction, time_zone: str) -> None:
    """From the next Monday on, in place of the one that there may be."""
    moment = weeks.next_mailing(clock.now(), ZoneInfo(time_zone))
    job = {**key(tx.partition).attributes(), **due(tx.partition, moment)}
    tx.put(Table.CORE, job, condition="")


def due(partition: str, moment: datetime) -> Item:
    """`mails_at`: messages may come before it, of the week before."""
    return {**jobs.due(jobs.DIGEST, partition, moment), "mails_at": clock.timestamp(moment)}
