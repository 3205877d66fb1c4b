"""The job of a run: what it comes to is written with the end of its hold, and of itself."""

from contextlib import suppress

from linkwright import jobs
from linkwright.ai.agent import running, runs
from linkwright.ai.agent.runs import Run
from linkwright.credits.operations import Ended, Handed
from linkwright.errors import ApiError, OwnKeyFailed, ServerError, Unavailable
from linkwright.jobs import AlreadyDone, Work
from linkwright.transaction import Transaction


def go_on(work: Work) -> None:
    """Raises `Unavailable`."""
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
            _settle(work, partition, run, handed)
        else:
            # Nothing is held for it any more.
            tx = Transaction(partition, "")
            _fail(tx, work, ServerError())
            tx.commit()


def give_up(work: Work) -> None:
    """It has failed, and what is held for it goes back. Raises `Unavailable`."""
    row = jobs.stored(work.key)
    known = {} if runs.is_over(row) else runs.failed(ServerError())
    partition = jobs.partition_of(work.pk)
    with suppress(AlreadyDone, Ended):
        if handed := Handed.find(partition, Run.of(row).hold_id):
            handed.give_back(lambda tx: tx.give_up(work, known))
        else:
            tx = Transaction(partition, "")
            tx.give_up(work, known)
            tx.commit()


def _settle(work: Work, partition: str, run: Run, handed: Handed) -> None:
    with suppress(Ended):
        try:
            made = running.go_on(partition, run, is_free=handed.is_free)
        except OwnKeyFailed as failure:
            told = failure
            handed.give_back(lambda tx: _fail(tx, work, told))
            return
        handed.settle(made, lambda tx: runs.end(tx, work, runs.succeeded(made.body)))
        return
    if jobs.is_waiting(work.key):
        raise Unavailable


def _fail(tx: Transaction, work: Work, failure: ApiError) -> None:
    runs.end(tx, work, runs.failed(failure))
