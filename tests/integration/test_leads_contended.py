"""How often each item of a campaign is written, and how many leads a second it lets through where
transactions that overlap cancel each other: docs/operations.md has the figures.
"""

from typing import NamedTuple

import pytest

from linkwright import clock, plans, usage
from linkwright.errors import Unavailable
from linkwright.jobs import LEAD, Work
from linkwright.mailer import items
from linkwright.mailer.research import reading, running
from linkwright.table import Key, Table, update
from linkwright.transaction import Outrun
from tests import leads, mailing
from tests.client import Context
from tests.contention import Course, Overlapping, overlapping
from tests.factories import Workspace, make_workspace
from tests.stack import Stack

# As template.yaml has it for ResearchQueue.
WORKERS = 20
AN_HOUR_MS = 3_600_000


class Heat(NamedTuple):
    """How often a campaign, and the count of its plan's leads, were written or held to."""

    campaign: int
    plan: int


def _heat(own: Workspace, campaign: str, driver: Overlapping) -> Heat:
    period = plans.period(own.item["anchor_day"]).label
    touched = {Key(pk, sk): count for (_, pk, sk), count in driver.touched.items()}
    of = items.campaign_key(own.partition, campaign)
    return Heat(
        touched.get(of, 0), touched.get(usage.key(own.partition, period, items.RESEARCHED), 0)
    )


@pytest.mark.slow
def test_a_push_of_500_writes_no_item_but_once_in_31_leads(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = make_workspace("enterprise")
    campaign = own.mailer_campaign()
    course, driver = overlapping(monkeypatch, 1)
    body = {"leads": [{"email": f"p{at}@example.com"} for at in range(500)]}

    def push(_: int) -> int:
        path = f"/v1/mailer/campaigns/{campaign}/leads"
        answer = own.client.post(path, json=body, context=Context(AN_HOUR_MS))
        return int(answer.json["created"])

    assert course.run(1, push) == [500]
    assert _heat(own, campaign, driver) == Heat(0, 17)
    assert max(driver.touched.values()) == 17
    assert 500 / course.now_s > 1000


def _let_go(own: Workspace, lead: str) -> None:
    if "leased_until" in leads.stored(own, lead):
        where, over = items.lead_key(own.partition, lead), {"over": "2020-01-01T00:00:00Z"}
        update(Table.CORE, where, "SET #leased_until = :over", values=over)


def _research(course: Course, own: Workspace, left: list[str]) -> int:
    """How many runs were put off, of all workers on all leads."""

    def work(_: int) -> int:
        put_off = 0
        while left:
            lead = left.pop()
            try:
                running.run(Work(LEAD, *items.lead_key(own.partition, lead)))
            except (Outrun, Unavailable, clock.NotYet):
                left.insert(0, lead)
                put_off += 1
                # As its job waits; a lease is by a clock that stands still here.
                course.sleep(5)
                _let_go(own, lead)
        return put_off

    return sum(course.run(WORKERS, work))


def _pushed(own: Workspace, count: int) -> tuple[str, list[str]]:
    """A campaign that mails unseen, and leads of it that wait for their research."""
    boxes = [mailing.put_mailbox(own)]
    campaign = mailing.put_campaign(own, boxes, state="active", require_approval=False)
    made = [leads.put_lead(own, campaign, email=f"p{at}@gmail.com") for at in range(count)]
    period = plans.period(own.item["anchor_day"]).label
    for lead in made:
        where = items.lead_key(own.partition, lead)
        update(Table.CORE, where, "SET #period = :period", values={"period": period})
    return campaign, made


@pytest.mark.parametrize(("reads_s", "a_second"), [(0.5, 30), (1.0, 15)])
@pytest.mark.slow
def test_all_research_workers_on_one_campaign_meet_and_nobody_is_put_off(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, reads_s: float, a_second: int
) -> None:
    """Each lead is ready at once, so that it is held to the campaign and put in line."""
    campaign, left = _pushed(workspace, 200)
    course, driver = overlapping(monkeypatch, 1)
    read = reading.read

    def slow(starts: list[str]) -> reading.Site:
        course.sleep(reads_s)
        return read(starts)

    monkeypatch.setattr(reading, "read", slow)
    assert _research(course, workspace, left) == 0
    assert 200 / course.now_s > a_second
    assert _heat(workspace, campaign, driver) == Heat(200, 200)


@pytest.mark.slow
def test_research_that_takes_no_time_is_put_off_and_done_later(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than these items take: nothing is lost, and nothing is done twice."""
    campaign, left = _pushed(workspace, 200)
    course, driver = overlapping(monkeypatch, 1)
    assert _research(course, workspace, left) > 0
    assert _heat(workspace, campaign, driver) == Heat(200, 200)


@pytest.mark.parametrize("people", [1, 5])
@pytest.mark.slow
def test_people_who_approve_at_once_meet_and_nobody_is_refused(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, people: int
) -> None:
    mailbox = mailing.put_mailbox(workspace)
    campaign = mailing.put_campaign(workspace, [mailbox], state="active")
    made = [
        [leads.put_written(workspace, campaign, email=f"p{at}@x{of}.example") for at in range(40)]
        for of in range(people)
    ]
    course, driver = overlapping(monkeypatch, 1)

    def approve(of: int) -> int:
        body = {"items": [{"lead_id": lead, "seq": 1, "version": 1} for lead in made[of]]}
        path = f"/v1/mailer/campaigns/{campaign}/emails/approve"
        answer = workspace.client.post(path, json=body, context=Context(AN_HOUR_MS))
        return int(answer.json.get("approved", 0))

    assert course.run(people, approve) == [40] * people
    assert 40 * people / course.now_s > 40
    assert _heat(workspace, campaign, driver) == Heat(40 * people, 0)
