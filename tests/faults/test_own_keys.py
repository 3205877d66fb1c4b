"""The faults at the AWS calls by which an own key is destroyed, 30 days after its plan ended."""

from datetime import timedelta

from linkwright import clock, jobs
from linkwright.ai.own_key import expiry
from linkwright.table import Item, Table, update
from linkwright.workspace import workspaces
from tests import processes, shortlinks
from tests.faults import plan
from tests.faults.injection import Injector
from tests.faults.matrix import told
from tests.faults.samples import sample
from tests.faults.tally import TALLY
from tests.faults.world import World

CASE = "an own key that goes"


def _prepared(world: World) -> None:
    """A key of a workspace whose plan ended so long ago that the job is due."""
    world.reset()
    processes.forget()
    made = world.request(sample("PUT /api/ai/byok"), "before")
    assert made is not None
    assert made.status == 200
    place = workspaces.key(world.partition)
    update(Table.CORE, place, "SET #plan = :plan", values={"plan": "business"})
    moment = world.now() - timedelta(minutes=1)
    due = {"goes_at": clock.timestamp(moment), **jobs.due(jobs.OWN_KEY, world.partition, moment)}
    shortlinks.put({**expiry.key(world.partition).attributes(), **due})


def _workspace(world: World) -> Item:
    rows = world.items()["CoreTable"]
    [found] = [row for row in rows if row["pk"] == f"W#{world.partition}" and row["sk"] == "META"]
    return dict(found)


def _happens(world: World) -> list[str]:
    """All that comes of it, by the sweeper and the queue."""
    with world.seam.use(Injector()):
        for _ in range(3):
            world.run_schedules()
            world.settle()
            world.advance(timedelta(seconds=70))
    rows = world.items()["CoreTable"]
    problems = ["the key is there"] if "own_key" in _workspace(world) else []
    [job] = [row for row in rows if row["pk"].endswith("#BYOK")]
    if "gsi2pk" in job:
        problems.append("the job is not done")
    entries = sum(row.get("view", {}).get("action") == "own_key.destroyed" for row in rows)
    if entries != 1:
        problems.append(f"it is told {entries} times")
    return problems + world.problems


def _calls(world: World) -> tuple[int, list[str]]:
    """The place of the run among the events of the worker, and the calls that it makes."""
    _prepared(world)
    assert _happens(world) == []
    assert jobs.OWN_KEY in world.kinds
    events = [event for event in world.events if event.file == "update_workspace"]
    [at] = [at for at, event in enumerate(events) if event.about == jobs.OWN_KEY]
    return at, events[at].calls


def test_a_key_is_destroyed_once_whatever_strikes(world: World) -> None:
    number, calls = _calls(world)
    TALLY.calls[CASE] = len(calls)
    problems = []
    for injector in plan.injectors(calls):
        _prepared(world)
        world.arms = {("update_workspace", number): [injector]}
        TALLY.runs[CASE, "struck"] += 1
        problems += told(_happens(world), injector)
        assert injector.struck
    assert problems == []


def test_a_second_run_in_the_middle_tells_nothing_twice(world: World) -> None:
    number, calls = _calls(world)
    problems = []
    for at in range(1, len(calls) + 1):
        _prepared(world)
        injector = Injector(at=at, meanwhile=world.repeat)
        world.arms = {("update_workspace", number): [injector]}
        TALLY.runs[CASE, "twice"] += 1
        problems += told(_happens(world), injector)
    assert problems == []
