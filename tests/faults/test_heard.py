"""The faults at the AWS calls of a mailbox that is read: what is heard takes effect once, whole,
and is told once; of an answer the colleagues end.
"""

from datetime import timedelta

from linkwright import clock, jobs
from linkwright.mailer.responses import items
from linkwright.table import Item
from tests import heard, mailing, processes
from tests.faults.due import DueJob
from tests.faults.world import World
from tests.leads import put

_STEP = {"delay_days": 0, "business_days": True, "stop_on_auto_reply": False}


def _sent(world: World, *messages: str) -> None:
    world.reset()
    processes.forget()
    mailbox = mailing.put_mailbox(world)
    steps = [_STEP | {"stop_for_company": True}] * 2
    campaign = mailing.put_campaign(world, [mailbox], state="active", steps=steps)
    lead = mailing.put_ready(world, campaign)
    about = heard.put_sent(world, lead, mailbox)
    made = {
        "answer": heard.answer(heard.READER, about),
        "bounce": heard.bounce(about),
        "complaint": heard.complaint(about),
        "opt-out": heard.answer(heard.READER, about, "Please unsubscribe me."),
    }
    heard.comes(*[made[one] for one in messages])
    heard.put_reading(world, mailbox, world.now() - timedelta(minutes=1))


def _told(world: World) -> tuple[list[Item], list[str]]:
    rows = world.items()["CoreTable"]
    told = [str(row["type"]) for row in rows if row["pk"].endswith("#EVT")]
    return rows, sorted(one for one in told if one.startswith("lead."))


def _answered(world: World) -> list[str]:
    rows, told = _told(world)
    [lead] = [row for row in rows if row["pk"].endswith("#LEAD")]
    kept = [row for row in rows if row["sk"].startswith("THR#")]
    states = [row["view"]["state"] for row in rows if row["sk"].startswith("EML#")]
    found = (lead["view"]["status"], len(kept), told, sorted(states))
    wanted = ("replied", 1, ["lead.replied"], ["canceled", "sent"])
    problems = [f"it came to {found}"] if found != wanted else []
    are_read = all(jobs.is_due(row) for row in rows if row["pk"].endswith("#MBR"))
    return problems if are_read else [*problems, "it is not read again"]


def _barred(world: World) -> list[str]:
    """A bounce, then an opt-out, then a complaint."""
    rows, told = _told(world)
    [lead] = [row for row in rows if row["pk"].endswith("#LEAD")]
    [entry] = [row for row in rows if row["pk"].endswith("#SUP")]
    counted = [row for row in rows if "#MBD#mbx_" in row["pk"]]
    found = (lead["view"]["status"], told, "until" in entry["view"])
    wanted = (
        "complained",
        ["lead.bounced", "lead.complained", "lead.unsubscribed"],
        False,
    )
    problems = [f"it came to {found}"] if found != wanted else []
    sums = {
        name: sum(int(row.get(name, 0)) for row in counted) for name in ("bounced", "complained")
    }
    return problems if sums == {"bounced": 1, "complained": 1} else [*problems, f"counted {sums}"]


ANSWER = DueJob(
    "an answer that came",
    jobs.MAILBOX_READING,
    lambda world: _sent(world, "answer"),
    _answered,
    "tend_mailbox",
)
REPORTS = DueJob(
    "what came back",
    jobs.MAILBOX_READING,
    lambda world: _sent(world, "bounce", "opt-out", "complaint"),
    _barred,
    "tend_mailbox",
)


def _colleagues(world: World) -> None:
    _sent(world)
    [lead] = [row for row in world.items()["CoreTable"] if row["pk"].endswith("#LEAD")]
    mailing.put_ready(world, lead["view"]["campaign_id"], "dov@example.org")
    past = world.now() - timedelta(minutes=1)
    where = items.company_key(world.partition, lead["sk"])
    of = {"campaign": lead["view"]["campaign_id"], "domain": "example.org"}
    times = {"asked_at": clock.timestamp(past), "ttl": clock.epoch() + 900_000}
    put({**where.attributes(), **of, **times, **jobs.due(jobs.COMPANY, lead["sk"], past)})


def _ended(world: World) -> list[str]:
    rows = world.items()["CoreTable"]
    found = sorted(row["view"]["status"] for row in rows if row["pk"].endswith("#LEAD"))
    [job] = [row for row in rows if row["pk"].endswith("#CPY")]
    problems = [] if found == ["finished", "ready"] else [f"the leads are {found}"]
    return [*problems, "it is still due"] if jobs.is_due(job) else problems


COMPANY = DueJob(
    "colleagues of who has answered", jobs.COMPANY, _colleagues, _ended, "tend_mailbox"
)


def test_an_answer_takes_effect_once_whatever_strikes(world: World) -> None:
    assert ANSWER.struck(world) == []


def test_a_second_run_in_the_middle_hears_no_answer_twice(world: World) -> None:
    assert ANSWER.twice(world) == []


def test_what_came_back_takes_effect_once_whatever_strikes(world: World) -> None:
    assert REPORTS.struck(world) == []


def test_colleagues_end_whatever_strikes(world: World) -> None:
    assert COMPANY.struck(world) == []


def test_a_second_run_in_the_middle_ends_the_same_colleagues(world: World) -> None:
    assert COMPANY.twice(world) == []
