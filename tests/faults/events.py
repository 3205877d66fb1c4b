"""Runs of what AWS or the carrier wakes, with a fault in them.

Leg A: what failed comes again, a message when its time has come, and all of it twice. Leg B: it
never does. A page that failed is not asked for again: the carrier asks its FallbackUrl.

Each run must come to the same as without the fault, or to one of the few other ends in `_ends`.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from linkwright import jobs
from tests.faults import matrix, wiring
from tests.faults.injection import Effect, Fault, Injector, Reach
from tests.faults.samples import cases, sample
from tests.faults.states import State, difference
from tests.faults.tally import TALLY
from tests.faults.world import Arms, Event, World

PLACING = "carrier POST Calls.json"
ORDERING = "sync_update_item CALL #claim #ordered_at #v"
BREAKING_OFF = "carrier POST Calls/<CA>.json"
PROVING = "sync_update_item MBX #probe"
_WRITES = ("sync_update_item", "sync_transact_write")
# By these it is certain that nothing was dialled.
_CERTAIN = {Fault.THROTTLE, Fault.CONNECT_TIMEOUT}


@dataclass(frozen=True)
class Scenario:
    """A case that leads to an invocation of the function: its number, and its calls.

    `after` is what it comes to without a fault.
    """

    case: str
    file: str
    number: int
    about: str
    calls: tuple[str, ...]
    after: State
    known: dict[tuple[str, bool], State] = field(default_factory=dict)

    @property
    def is_scheduled(self) -> bool:
        return self.file in wiring.schedules()

    def __str__(self) -> str:
        return f"{self.file} {self.about} of {self.case}"


@dataclass(frozen=True)
class Course:
    """A case without a fault: what it led to, what kinds of work it sent, what it came to."""

    events: Sequence[Event]
    kinds: Set[str]
    after: State


class Courses:
    """The cases of a world without a fault, each run once for all functions that it wakes."""

    def __init__(self, world: World, among: Sequence[str] = ()) -> None:
        self._world = world
        self._cases = among or cases()
        self._known: dict[tuple[str, bool], Course] = {}

    def scenarios(self, file: str) -> list[Scenario]:
        """The events of the function, in all cases; of those that make the same calls the first."""
        found: dict[object, Scenario] = {}
        for case in self._cases:
            for scenario in self._of(case, file):
                number = scenario.number if sample(case).apart == file else 0
                found.setdefault((scenario.about, scenario.calls, number), scenario)
        assert found, f"no case leads to an invocation of {file}"
        TALLY.calls[file] = sum(len(scenario.calls) for scenario in found.values())
        return list(found.values())

    def sweeping(self, kind: str) -> str:
        """A case in which work of a kind is sent, with nobody but the schedules to send it."""
        swept = (case for case in self._cases if kind in self._course(case, False).kinds)
        found = next(swept, None)
        assert found, f"no case leads to work of the kind {kind}"
        return found

    def _of(self, case: str, file: str) -> Iterator[Scenario]:
        course = self._course(case, file not in wiring.schedules())
        mine = (event for event in course.events if event.file == file)
        for number, event in enumerate(mine):
            if event.calls:
                calls = tuple(event.calls)
                yield Scenario(case, file, number, event.about, calls, course.after)

    def _course(self, case: str, stream_works: bool) -> Course:
        if (case, stream_works) not in self._known:
            world = self._world
            problems = run(world, case, {}, stream_works=stream_works)
            assert problems == [], f"{case}: {problems}"
            course = Course(world.events, world.kinds, world.state())
            self._known[case, stream_works] = course
        return self._known[case, stream_works]


def disturbed(
    world: World, scenario: Scenario, *armed: Injector, leg: str, redelivers: bool = False
) -> list[str]:
    """Legs A (with redelivery) and B (without). Returns what is wrong."""
    problems = _run(world, scenario, armed, redelivers=redelivers)
    TALLY.runs[scenario.file, leg] += 1
    found = world.state()
    wrong = difference(scenario.after, found)
    if wrong and found not in _ends(world, scenario, armed, redelivers=redelivers):
        problems += wrong
    # Of what comes by level less may come where each is delivered twice.
    may_be_spared = redelivers and scenario.about in {jobs.LINE, jobs.WEBHOOK}
    for injector in (one for one in armed if one.at):
        missed = [] if may_be_spared else matrix.unreached(injector)
        problems = matrix.told(problems + missed, injector)
    return [f"{scenario}: {problem}" for problem in problems]


def taken_over(world: World, scenario: Scenario, *before: Injector) -> Sequence[str]:
    """The calls of the one who comes after those that are armed, and makes good what they left."""
    heir = Injector()
    problems = _run(world, scenario, [*before, heir], redelivers=True)
    assert problems == [], problems
    return heir.calls


def run(
    world: World, case: str, arms: Arms, *, stream_works: bool = True, redelivers: bool = False
) -> list[str]:
    """A case with all that it leads to. Returns what is wrong with what it has come to."""
    world.reset(stream_works=stream_works, redelivers=redelivers)
    world.arms = arms
    answer = world.request(world.prepared(case), matrix.KEY)
    assert answer is not None
    assert answer.status < 400, answer.raw
    world.settle()
    return matrix.finished(world)


def _run(
    world: World, scenario: Scenario, planned: Sequence[Injector] | None, *, redelivers: bool
) -> list[str]:
    arms = {(scenario.file, scenario.number): planned}
    stream_works = not scenario.is_scheduled
    return run(world, scenario.case, arms, stream_works=stream_works, redelivers=redelivers)


# ---- other ends ---------------------------------------------------------------------------------


def _ends(
    world: World, scenario: Scenario, armed: Sequence[Injector], *, redelivers: bool
) -> Iterator[State]:
    """What else a run may come to, each by a fault of which everybody knows what it does."""
    if any(_leaves_unknown(injector) for injector in armed):
        # Written down to be ordered, and never dialled: nobody can know it.
        yield _end(world, scenario, PLACING, redelivers=redelivers)
    if scenario.file == "note_machine" and BREAKING_OFF in scenario.calls:
        # The machine is known of, and hears the agent out.
        yield _end(world, scenario, BREAKING_OFF, redelivers=redelivers)
    if any(_is_on_its_way(injector) for injector in armed):
        # Written down to be sent to itself, and never sent: it looks the same.
        yield _end(world, scenario, PROVING, Fault.KILL_AFTER, redelivers=redelivers)
    if scenario.file in wiring.callbacks() and not redelivers and not _is_noted(scenario, armed):
        # What the carrier says once may as well never have been said.
        yield lost(world, scenario)


def lost(world: World, scenario: Scenario) -> State:
    """What it comes to if the carrier's callback never arrives."""
    return _end(world, scenario, "", redelivers=False)


def _end(
    world: World,
    scenario: Scenario,
    call: str,
    fault: Fault = Fault.KILL_BEFORE,
    *,
    redelivers: bool,
) -> State:
    """What it comes to if the function is killed at one of its calls, or never woken."""
    if (call, redelivers) not in scenario.known:
        killed = [Injector(fault, scenario.calls.index(call) + 1)] if call else None
        problems = _run(world, scenario, killed, redelivers=redelivers)
        # What is wrong in itself excuses nothing: no run comes to that.
        scenario.known[call, redelivers] = State(problems) if problems else world.state()
    return scenario.known[call, redelivers]


def _is_noted(scenario: Scenario, armed: Sequence[Injector]) -> bool:
    """Whether something of what was told is written down before the fault: then all of it is."""
    return any(call.startswith(_WRITES) for call in scenario.calls[: armed[0].at - 1])


def _is_on_its_way(injector: Injector) -> bool:
    """Whether a mailbox's mail to itself may be written down, and never sent."""
    if injector.fault is None or injector.called != PROVING:
        return False
    return injector.fault.effect is not Effect.NONE


def _leaves_unknown(injector: Injector) -> bool:
    """Whether the order may be written down, and no call be there."""
    if injector.fault is None or not injector.struck:
        return False
    is_outage = injector.reach is Reach.OUTAGE
    struck = injector.calls[injector.at - 1 :] if is_outage else [injector.called]
    if ORDERING in struck:
        return injector.fault.effect is not Effect.NONE
    if PLACING in struck:
        is_certain = injector.fault in _CERTAIN and not is_outage
        return injector.fault.effect is Effect.NONE and not is_certain
    return False
