"""The faults at the AWS calls of a scan that is due: it tells what it finds once."""

from datetime import timedelta

from linkwright import clock, jobs
from linkwright.ai.scan import scanning
from tests import processes, shortlinks
from tests.faults.due import DueJob
from tests.faults.samples import LINK_THAT_ENDS
from tests.faults.world import World

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


def _left(world: World) -> list[str]:
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
    return problems


SCAN = DueJob("a scan", jobs.SCAN, _prepared, _left)


def test_what_is_found_is_told_once_whatever_strikes(world: World) -> None:
    assert SCAN.struck(world) == []


def test_a_second_run_in_the_middle_tells_nothing_twice(world: World) -> None:
    assert SCAN.twice(world) == []
