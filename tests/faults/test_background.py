"""Every fault at every call, to AWS and the carrier, of all that no customer's request wakes:
workers, stream readers, schedules and the carrier's callbacks."""

from itertools import product

import pytest

from tests.faults import events, matrix, wiring
from tests.faults.events import Scenario
from tests.faults.injection import Fault, Injector
from tests.faults.samples import routes
from tests.faults.seams import CARRIER
from tests.faults.world import World
from tools.template import functions

REDELIVERY = pytest.mark.parametrize("redelivers", [True, False], ids=["again", "never again"])
WORKERS = sorted(set(wiring.consumers().values()))
_AFTER_A_CRASH = (Fault.ERROR_500, Fault.KILL_BEFORE, Fault.KILL_AFTER, Fault.LOST_REPLY)


@pytest.fixture(scope="module")
def known_scenarios() -> dict[str, list[Scenario]]:
    return {}


@pytest.fixture
def scenarios(
    world: World, file: str, known_scenarios: dict[str, list[Scenario]]
) -> list[Scenario]:
    if file not in known_scenarios:
        known_scenarios[file] = events.scenarios(world, file)
    return known_scenarios[file]


@REDELIVERY
@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("file", wiring.background())
def test_fault_changes_nothing_in_the_end(
    world: World, scenarios: list[Scenario], fault: Fault, redelivers: bool, file: str
) -> None:
    problems = []
    for scenario in scenarios:
        for injector in matrix.injectors(fault, len(scenario.calls)):
            problems += events.disturbed(world, scenario, injector, redelivers=redelivers)
    assert problems == []


@pytest.mark.parametrize("file", wiring.background())
def test_call_that_the_client_sends_twice_changes_nothing(
    world: World, scenarios: list[Scenario], file: str
) -> None:
    """Below the seam, as in `test_proxy.py`. What goes to the carrier is sent once."""
    problems = []
    for scenario in scenarios:
        for at, call in enumerate(scenario.calls, start=1):
            if not call.startswith(CARRIER):
                twice = Injector(at=at, resent=True)
                problems += events.disturbed(world, scenario, twice, redelivers=False)
    assert problems == []


@pytest.mark.parametrize("file", wiring.background())
def test_second_run_in_the_middle_changes_nothing(
    world: World, scenarios: list[Scenario], file: str
) -> None:
    problems = []
    for scenario in scenarios:
        for at in range(1, len(scenario.calls) + 1):
            twice = Injector(at=at, meanwhile=world.repeat)
            problems += events.disturbed(world, scenario, twice, redelivers=False)
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
            problems += events.disturbed(world, scenario, meanwhile, redelivers=False)
    assert problems == []


@pytest.mark.parametrize("fault", _AFTER_A_CRASH)
@pytest.mark.parametrize("file", WORKERS)
def test_fault_while_a_crash_is_made_good_changes_nothing(
    world: World, scenarios: list[Scenario], fault: Fault, file: str
) -> None:
    """The one who takes over asks what the dead one did: other calls than in a clean run."""
    problems = []
    # Of those that make the same calls the last: it has another call to the number besides.
    for scenario in {one.calls: one for one in scenarios}.values():
        numbers = range(1, len(scenario.calls) + 1)
        for crash, at in product(numbers, numbers):
            killed, hit = Injector(Fault.KILL_AFTER, crash), Injector(fault, at)
            problems += events.disturbed(world, scenario, killed, hit, redelivers=True)
    assert problems == []


def test_every_function_that_aws_or_the_carrier_wakes_is_here() -> None:
    woken = {file for _, file in wiring.streams()} | set(wiring.schedules()) | set(WORKERS)
    assert set(wiring.background()) == woken | set(wiring.callbacks())


def test_every_function_is_here_or_asked_by_customers() -> None:
    asked = {path for _, path in (route.split(" ") for route in routes())}
    others = {f.file for f in functions() if not asked & {path for _, path in f.routes}}
    assert others == set(wiring.background()) | {"serve_reference", "answer_unmatched"}
