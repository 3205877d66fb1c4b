"""Handing a hold to a job, which goes on with what takes longer than a request may.

From then on the hold is the job's: it ends in the transaction that finishes that. Whoever finds its
lease over leaves it alone while the job is to be done, and gives it back once it is gone.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from linkwright import clock, jobs
from linkwright.credits import balances, free_answers, holds
from linkwright.credits.generations import Later, Made
from linkwright.credits.holds import Ended
from linkwright.credits.items import PENDING, Hold
from linkwright.credits.records import Answer, RecordGone
from linkwright.errors import TooManyRuns, Unavailable
from linkwright.idempotency import Reply
from linkwright.jobs import Work
from linkwright.observability import count
from linkwright.table import Table, get
from linkwright.transaction import Transaction

# Longer than most jobs take: whoever looks earlier looks in vain.
LEASE = timedelta(minutes=15)
# After about so long there is room again.
_ROOM_S = 30

Write = Callable[[Transaction], None]


def hand_over(hold: Hold, later: Later, reply: Reply) -> None:
    """Begin the job, keep what is answered meanwhile, and let the hold wait for the job.

    Raises `Unavailable` where the hold, or the record, is another's by now, and `TooManyRuns` where
    there is no room for the job: then nothing is held any more.
    """
    ends = clock.now() + LEASE
    facts = {
        "lease": int(ends.timestamp()),
        "job": [*later.job],
        **jobs.due(jobs.HOLD, hold.id, ends),
    }
    tx = Transaction(hold.partition, hold.request_id)
    tx.update(
        Table.CORE,
        hold.key,
        "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
        condition="#st = :pending AND #lease = :mine",
        values={**facts, "pending": PENDING, "mine": hold.lease},
        otherwise=Ended,
    )
    answer = Answer(reply, writes=lambda tx: later.begin(tx, hold.id), held=hold.credits)
    answer.keep(tx, hold, charged=0)
    try:
        tx.commit()
    except (Ended, RecordGone, Unavailable):
        # It may be this very attempt that did it, and its reply be lost.
        if not answer.is_kept(hold):
            raise Unavailable from None
    except clock.NotYet:
        with suppress(Ended, Unavailable):
            holds.give_back(hold)
        raise TooManyRuns(_ROOM_S) from None


@dataclass(frozen=True)
class _Result:
    """What a job has come to, which it writes onto its own item."""

    write: Write
    in_vain: bool = False

    def keep(self, tx: Transaction, hold: Hold, *, charged: int) -> None:
        self.write(tx)


@dataclass(frozen=True)
class Handed:
    """A hold in the hands of its job."""

    hold: Hold

    @classmethod
    def find(cls, partition: str, hold_id: str) -> "Handed | None":
        """None if it has ended."""
        found = holds.find(partition, hold_id)
        return cls(found[0]) if found and found[1] == PENDING else None

    @property
    def is_free(self) -> bool:
        """Whether nothing is held: no model may be asked that we pay for."""
        return self.hold.credits == 0

    def may_ask(self) -> bool:
        """Whether a model may be asked that we pay for: as of now, as others have ended since."""
        if self.is_free:
            return False
        balance = balances.find(self.hold.partition)
        return balance is not None and free_answers.so_far(balance) < free_answers.MOST

    def settle(self, made: Made[Any], write: Write) -> None:
        """Charge, or for nothing give back, with what `write` adds. Raises `Ended`, `Unavailable`,
        and what that does.
        """
        result = _Result(write, in_vain=made.is_fallback and not self.is_free)
        if made.is_free:
            holds.give_back(self.hold, result)
        else:
            holds.charge(self.hold, result)
        count("ai_fallbacks" if made.is_fallback else "ai_generations")

    def give_back(self, write: Write) -> None:
        """Nothing came of it. Raises as `settle`."""
        holds.give_back(self.hold, _Result(write))


def sweep(work: Work) -> None:
    """Do the job of a hold whose attempt is dead. Raises `NotYet` while it may live."""
    item = get(Table.CORE, work.key)
    if item is None or item["st"] != PENDING:
        return
    hold = Hold.of(item)
    if clock.epoch() < hold.lease:
        raise clock.NotYet(clock.from_epoch_ms(hold.lease * 1000))
    if hold.job is not None and jobs.is_due(get(Table.CORE, hold.job) or {}):
        raise clock.NotYet(clock.now() + LEASE)
    with suppress(Ended):
        holds.give_back(hold)
