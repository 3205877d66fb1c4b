"""The job of a run: what it comes to is written with the end of its hold, and of itself."""

from contextlib import suppress

from linkwright import jobs
from linkwright.ai.agent import making, room, runs
from linkwright.ai.agent.runs import Run
from linkwright.credits.operations import Ended, Handed
from linkwright.errors import ApiError, OwnKeyFailed, ServerError, Unavailable
from linkwright.jobs import AlreadyDone, Work
from linkwright.table import Item
from linkwright.transaction import Transaction


def go_on(work: Work) -> None:
    """Raises `NotYet` while another worker may be at it, and `Unavailable`."""
    row = jobs.stored(work.key)
    if not jobs.is_due(row):
        return
    partition, run = jobs.partition_of(work.pk), Run.of(row)
    # Two may be at it: one commits.
    with suppress(AlreadyDone):
        if runs.is_over(row):
            # It was asked to be done again, when somebody had been told that it has failed.
            tx = Transaction(partition, "")
            tx.finish(work.key)
            tx.commit()
        elif handed := Handed.find(partition, run.hold_id):
            _settle(work, row, run, handed)
        else:
            # Nothing is held for it any more.
            tx = Transaction(partition, "")
            _fail(tx, work, run, ServerError())
            tx.commit()


def give_up(work: Work) -> None:
    """It has failed, and what is held for it goes back. Raises `Unavailable`."""
    row = jobs.stored(work.key)
    known = {} if runs.is_over(row) else runs.failed(ServerError())
    partition, run = jobs.partition_of(work.pk), Run.of(row)

    def write(tx: Transaction) -> None:
        tx.give_up(work, known)
        room.leave(tx, run.lease)

    with suppress(AlreadyDone, Ended):
        if handed := Handed.find(partition, run.hold_id):
            handed.give_back(write)
        else:
            tx = Transaction(partition, "")
            write(tx)
            tx.commit()


def _settle(work: Work, row: Item, run: Run, handed: Handed) -> None:
    with suppress(Ended):
        try:
            made = making.made(work, row, run, handed)
        except OwnKeyFailed as failure:
            told = failure
            handed.give_back(lambda tx: _fail(tx, work, run, told))
            return
        handed.settle(made, lambda tx: _end(tx, work, run, runs.succeeded(made.body)))
        return
    if jobs.is_waiting(work.key):
        raise Unavailable


def _fail(tx: Transaction, work: Work, run: Run, failure: ApiError) -> None:
    _end(tx, work, run, runs.failed(failure))


def _end(tx: Transaction, work: Work, run: Run, facts: Item) -> None:
    runs.end(tx, work, facts)
    room.leave(tx, run.lease)
