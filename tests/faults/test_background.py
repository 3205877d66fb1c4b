"""The faults at the calls, to AWS and the carrier, of all that no customer's request wakes:
workers, stream readers, schedules and the carrier's callbacks.

The relay and the sweeper have tests of their own, in `test_outbox.py`; what counts clicks in
`test_counting.py`, what goes on with a run that a request had no time for in `test_runs.py`, and
what hears of mails by SES in `test_feedback.py`.
"""

import pytest

from tests.faults import events, plan, wiring
from tests.faults.events import Courses, Scenario
from tests.faults.injection import Fault, Injector
from tests.faults.made_up import RELAY, SWEEPER
from tests.faults.samples import routes
from tests.faults.seams import CARRIER
from tests.faults.world import World
from tools.template import functions

REDELIVERY = pytest.mark.parametrize("redelivers", [True, False], ids=["again", "never again"])
_ELSEWHERE = {RELAY, SWEEPER, "count_clicks", "continue_run", "hear_feedback"}
STRUCK = [file for file in wiring.background() if file not in _ELSEWHERE]
WORKERS = sorted(set(wiring.consumers().values()) - _ELSEWHERE)
_AFTER_A_CRASH = {Fault.ERROR_503, Fault.KILL_AFTER, Fault.LOST_REPLY}


@pytest.fixture(scope="module")
def courses(world: World) -> Courses:
    return Courses(world)


@pytest.fixture
def scenarios(courses: Courses, file: str) -> list[Scenario]:
    return courses.scenarios(file)


@REDELIVERY
@pytest.mark.parametrize("file", STRUCK)
def test_fault_changes_nothing_in_the_end(
    world: World, scenarios: list[Scenario], redelivers: bool, file: str
) -> None:
    problems = []
    leg = "again" if redelivers else "never again"
    for scenario in scenarios:
        for injector in plan.injectors(scenario.calls):
            problems += events.disturbed(world, scenario, injector, leg=leg, redelivers=redelivers)
    assert problems == []


@pytest.mark.parametrize("file", STRUCK)
def test_call_that_the_client_sends_twice_changes_nothing(
    world: World, scenarios: list[Scenario], file: str
) -> None:
    """Below the seam, as in `test_proxy.py`. What goes to the carrier is sent once."""
    problems = []
    for scenario in scenarios:
        for at in plan.effects(scenario.calls):
            if not scenario.calls[at - 1].startswith(CARRIER):
                twice = Injector(at=at, resent=True)
                problems += events.disturbed(world, scenario, twice, leg="resent")
    assert problems == []


@pytest.mark.parametrize("file", STRUCK)
def test_second_run_in_the_middle_changes_nothing(
    world: World, scenarios: list[Scenario], file: str
) -> None:
    """At each call, whatever it is: this finds what no fault does."""
    problems = []
    for scenario in scenarios:
        for at in range(1, len(scenario.calls) + 1):
            twice = Injector(at=at, meanwhile=world.repeat)
            problems += events.disturbed(world, scenario, twice, leg="twice")
    assert problems == []


@pytest.mark.parametrize("file", [wiring.consumers()["DialQueue"]])
def test_carrier_that_goes_on_in_the_middle_changes_nothing(
    world: World, scenarios: list[Scenario], file: str
) -> None:
    """All callbacks come before the worker has written down which call it is that it placed."""
    problems = []
    for scenario in scenarios:
        for at in range(1, len(scenario.calls) + 1):
            meanwhile = Injector(at=at, meanwhile=world.carry_on)
            problems += events.disturbed(world, scenario, meanwhile, leg="overtaken")
    assert problems == []


@pytest.mark.parametrize("visible", [False, True], ids=["duplicate", "visible again"])
@pytest.mark.parametrize("file", WORKERS)
def test_fault_while_a_crash_is_made_good_changes_nothing(
    world: World, scenarios: list[Scenario], visible: bool, file: str
) -> None:
    """The one who takes over asks what the dead one did: other calls than in a clean run.

    A duplicate of the message takes over at once, where no lease keeps it from that.
    """
    problems = []
    # Of those that make the same calls the last: it has another call to the number besides.
    for scenario in {one.calls: one for one in scenarios}.values():
        for crash in plan.effects(scenario.calls):
            duplicate = [Injector()] if visible else []
            first = [Injector(Fault.KILL_AFTER, crash), *duplicate]
            for hit in plan.injectors(events.taken_over(world, scenario, *first), _AFTER_A_CRASH):
                armed = (Injector(Fault.KILL_AFTER, crash), *[Injector() for _ in duplicate], hit)
                leg = "after a crash"
                problems += events.disturbed(world, scenario, *armed, leg=leg, redelivers=True)
    assert problems == []


def test_every_function_that_aws_or_the_carrier_wakes_is_here() -> None:
    woken = {file for _, file in wiring.streams()} | set(wiring.schedules()) | set(WORKERS)
    assert {*STRUCK, *_ELSEWHERE} == woken | set(wiring.callbacks()) | _ELSEWHERE


def test_every_function_is_here_or_asked_by_customers() -> None:
    asked = {path for _, path in (route.split(" ") for route in routes())}
    others = {f.file for f in functions() if not asked & {path for _, path in f.routes}}
    # In `test_redirects.py` and `test_well_known.py`.
    followed = {"follow_link", "unlock_link", "get_well_known"}
    # In `test_digests.py`.
    followed |= {"show_unsubscribing", "unsubscribe_member", "show_opt_out", "unsubscribe_lead"}
    # In `test_replying.py`.
    followed |= {"answer_lead"}
    pages = {"serve_reference", "answer_unmatched"}
    assert others == set(wiring.background()) | pages | followed
