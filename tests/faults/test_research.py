"""The faults at the AWS calls of a lead's research that is due: done, told and charged once."""

from datetime import timedelta

from linkwright import clock, jobs
from linkwright.mailer import items
from linkwright.table import Table, update
from tests import leads, processes, sites
from tests.faults.due import DueJob
from tests.faults.world import World

PERIOD = "2026-01-01"


def _prepared(world: World) -> None:
    world.reset()
    processes.forget()
    lead = leads.put_lead(world, leads.put_campaign(world), website=sites.URL)
    # What asked for it was lost, as it may be.
    past = clock.timestamp(world.now() - timedelta(minutes=1))
    values = {"past": past, "period": PERIOD}
    where = items.lead_key(world.partition, lead)
    update(Table.CORE, where, "SET #gsi2sk = :past, #period = :period", values=values)


def _left(world: World) -> list[str]:
    rows = world.items()["CoreTable"]
    [lead] = [row for row in rows if row["pk"].endswith("#LEAD")]
    [used] = [row for row in rows if row["sk"] == f"{PERIOD}#{items.RESEARCHED}"] or [{}]
    told = sorted(str(row["type"]) for row in rows if row["pk"].endswith("#EVT"))
    problems = ["it is not done"] if jobs.is_due(lead) else []
    if told.count("lead.researched") != 1 or told.count("email.generated") != 2:
        problems.append(f"it told {told}")
    if sum("#LEAD#" in row["pk"] and row["sk"].startswith("EML#") for row in rows) != 2:
        problems.append("there are not two emails")
    if (lead["view"]["status"], lead["view"]["research"]["status"]) != ("review", "succeeded"):
        problems.append(f"it is {lead['view']['status']}")
    if used.get("used") != 1 or used.get("committed", 0) != 0 or "period" in lead:
        problems.append(f"it is charged as {used}")
    return problems


RESEARCH = DueJob("research", jobs.LEAD, _prepared, _left, "research_leads")


def test_it_is_done_once_whatever_strikes(world: World) -> None:
    assert RESEARCH.struck(world) == []


def test_a_second_run_in_the_middle_does_nothing_twice(world: World) -> None:
    assert RESEARCH.twice(world) == []
