"""A run of the research of a lead."""

from contextlib import suppress

from linkwright import jobs
from linkwright.jobs import AlreadyDone, Work
from linkwright.transaction import Transaction


def run(work: Work) -> None:
    lead = jobs.stored(work.key)
    if not jobs.is_due(lead):
        return
    tx = Transaction(jobs.partition_of(work.pk), "")
    tx.finish(work.key)
    with suppress(AlreadyDone):
        tx.commit()
