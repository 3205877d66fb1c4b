"""Jobs of made-up kinds, for the relay and the sweeper: how they send is the same for every kind.

They have two queues, and are due until a worker has done them.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from linkwright import jobs, relay, sweeper
from linkwright.jobs import Kind
from linkwright.table import Item, Key, Table, update
from linkwright.transaction import Transaction
from tests.client import stream_event
from tests.faults import matrix, wiring
from tests.faults.injection import Injector
from tests.faults.tally import TALLY
from tests.faults.world import World

RELAY, SWEEPER = "relay_outbox", "sweep_overdue"
ASKED, ALSO = "asked", "also"
# More than a batch and a page of each kind, which are small here.
_JOBS = {f"job_{number}": kind for number, kind in enumerate([ASKED, ALSO] * 5)}
_BATCH = _PAGE = 3
_MINUTE = timedelta(seconds=60)
_MINUTES = 5


@contextmanager
def _made_up() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        kinds = {
            ASKED: Kind("follow_up_queue_url", (5,)),
            ALSO: Kind("event_queue_url", (5,), needs=("WH", "RING")),
        }
        patched.setattr(jobs, "KINDS", kinds)
        patched.setattr(sweeper, "_PAGE", _PAGE)
        patched.setattr(relay, "_SQS_BATCH", _BATCH)
        yield


def calls(world: World, file: str) -> list[str]:
    """Those that the function makes to send the jobs."""
    injector = Injector()
    assert run(world, file, injector, at_most=1) == []
    TALLY.calls[file] = len(injector.calls)
    return injector.calls


def run(
    world: World, file: str, injector: Injector, *, at_most: int, redelivers: bool = False
) -> list[str]:
    """The function sends the jobs; what it does not send, others do. Returns what is wrong."""
    world.reset()
    with _made_up():
        stored = _stored(world)
        if file == SWEEPER:
            world.advance(jobs.RELAY_GRACE)
        inserted = [(None, item) for item in stored]
        event = {} if file == SWEEPER else stream_event(*inserted)
        outcome = world.invoke(file, event, injector)
        if redelivers and not outcome.is_done:
            world.invoke(file, event, Injector())
        sent = _worked_off(world)
    problems = world.problems + [f"never sent: {job}" for job in _JOBS.keys() - sent.keys()]
    problems += [f"sent {many} times: {job}" for job, many in sent.items() if many > at_most]
    return problems + [f"still due: {row}" for row in world.jobs()]


def struck(world: World, file: str, injector: Injector, *, redelivers: bool) -> list[str]:
    leg = "again" if redelivers else "never again"
    TALLY.runs[file, leg] += 1
    problems = run(world, file, injector, at_most=2, redelivers=redelivers)
    return matrix.told(problems + matrix.unreached(injector), injector)


def _stored(world: World) -> list[Item]:
    tx = Transaction(world.partition, "req")
    place = f"W#{world.partition}#"
    stored = [
        {"pk": f"{place}{kind.upper()}", "sk": job, **jobs.requested(kind, job)}
        for job, kind in _JOBS.items()
    ]
    for item in stored:
        tx.put(Table.CORE, item)
    tx.commit()
    return stored


def _worked_off(world: World) -> Counter[str]:
    """Let the workers work and the sweeper sweep for some minutes. Returns what was sent."""
    sent: Counter[str] = Counter()
    for _ in range(_MINUTES):
        sent.update(_done(world))
        world.advance(_MINUTE)
        world.invoke(SWEEPER, {}, Injector())
    return sent


def _done(world: World) -> Iterator[str]:
    for queue in wiring.queues():
        for body in world.cloud.received(queue):
            work = json.loads(body)
            yield work["sk"]
            update(Table.CORE, Key(work["pk"], work["sk"]), "REMOVE #gsi2pk, #gsi2sk")
