"""The faults at the AWS calls of what hears of mails by SES: each message takes effect once, whole,
and is told once, whatever strikes; the message itself is the job.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from linkwright.mailer import items
from linkwright.table import Table, get, update
from tests import feedback, heard, mailing, processes
from tests.faults import plan
from tests.faults.injection import Fault, Injector
from tests.faults.matrix import told
from tests.faults.tally import TALLY
from tests.faults.world import World
from tests.feedback import WORKER

_AFTER_A_CRASH = {Fault.ERROR_503, Fault.KILL_AFTER, Fault.LOST_REPLY}
# The lead's status, the states of its send and emails, what was told, what bars the address.
_End = tuple[str, str, list[str], list[str], list[str]]


@dataclass(frozen=True)
class Case:
    """What SES tells of a mail whose record is in a state, and what that comes to."""

    name: str
    make: Callable[[dict[str, str]], dict[str, object]]
    state: str
    end: _End

    def __str__(self) -> str:
        return self.name


_CASES = [
    Case(
        *("bounce", feedback.bounce, "sent"),
        ("bounced", "sent", ["sent", "canceled"], ["lead.bounced"], ["bounced"]),
    ),
    Case(
        *("complaint of a mail that was unknown", feedback.complaint, "unknown"),
        ("complained", "sent", ["sent", "canceled"], ["lead.complained"], ["complained"]),
    ),
    Case(
        *("delivery of a mail that was unknown", feedback.delivery, "unknown"),
        ("ready", "sent", ["sent", "approved"], [], []),
    ),
    Case(
        *("reject", feedback.rejected, "sent"),
        ("failed", "failed", ["failed", "canceled"], ["email.failed"], []),
    ),
]


def _told(world: World, case: Case) -> tuple[str, str]:
    """A message of SES in a world that was reset, and the lead that it is about."""
    world.reset()
    processes.forget()
    with world.seam.use(Injector()):
        mailbox = feedback.put_ses_mailbox(world)
        campaign = mailing.put_campaign(world, [mailbox], state="active", opted_in=True)
        lead = mailing.put_ready(world, campaign)
        heard.put_sent(world, lead, mailbox)
        where = items.send_key(world.partition, lead, 1)
        update(Table.CORE, where, "SET #state = :state", values={"state": case.state})
        where = items.email_key(world.partition, lead, 1)
        view = (get(Table.CORE, where) or {})["view"] | {"state": case.state}
        update(Table.CORE, where, "SET #view = :view", values={"view": view})
        of = feedback.tags(world, lead)
    return feedback.envelope(case.make(of)), lead


def _run(world: World, case: Case, *armed: Injector) -> list[str]:
    """What is wrong at the end."""
    body, lead = _told(world, case)
    world.arms = {(WORKER, 0): armed} if armed else {}
    world.hand_out(WORKER, body)
    with world.seam.use(Injector()):
        world.settle()
        found = _end(world, lead)
    problems = [] if found == case.end else [f"it came to {found}"]
    return [*problems, *world.problems]


def _end(world: World, lead: str) -> _End:
    rows = world.items()["CoreTable"]
    emails = sorted((row["sk"], row["view"]["state"]) for row in rows if row["sk"][:4] == "EML#")
    return (
        next(row["view"]["status"] for row in rows if row["sk"] == lead and "view" in row),
        next(row["state"] for row in rows if row["sk"] == "SND#0001"),
        [state for _, state in emails],
        sorted(row["type"] for row in rows if row.get("type", "").startswith(("email.", "lead."))),
        [row["view"]["source"] for row in rows if row["pk"].endswith("#SUP")],
    )


def _calls(world: World, case: Case) -> list[str]:
    injector = Injector()
    assert _run(world, case, injector) == []
    TALLY.calls[f"feedback: {case}"] = len(injector.calls)
    return injector.calls


def _struck(world: World, case: Case, *armed: Injector) -> list[str]:
    TALLY.runs[f"feedback: {case}", "struck"] += 1
    problems = _run(world, case, *armed)
    if not armed[-1].struck:
        problems.append("the call was not made")
    return told(problems, armed[-1])


@pytest.mark.parametrize("case", _CASES, ids=str)
def test_it_takes_effect_once_whatever_strikes(world: World, case: Case) -> None:
    calls = _calls(world, case)
    assert [one for by in plan.injectors(calls) for one in _struck(world, case, by)] == []


@pytest.mark.parametrize("case", _CASES, ids=str)
def test_a_second_delivery_in_the_middle_changes_nothing(world: World, case: Case) -> None:
    twice = [
        Injector(at=at, meanwhile=world.repeat) for at in range(1, len(_calls(world, case)) + 1)
    ]
    assert [one for by in twice for one in _struck(world, case, by)] == []


@pytest.mark.parametrize("case", _CASES, ids=str)
def test_a_fault_of_who_takes_over_changes_nothing(world: World, case: Case) -> None:
    """Of who comes after a crash, and finds what the dead one left."""
    problems = []
    for at in plan.effects(_calls(world, case)):
        heir = Injector()
        problems += _run(world, case, Injector(Fault.KILL_AFTER, at), heir)
        for hit in plan.injectors(heir.calls, _AFTER_A_CRASH):
            problems += _struck(world, case, Injector(Fault.KILL_AFTER, at), hit)
    assert problems == []
