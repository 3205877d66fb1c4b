"""What follows from a suppression: all leads of the address end."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain

from linkwright import jobs
from linkwright.errors import Unavailable
from linkwright.jobs import AlreadyDone, Work
from linkwright.mailer import items
from linkwright.mailer.items import LeadStatus
from linkwright.mailer.leads import leads, researching, status
from linkwright.table import Item, Table, get, pages
from linkwright.transaction import Outrun, Transaction

_READ_AT_ONCE = 100
# What a lead is whose address is, and why it was stopped.
SUPPRESSED: tuple[LeadStatus, str] = ("suppressed", "suppressed")


def stop(work: Work) -> None:
    """A lead that was ended is passed over, so whoever does it again goes on where it was."""
    suppression = get(Table.CORE, work.key)
    if suppression is None or not jobs.is_due(suppression):
        return
    partition = jobs.partition_of(work.pk)
    # Who is to be left alone for a while is written to after that.
    if "until" not in suppression["view"]:
        end_each(partition, (row["lead"] for row in _of(partition, work.sk)), *SUPPRESSED)
    tx = Transaction(partition, "")
    tx.finish(work.key)
    with suppress(AlreadyDone):
        tx.commit()


def _of(partition: str, address_hash: str) -> Iterator[Item]:
    """In which campaigns an address is, strongly: a push may just have been there."""
    where = items.address_partition(partition, address_hash)
    return chain.from_iterable(pages(Table.CORE, where, limit=_READ_AT_ONCE, strong=True))


def is_for_good(partition: str, address_hash: str) -> bool:
    """Whether nothing is mailed to an address any more."""
    found = get(Table.CORE, items.suppression_key(partition, address_hash))
    return found is not None and "until" not in found["view"]


def end_each(partition: str, lead_ids: Iterable[str], to: LeadStatus, reason: str) -> None:
    """One that cannot be ended holds up no other. What it raises is raised at last."""
    failed: Exception | None = None
    for lead_id in lead_ids:
        try:
            end(partition, lead_id, to, reason)
        except Unavailable:
            raise
        except Exception as failure:  # noqa: BLE001 -- raised at last
            failed = failure
    if failed is not None:
        raise failed


def end(partition: str, lead_id: str, to: LeadStatus, reason: str) -> None:
    """Nothing where it has ended by itself."""
    while True:
        item = leads.stored(partition, lead_id)
        if item is None or item["view"]["status"] in researching.ENDED:
            return
        tx = Transaction(partition, "")
        status.stop(tx, item, to, reason)
        with suppress(Outrun):
            tx.commit()
            return
