"""The faults at the AWS calls of a scan that is due: it tells what it finds once."""

from datetime import timedelta

from linkwright import clock, jobs
from linkwright.ai.scan import scanning
from tests import processes, shortlinks
from tests.faults import plan
from tests.faults.injection import Injector
from tests.faults.matrix import told
from tests.faults.samples import LINK_THAT_ENDS
from tests.faults.tally import TALLY
from tests.faults.world import World

CASE = "a scan"
TYPE = "link.alert"


def _prepared(world: World) -> None:
    world.reset()
    processes.forget()
    made = world.request(world.prepared(LINK_THAT_ENDS), "before")
    assert made is not None
    assert made.status == 201
    moment = world.now() - timedelta(minutes=1)
    due = {"next_at": clock.timestamp(moment), **jobs.due(jobs.SCAN, world.partition, moment)}
    shortlinks.put({**scanning.key(world.partition).attributes(), "runs": 0, **due})


def _scans(world: World) -> list[int]:
    """By their place among the events of the worker."""
    events = [event for event in world.events if event.file == "update_workspace"]
    return [at for at, event in enumerate(events) if event.about == jobs.SCAN]


def _happens(world: World) -> list[str]:
    """All that comes of it, by the sweeper and the queue."""
    with world.seam.use(Injector()):
        for _ in range(3):
            world.run_schedules()
            world.settle()
            world.advance(timedelta(seconds=70))
    rows = world.items()["CoreTable"]
    [job] = [row for row in rows if row["pk"].endswith("#SCAN")]
    counted = {
        "alerts that are open": sum(row["pk"].endswith("#ALR") for row in rows),
        "notifications": sum(row.get("view", {}).get("type") == TYPE for row in rows),
        "events": sum(row.get("type") == TYPE for row in rows),
        "mails": sum(row["pk"].endswith("#ALM") for row in rows),
    }
    problems = [f"{count} {what}" for what, count in counted.items() if count != 1]
    if not jobs.is_due(job) or job["gsi2sk"] <= clock.timestamp(world.now() - timedelta(hours=2)):
        problems.append("it is not due again")
    return problems + world.problems


def test_what_is_found_is_told_once_whatever_strikes(world: World) -> None:
    _prepared(world)
    assert _happens(world) == []
    [number] = _scans(world)
    assert jobs.SCAN in world.kinds
    calls = [event for event in world.events if event.file == "update_workspace"][number].calls
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
    _prepared(world)
    assert _happens(world) == []
    [number] = _scans(world)
    calls = [event for event in world.events if event.file == "update_workspace"][number].calls
    problems = []
    for at in range(1, len(calls) + 1):
        _prepared(world)
        injector = Injector(at=at, meanwhile=world.repeat)
        world.arms = {("update_workspace", number): [injector]}
        TALLY.runs[CASE, "twice"] += 1
        problems += told(_happens(world), injector)
    assert problems == []
