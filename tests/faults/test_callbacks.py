"""What becomes of a call of which the carrier tells too little: less is known, nothing is wrong."""

from collections.abc import Mapping

import pytest

from tests.faults import costs, events, matrix, wiring
from tests.faults.events import Courses, Scenario
from tests.faults.injection import Fault, Injector, Reach
from tests.faults.samples import CANCEL_WHILE_IT_RINGS
from tests.faults.tally import TALLY
from tests.faults.world import World

# They share the courses of all cases.
pytestmark = pytest.mark.xdist_group("callbacks")

PLACE = "POST /v1/voice/calls"
PAGES = ("answer_call", "take_turn", "end_transfer")
_FALLBACK = "answer_call"
# What of a call is otherwise if a callback never arrives: of a turn what was heard in it is lost,
# of a machine that there is one, until the end tells it.
_TALK = {"TLK", "SAID", "call.duration_s", "what events tell", "carrier"}
_END = {"call.ended_reason", "call.attempts"}
_TRANSFER = {
    "DIALS",
    "LEG",
    "call.analysis",
    "call.reserved",
    "call.transfer_s",
    "call.transfer_to",
}
_RECORDING = {"REC", "bucket", "call.recording_key", "call.told_in", "event call.recording_ready"}
COSTS: Mapping[str, set[str]] = {
    f"status initiated of {PLACE}": set(),
    f"status ringing of {PLACE}": {"event call.ringing"},
    f"status in-progress of {PLACE}": set(),
    f"status completed of {PLACE}": set(),
    f"status completed of {PLACE} of an agent that takes one at a time": set(),
    f"status completed of {PLACE} to one who wants a person": set(),
    f"status busy of {PLACE} to one who is busy at first": set(),
    f"status canceled of {CANCEL_WHILE_IT_RINGS}": set(),
    f"answer in-progress of {PLACE}": set(),
    f"answer in-progress of {PLACE} to a machine": set(),
    f"machine human of {PLACE}": set(),
    f"machine machine_start of {PLACE} to a machine": _TALK,
    f"turn 1 of {PLACE}": _TALK | _RECORDING | {"call.recording_consent"},
    f"turn 2 of {PLACE}": _TALK | _END | {"bucket"},
    f"turn 1 of {PLACE} of an agent that takes one at a time": _TALK,
    f"turn 1 of {PLACE} to one who wants a person": (
        _TALK | _END | _TRANSFER | {"call.recording_consent"}
    ),
    f"transfer in-progress of {PLACE} to one who wants a person": _TALK | _END,
    f"recording completed of {PLACE}": _RECORDING | {"carrier"},
}


@pytest.fixture(scope="module")
def scenarios(world: World) -> list[Scenario]:
    """Each thing that the carrier tells or asks."""
    courses = Courses(world)
    return [one for file in wiring.callbacks() for one in courses.scenarios(file)]


def test_lost_callback_costs_what_it_would_have_told(
    world: World, scenarios: list[Scenario]
) -> None:
    """Not how a call ended, whom it called how often, nor what it is charged."""
    found = {
        f"{one.about} of {one.case}": costs.between(one.after, events.lost(world, one))
        for one in scenarios
    }
    assert found == COSTS


@pytest.mark.parametrize("fault", [Fault.ERROR_503, Fault.KILL_AFTER])
@pytest.mark.parametrize("file", PAGES)
def test_page_and_its_fallback_that_fail_end_the_call(
    world: World, scenarios: list[Scenario], file: str, fault: Fault
) -> None:
    """The carrier says that it is sorry and hangs up."""
    problems = []
    for scenario in scenarios:
        if scenario.file == file:
            problems += _struck_twice(world, scenario, fault)
    assert problems == []


def _struck_twice(world: World, scenario: Scenario, fault: Fault) -> list[str]:
    page, fallback = Injector(fault, 1, Reach.OUTAGE), Injector(fault, 1, Reach.OUTAGE)
    assert events.run(world, scenario.case, {}) == []
    expected = _statuses(world)
    struck = (scenario.file, scenario.number)
    arms = {struck: [page], (_FALLBACK, _pages_up_to(world, *struck)): [fallback]}
    problems = events.run(world, scenario.case, arms)
    TALLY.runs[scenario.file, "and its fallback"] += 1
    problems += matrix.unreached(page) + matrix.unreached(fallback)
    if _statuses(world) != expected:
        problems.append(f"{_statuses(world)} instead of {expected}")
    return [f"{scenario}: {problem}" for problem in matrix.told(problems, page)]


def _pages_up_to(world: World, file: str, number: int) -> int:
    """How often the FallbackUrl's function was woken up to an event, that included."""
    seen = -1
    for at, event in enumerate(world.events):
        seen += event.file == file
        if seen == number:
            return sum(known.file == _FALLBACK for known in world.events[: at + 1])
    raise AssertionError("no such event")


def _statuses(world: World) -> list[str]:
    rows = world.items()["CoreTable"]
    return [row["view"]["status"] for row in rows if row["pk"].endswith("#CALL")]
