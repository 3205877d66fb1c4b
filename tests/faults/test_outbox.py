"""How the relay and the sweeper send, with jobs of made-up kinds: whatever strikes, each is sent,
and seldom twice. That each real kind of work is sent and done, one case of it shows.
"""

import pytest

from linkwright import jobs
from tests.faults import events, failing, made_up, matrix, plan
from tests.faults.events import Courses
from tests.faults.injection import Injector
from tests.faults.made_up import RELAY, SWEEPER
from tests.faults.tally import TALLY
from tests.faults.world import World

# They share the courses of all cases.
pytestmark = pytest.mark.xdist_group("outbox")

# Whom a second delivery makes send again, and who claims what is due before it sends.
OFTEN = {RELAY: 2, SWEEPER: 1}


@pytest.fixture(scope="module")
def courses(world: World) -> Courses:
    return Courses(world)


@pytest.mark.parametrize("redelivers", [True, False], ids=["again", "never again"])
@pytest.mark.parametrize("file", OFTEN)
def test_every_job_is_sent_whatever_strikes(world: World, file: str, redelivers: bool) -> None:
    problems = []
    for injector in plan.injectors(made_up.calls(world, file)):
        problems += made_up.struck(world, file, injector, redelivers=redelivers)
    assert problems == []


@pytest.mark.parametrize("file", OFTEN)
def test_call_that_the_client_sends_twice_loses_nothing(world: World, file: str) -> None:
    problems = []
    for at in plan.effects(made_up.calls(world, file)):
        twice = Injector(at=at, resent=True)
        problems += matrix.told(made_up.run(world, file, twice, at_most=2), twice)
        TALLY.runs[file, "resent"] += 1
    assert problems == []


@pytest.mark.parametrize("file", OFTEN)
def test_second_run_in_the_middle_sends_what_it_claims(world: World, file: str) -> None:
    problems = []
    for at in range(1, len(made_up.calls(world, file)) + 1):
        twice = Injector(at=at, meanwhile=world.repeat)
        problems += matrix.told(made_up.run(world, file, twice, at_most=OFTEN[file]), twice)
        TALLY.runs[file, "twice"] += 1
    assert problems == []


# What is due long after a case is over, or after a request that was killed: `test_domains.py`,
# `test_scans.py`, `test_digests.py`, `test_own_keys.py`, `test_credits.py`, `test_runs.py`,
# `test_mailboxes.py`, `test_sending.py`, `test_heard.py` and `test_replying.py` have these due.
# A line wakes by its level.
APART = {
    *(jobs.LINE, jobs.DOMAIN, jobs.SCAN, jobs.DIGEST, jobs.OWN_KEY, jobs.HOLD, jobs.RENEWAL),
    *(jobs.RUN, jobs.MAILBOX_LINE, jobs.CAMPAIGN, jobs.MAILBOX, jobs.MAILBOX_READING),
    *(jobs.COMPANY, jobs.LEAD_ANSWER),
}


@pytest.mark.parametrize("kind", sorted(jobs.KINDS.keys() - APART))
def test_every_kind_of_work_is_swept_and_done(world: World, courses: Courses, kind: str) -> None:
    case = courses.sweeping(kind)
    assert events.run(world, case, {}, stream_works=False, redelivers=True) == []
    assert kind in world.kinds


WAYS = pytest.mark.parametrize("way", [failing.PUT_OFF, failing.GIVEN_UP])


@WAYS
@pytest.mark.parametrize("redelivers", [True, False], ids=["again", "never again"])
def test_job_that_fails_is_done_or_given_up_whatever_strikes(
    world: World, way: str, redelivers: bool
) -> None:
    problems = []
    for injector in plan.injectors(failing.calls(world, way)):
        problems += failing.struck(world, way, injector, redelivers=redelivers)
    assert problems == []


@WAYS
def test_of_two_runs_that_fail_one_goes_on_wherever_they_meet(world: World, way: str) -> None:
    steps = range(1, len(failing.calls(world, way)) + 1)
    assert [problem for at in steps for problem in failing.met(world, way, at)] == []
