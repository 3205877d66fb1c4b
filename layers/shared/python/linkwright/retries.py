"""What becomes of a job whose run has failed: another run after a while, or none any more."""

import random
from datetime import datetime, timedelta

from linkwright import clock, jobs
from linkwright.jobs import Kind, Work
from linkwright.table import Item, Key, Table, get

# So that what failed at the same moment is not tried again at the same moment.
_JITTER = 0.25
# Who has not failed for so long fails anew: longer than any retry takes, also by the sweeper.
_GAP = timedelta(hours=3)


class Spent(Exception):
    """The job has failed for as long as its kind may."""


def put_off(work: Work) -> bool:
    """A run has failed: have another one after a while. Returns whether there is such a job.

    Of several deliveries one goes on: who comes later finds the job put off, and adds nothing. A
    run may have told when its job is to be looked at next, as by a lease: then it is. Raises
    `Spent`.
    """
    job = get(Table.CORE, work.key)
    if job is None or not jobs.is_due(job):
        return job is not None
    failures = _failed_again(job, work.of_kind)
    if jobs.is_left_alone(job):
        jobs.change(job, failures)
    else:
        wait(job, clock.now() + _delay(work.of_kind, failures["attempts"]), failures)
    return True


def postpone(work: Work, until: datetime) -> bool:
    """A job is to wait, and nothing failed. Returns whether there is such a job."""
    job = get(Table.CORE, work.key)
    if job is not None and jobs.is_due(job):
        wait(job, until)
    return job is not None


def wait(job: Item, moment: datetime, facts: Item | None = None) -> bool:
    """Let a job that was just read be due again at a moment; False if somebody else has moved it.

    By a message that its queue holds back, if it can for so long; else by the due index, where a
    job by level keeps its mark.
    """
    kind = jobs.at(Key(job["pk"], job["sk"])).kind
    facts = {**(facts or {}), **jobs.waits_until(clock.whole_second(moment))}
    if facts["next_at"] == facts["gsi2sk"] and not jobs.KINDS[kind].is_by_level:
        return jobs.change(job, facts, "REMOVE #outbox")
    return jobs.change(job, {**facts, "outbox": kind})


def went_well(job: Item) -> None:
    """A run has not failed of a job that stays, as it was read before: nor has it in a row."""
    if "attempts" in job:
        jobs.change(job, {}, "REMOVE " + ", ".join(f"#{name}" for name in jobs.FAILURES))


def note_killed(work: Work) -> None:
    """A run was killed, since its message comes again: that counts as a failed one too.

    Raises `Spent`.
    """
    job = get(Table.CORE, work.key)
    if job is not None and jobs.is_due(job):
        # It is heard of, so its messages come: they need not be waited for ever longer.
        jobs.change(job, _failed_again(job, work.of_kind), "REMOVE #swept")


def _failed_again(job: Item, kind: Kind) -> Item:
    """The facts of a job after one more failure. Raises `Spent`."""
    now, since, attempts = clock.now(), clock.now(), 1
    if "failed_at" in job and now - clock.parse(job["failed_at"]) < _GAP:
        since, attempts = clock.parse(job["failing_since"]), int(job["attempts"]) + 1
    if now - since > kind.longest:
        raise Spent
    return {
        "attempts": attempts,
        "failing_since": clock.timestamp(since),
        "failed_at": clock.timestamp(now),
    }


def _delay(kind: Kind, attempts: int) -> timedelta:
    seconds = kind.retries[min(attempts, len(kind.retries)) - 1]
    return timedelta(seconds=seconds * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 -- not a secret
