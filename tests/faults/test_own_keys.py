"""The faults at the AWS calls by which an own key is destroyed, 30 days after its plan ended."""

from datetime import timedelta

from linkwright import clock, jobs
from linkwright.ai.own_key import expiry
from linkwright.table import Item, Table, update
from linkwright.workspace import workspaces
from tests import processes, shortlinks
from tests.faults.due import DueJob
from tests.faults.samples import sample
from tests.faults.world import World


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


def _left(world: World) -> list[str]:
    rows = world.items()["CoreTable"]
    problems = ["the key is there"] if "own_key" in _workspace(world) else []
    [job] = [row for row in rows if row["pk"].endswith("#BYOK")]
    if "gsi2pk" in job:
        problems.append("the job is not done")
    entries = sum(row.get("view", {}).get("action") == "own_key.destroyed" for row in rows)
    if entries != 1:
        problems.append(f"it is told {entries} times")
    return problems


OWN_KEY = DueJob("an own key that goes", jobs.OWN_KEY, _prepared, _left)


def test_a_key_is_destroyed_once_whatever_strikes(world: World) -> None:
    assert OWN_KEY.struck(world) == []


def test_a_second_run_in_the_middle_tells_nothing_twice(world: World) -> None:
    assert OWN_KEY.twice(world) == []
