"""A job of a made-up kind whose runs fail at first, or always: it is put off, and done or given up.

What strikes strikes the first run, and what is written down of its failure.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from linkwright import jobs
from linkwright.jobs import Kind, Work
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction
from linkwright.voice.follow_up import worker
from tests.client import queue_event
from tests.faults import matrix
from tests.faults.injection import Injector
from tests.faults.made_up import ASKED, SWEEPER
from tests.faults.tally import TALLY
from tests.faults.world import VISIBILITY, World

WORKER = "follow_up_call"
# How often it fails before it is done, and for how long it may fail before it gives up.
PUT_OFF, GIVEN_UP = "put off", "given up"
_FAILS = {PUT_OFF: 2, GIVEN_UP: 10_000}
_LONGEST = {PUT_OFF: timedelta(days=1), GIVEN_UP: timedelta(seconds=-1)}
_STEP = timedelta(seconds=20)
# Longer than it takes to send a job again whose message was lost.
_STEPS = 150
# Without a fault it is done as soon as its waits are over, and not only when somebody sweeps.
_SOON = timedelta(seconds=60)
_TOLD = "told"


@contextmanager
def _made_up(way: str, runs: list[Work]) -> Iterator[None]:
    def run(work: Work) -> None:
        runs.append(work)
        if len(runs) <= _FAILS[way]:
            raise ValueError
        tx = Transaction(jobs.partition_of(work.pk), "")
        tx.finish(work.key)
        tx.commit()

    def give_up(work: Work) -> None:
        tx = Transaction(jobs.partition_of(work.pk), "")
        tx.give_up(work)
        tx.update(Table.CORE, Key(work.pk, _TOLD), "ADD #n :one", values={"one": 1})
        tx.commit()

    with pytest.MonkeyPatch.context() as patched:
        kind = Kind("follow_up_queue_url", (5,), _LONGEST[way])
        patched.setattr(jobs, "KINDS", {ASKED: kind})
        patched.setattr(worker, "run", run)
        patched.setattr(worker, "mark_given_up", give_up)
        yield


def calls(world: World, way: str) -> list[str]:
    """Those that the first run makes."""
    injector = Injector()
    problems = run(world, way, injector, at_most=1)
    assert problems == [], problems
    TALLY.calls[f"{WORKER} {way}"] = len(injector.calls)
    return injector.calls


def run(
    world: World, way: str, injector: Injector, *, at_most: int, redelivers: bool = False
) -> list[str]:
    """`at_most`: how many messages are under way at once. Returns what is wrong."""
    world.reset()
    runs: list[Work] = []
    with _made_up(way, runs):
        job = _stored(world)
        event = queue_event([job.message()])
        if not world.invoke(WORKER, event, injector).is_done and redelivers:
            world.advance(VISIBILITY)
            world.invoke(WORKER, queue_event([job.message()], received=2), Injector())
        most = _go_on(world)
    rows = {row["sk"]: row for row in world.items()["CoreTable"] if row["pk"] == job.pk}
    problems = list(_judged(way, rows, job))
    if most > at_most:
        problems.append(f"{most} messages at once")
    if not injector.struck and way == PUT_OFF and world.offset > _SOON:
        problems.append(f"done after {world.offset}")
    # That runs fail without a fault is what this is about.
    return problems + [one for one in world.problems if "without a fault" not in one]


def met(world: World, way: str, at: int) -> list[str]:
    """A second delivery comes at the n-th call of the first run, and what it asks for is sent."""

    def again() -> None:
        world.repeat()
        world.stream()

    twice = Injector(at=at, meanwhile=again)
    TALLY.runs[f"{WORKER} {way}", "twice"] += 1
    return matrix.told(run(world, way, twice, at_most=1), twice)


def struck(world: World, way: str, injector: Injector, *, redelivers: bool) -> list[str]:
    TALLY.runs[f"{WORKER} {way}", "again" if redelivers else "never again"] += 1
    problems = run(world, way, injector, at_most=2, redelivers=redelivers)
    return matrix.told(problems + matrix.unreached(injector), injector)


def _stored(world: World) -> Work:
    work = Work(ASKED, f"W#{world.partition}#{ASKED.upper()}", "job")
    tx = Transaction(world.partition, "req")
    # Its message was sent.
    due = jobs.due(ASKED, "job", world.now() + jobs.LOST_AFTER)
    tx.put(Table.CORE, {"pk": work.pk, "sk": work.sk, **due})
    tx.commit()
    world.forget_stream()
    return work


def _go_on(world: World) -> int:
    """Until nothing is due. Returns how many messages there were at once, at most."""
    most = 0
    for _ in range(_STEPS):
        world.stream()
        bodies = world.cloud.received("FollowUpQueue")
        most = max(most, len(bodies))
        for body in bodies:
            world.invoke(WORKER, queue_event([body]), Injector())
        if not any(map(jobs.is_due, world.jobs())):
            break
        world.advance(_STEP)
        world.invoke(SWEEPER, {}, Injector())
    return most


def _judged(way: str, rows: dict[str, Item], job: Work) -> Iterator[str]:
    item, told = rows[job.sk], rows.get(_TOLD, {}).get("n", 0)
    if jobs.is_due(item):
        yield f"still due: {item}"
    if ("given_up_at" in item, told) != ((True, 1) if way == GIVEN_UP else (False, 0)):
        yield f"gave up, and told of it {told} times: {item}"
