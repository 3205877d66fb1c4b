"""What thousands of runs show in memory holds on the emulator: both come to the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests import stack as stacks
from tests.client import Answer
from tests.faults import matrix
from tests.faults.clouds import Emulated, Memory
from tests.faults.samples import cases
from tests.faults.states import State, difference, neutral
from tests.faults.world import World
from tests.faults.worlds import inhabited
from tests.stack import EmulatedStack, Stack

# They share an emulator.
pytestmark = pytest.mark.xdist_group("emulator")


@dataclass(frozen=True)
class InMemory:
    """The world in memory, and what each case comes to there."""

    world: World
    ends: Mapping[str, tuple[Answer, State]]


@pytest.fixture(scope="module")
def in_memory() -> InMemory:
    with inhabited(Memory()) as world:
        return InMemory(world, {case: _come_to(world, case) for case in cases()})


@pytest.fixture(scope="module")
def world(stack: Stack, emulator: EmulatedStack, in_memory: InMemory) -> Iterator[World]:
    """On the emulator, once that in memory is gone."""
    mine = EmulatedStack(emulator.endpoint, "test-clouds")
    stacks.use(mine)
    with inhabited(Emulated(mine), like=in_memory.world) as world:
        yield world
    stacks.use(stack)


def _come_to(world: World, case: str) -> tuple[Answer, State]:
    world.reset()
    answer = world.request(world.prepared(case), matrix.KEY)
    assert answer is not None
    world.settle()
    assert matrix.finished(world) == []
    return answer, world.state()


@pytest.mark.parametrize("case", cases())
def test_both_come_to_the_same(world: World, in_memory: InMemory, case: str) -> None:
    answer, state = in_memory.ends[case]
    same, found = _come_to(world, case)
    assert (same.status, neutral(same.raw)) == (answer.status, neutral(answer.raw))
    assert difference(state, found) == []
