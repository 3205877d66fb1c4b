"""The faults at the AWS calls of a look at a domain that is due, as its proof is gone for too long.

It fails once, and tells of it once, whatever strikes.
"""

from datetime import timedelta

from linkwright import clock, jobs
from linkwright.links.domains import checking
from linkwright.links.items import domain_key, domain_name_key
from linkwright.table import Item
from tests import processes, shortlinks
from tests.faults.due import DueJob
from tests.faults.world import World

NAME, DOMAIN = "gone.example.com", "dom_01HF0000000000000000000000"
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
    whose = {"partition": world.partition, "domain": DOMAIN, "held": 1}
    shortlinks.put({**domain_name_key(NAME).attributes(), **whose})


def _left(world: World) -> list[str]:
    rows = world.items()["CoreTable"]
    [row] = [row for row in rows if row["sk"] == DOMAIN and row["pk"].endswith("#DOM")]
    problems = []
    if (row["status"], row["v"], "gsi2pk" in row) != ("failed", 3, False):
        problems.append(f"left {row['status']}, version {row['v']}")
    said = [row for row in rows if TYPE in (row.get("type"), row.get("view", {}).get("type"))]
    told_of = [row["pk"].rpartition("#")[2] for row in said]
    if sorted(told_of) != ["EVT", "NTF"]:
        problems.append(f"told of by {told_of}")
    return problems


LOOK = DueJob("a look at a domain", jobs.DOMAIN, _prepared, _left)


def test_a_domain_fails_once_whatever_strikes(world: World) -> None:
    assert LOOK.struck(world) == []


def test_a_second_run_in_the_middle_tells_nothing_twice(world: World) -> None:
    assert LOOK.twice(world) == []


def test_a_domain_is_awaited_only_while_its_run_fails(world: World) -> None:
    """Else whoever waits until nothing is left to do would wait for ever."""
    _prepared(world)
    [row] = [row for row in world.items()["CoreTable"] if row["sk"] == DOMAIN]
    assert not world.is_awaited(row)
    assert world.is_awaited(row | {"attempts": 1})
