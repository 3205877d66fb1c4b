"""The faults at the AWS calls of a lead's research that is due: it is done once."""

from datetime import timedelta

from linkwright import clock, jobs
from linkwright.mailer import items
from tests import leads, processes
from tests.faults.due import DueJob
from tests.faults.world import World


def _prepared(world: World) -> None:
    world.reset()
    processes.forget()
    lead = leads.put_lead(world)
    # What asked for it was lost, as it may be.
    moment = world.now() - timedelta(minutes=1)
    where = items.lead_key(world.partition, lead)
    assert jobs.change(leads.stored(world, lead), {"gsi2sk": clock.timestamp(moment)})
    assert jobs.is_waiting(where)


def _left(world: World) -> list[str]:
    rows = world.items()["CoreTable"]
    [lead] = [row for row in rows if row["pk"].endswith("#LEAD")]
    return ["it is not done"] if jobs.is_due(lead) else []


RESEARCH = DueJob("research", jobs.LEAD, _prepared, _left, "research_leads")


def test_it_is_done_once_whatever_strikes(world: World) -> None:
    assert RESEARCH.struck(world) == []


def test_a_second_run_in_the_middle_does_nothing_twice(world: World) -> None:
    assert RESEARCH.twice(world) == []
