"""The faults at the AWS calls of a look at a domain that is due, as its proof is gone for too long.

It fails once, and tells of it once, whatever strikes.
"""

from datetime import timedelta

from linkwright import clock, jobs
from linkwright.links.domains import checking
from linkwright.links.items import domain_key, domain_name_key
from linkwright.table import Item
from tests import processes, shortlinks
from tests.faults import plan
from tests.faults.injection import Injector
from tests.faults.matrix import told
from tests.faults.tally import TALLY
from tests.faults.world import World

NAME, DOMAIN = "gone.example.com", "dom_01HF0000000000000000000000"
CASE = "a look at a domain"
TYPE = "domain.failed"


def _prepared(world: World) -> None:
    world.reset()
    processes.forget()
    now = world.now()
    since = clock.timestamp(now - checking.GRACE - timedelta(hours=1))
    where = domain_key(world.partition, DOMAIN)
    view = {"id": DOMAIN, "domain": NAME, "domain_unicode": NAME, "created_at": since}
    row: Item = {
        **where.attributes(),
        "name": NAME,
        "view": view | {"updated_at": since, "version": 2},
        "v": 2,
        "status": "verified",
        "checks": 1,
        "last_error": None,
        "checked_at": since,
        "verified_at": since,
        "unproven_since": since,
        "next_at": clock.timestamp(now - timedelta(minutes=1)),
        **jobs.due(jobs.DOMAIN, DOMAIN, now - timedelta(minutes=1)),
    }
    shortlinks.put(row)
    whose = {"partition": world.partition, "domain": DOMAIN}
    shortlinks.put({**domain_name_key(NAME).attributes(), **whose})


def _looks(world: World) -> list[int]:
    """By their place among the events of the worker: those of the domain."""
    events = [event for event in world.events if event.file == "update_workspace"]
    return [at for at, event in enumerate(events) if event.about == jobs.DOMAIN]


def _happens(world: World) -> list[str]:
    """All that comes of it, by the sweeper and the queue."""
    with world.seam.use(Injector()):
        for _ in range(3):
            world.run_schedules()
            world.settle()
    rows = world.items()["CoreTable"]
    [row] = [row for row in rows if row["sk"] == DOMAIN and row["pk"].endswith("#DOM")]
    problems = list(world.problems)
    if (row["status"], row["v"], "gsi2pk" in row) != ("failed", 3, False):
        problems.append(f"left {row['status']}, version {row['v']}")
    said = [row for row in rows if TYPE in (row.get("type"), row.get("view", {}).get("type"))]
    told_of = [row["pk"].rpartition("#")[2] for row in said]
    if sorted(told_of) != ["EVT", "NTF"]:
        problems.append(f"told of by {told_of}")
    return problems


def test_a_domain_fails_once_whatever_strikes(world: World) -> None:
    _prepared(world)
    assert _happens(world) == []
    assert jobs.DOMAIN in world.kinds
    [at, *_] = _looks(world)
    looked = [event for event in world.events if event.file == "update_workspace"][at]
    TALLY.calls[CASE] = len(looked.calls)
    problems = []
    for injector in plan.injectors(looked.calls):
        _prepared(world)
        world.arms = {("update_workspace", at): [injector]}
        found = _happens(world) + ([] if injector.struck else ["the call was not made"])
        problems += told(found, injector)
        TALLY.runs[CASE, "struck"] += 1
    assert problems == []


def test_a_domain_is_awaited_only_while_its_run_fails(world: World) -> None:
    """Else whoever waits until nothing is left to do would wait for ever."""
    _prepared(world)
    [row] = [row for row in world.items()["CoreTable"] if row["sk"] == DOMAIN]
    assert not world.is_awaited(row)
    assert world.is_awaited(row | {"attempts": 1})
