"""Faults at the AWS calls by which credits come back, and come anew: once, whatever strikes.

A request that costs some is in `test_routes.py`; here its process is dead, or its cycle over.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from linkwright import jobs
from tests.faults import ledger, plan
from tests.faults.injection import Fault, Injector
from tests.faults.matrix import KEY, told
from tests.faults.samples import sample
from tests.faults.tally import TALLY
from tests.faults.world import World

SUGGEST = "POST /api/ai/suggest-alias"
WORKER = "update_workspace"


def _held(world: World) -> None:
    """A request that costs credits was killed before it was charged, longer ago than its lease."""
    world.reset()
    counted = Injector()
    world.request(sample(SUGGEST), "another", counted)
    world.request(sample(SUGGEST), KEY, Injector(Fault.KILL_BEFORE, len(counted.calls) - 3))
    assert ledger.held(world.items()) == 1
    world.advance(timedelta(minutes=2))


def _over(world: World) -> None:
    """The billing cycle has ended in which a request was charged."""
    world.reset()
    world.request(sample(SUGGEST), KEY, Injector())
    world.advance(timedelta(days=31))


def _happens(world: World) -> Counter[str]:
    with world.seam.use(Injector()):
        for _ in range(2):
            world.run_schedules()
            world.settle()
    lines = [row for row in world.items()["LedgerTable"] if row["sk"].startswith("L#")]
    return Counter(line["type"] for line in lines)


CASES = pytest.mark.parametrize(
    ("kind", "prepare", "lines"),
    [
        (jobs.HOLD, _held, {"grant": 1, "hold": 2, "settle": 1, "release": 1}),
        (jobs.RENEWAL, _over, {"grant": 2, "hold": 1, "settle": 1, "expire": 1}),
    ],
    ids=["a dead request", "a new cycle"],
)


@CASES
def test_credits_come_once_whatever_strikes(
    world: World, kind: str, prepare: Callable[[World], None], lines: dict[str, int]
) -> None:
    prepare(world)
    assert _happens(world) == lines
    assert kind in world.kinds
    assert ledger.held(world.items()) == 0
    events = [event for event in world.events if event.file == WORKER]
    at = next(at for at, event in enumerate(events) if event.about == kind)
    TALLY.calls[kind] = len(events[at].calls)
    problems = []
    for injector in plan.injectors(events[at].calls):
        prepare(world)
        world.arms = {(WORKER, at): [injector]}
        found = [] if _happens(world) == lines else [f"other lines than {lines}"]
        found += [] if injector.struck else ["the call was not made"]
        found += ledger.violated(world.items(), world.partition) + world.problems
        problems += told(found, injector)
        TALLY.runs[kind, "struck"] += 1
    assert problems == []
