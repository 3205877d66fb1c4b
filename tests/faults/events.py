"""Runs of what AWS wakes, a worker, a stream reader or a schedule, with a fault in them.

Leg A: the event comes again, once at once and then when its time has come. Leg B: it never does.
"""

from dataclasses import dataclass

from tests.faults import matrix, wiring
from tests.faults.injection import Injector
from tests.faults.samples import Sample, effectful_routes, sample
from tests.faults.states import State, difference, state
from tests.faults.world import World


@dataclass(frozen=True)
class Scenario:
    """A request that leads to an invocation of the function: its number, and its calls."""

    route: str
    file: str
    number: int
    calls: int
    after: State

    @property
    def is_scheduled(self) -> bool:
        return self.file in wiring.schedules()


def scenarios(world: World, file: str) -> list[Scenario]:
    """For each route with an effect, the first event that it brings the function.

    Of what comes in batches also the largest; a schedule finds all there is at its first run.
    """
    found: list[Scenario] = []
    is_scheduled = file in wiring.schedules()
    for route in effectful_routes():
        expected = matrix.clean_request(world, route).after
        _background(world, sample(route), {}, stream_works=not is_scheduled)
        calls = [made for known, made in world.first_calls if known == file]
        largest = calls.index(max(calls)) if calls and not is_scheduled else 0
        numbers = sorted({0, largest}) if calls else []
        found += [Scenario(route, file, number, calls[number], expected) for number in numbers]
    matrix.TALLY.calls[file] = sum(scenario.calls for scenario in found)
    assert found, f"no sample request leads to an invocation of {file}"
    return found


def disturbed(world: World, scenario: Scenario, *armed: Injector, redelivers: bool) -> list[str]:
    """Legs A (with redelivery) and B (without): it comes to the same as without the fault."""
    _background(
        world,
        sample(scenario.route),
        {(scenario.file, scenario.number): list(armed)},
        stream_works=not scenario.is_scheduled,
        redelivers=redelivers,
    )
    matrix.TALLY.runs[scenario.file] += 1
    problems = difference(scenario.after, state(world.items())) + matrix.finished(world)
    problems += matrix.unreached(armed[0])
    for injector in armed:
        problems = matrix.told(problems, injector)
    return problems


def _background(
    world: World,
    wanted: Sample,
    arms: dict[tuple[str, int], list[Injector]],
    *,
    stream_works: bool,
    redelivers: bool = False,
) -> None:
    world.reset(stream_works=stream_works, redelivers=redelivers)
    world.arms = arms
    answer = world.request(wanted, matrix.KEY)
    assert answer is not None
    assert answer.status != matrix.UNAVAILABLE
    world.settle()
