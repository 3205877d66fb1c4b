"""A push that takes several transactions: cut off at any call and sent again, it is done once."""

import pytest

from tests.client import Answer
from tests.faults import matrix, plan
from tests.faults.injection import Injector
from tests.faults.matrix import KEY, CleanRequest
from tests.faults.samples import PUSH_MANY
from tests.faults.states import difference
from tests.faults.world import World

COUNTS = ("created", "duplicates", "suppressed", "invalid")


@pytest.fixture(scope="module")
def clean(world: World) -> CleanRequest:
    found = matrix.clean_request(world, PUSH_MANY)
    # Two chunks, the last of them with the answer.
    assert sum(call.startswith("sync_transact_write") for call in found.calls) == 2
    return found


def _told(answer: Answer | None) -> list[int]:
    assert answer is not None
    return [answer.json[name] for name in COUNTS] if answer.status == 200 else [answer.status]


def test_a_fault_at_any_call_leaves_what_a_repetition_completes(
    world: World, clean: CleanRequest
) -> None:
    """Whoever sends it again is told of all of them as of their own."""
    problems = []
    for injector in plan.injectors(clean.calls):
        world.reset()
        wanted = world.prepared(PUSH_MANY)
        world.request(wanted, KEY, injector)
        world.advance(matrix.RETRY_AFTER)
        again, once_more = (world.request(wanted, KEY) for _ in range(2))
        assert _told(again) == _told(once_more) == [34, 0, 0, 1]
        assert again is not None
        assert once_more is not None
        assert again.json == once_more.json
        found = matrix.unreached(injector) + difference(clean.after, world.state())
        problems += matrix.told(found + world.problems, injector)
    assert problems == []


def test_the_same_push_in_the_middle_of_itself_is_done_once(
    world: World, clean: CleanRequest
) -> None:
    problems = []
    for at in range(1, len(clean.calls) + 1):
        world.reset()
        wanted = world.prepared(PUSH_MANY)
        others: list[Answer | None] = []
        injector = Injector(
            at=at,
            meanwhile=lambda: others.append(world.request(wanted, KEY)),  # noqa: B023
        )
        first = world.request(wanted, KEY, injector)
        assert {tuple(_told(answer)) for answer in (first, *others)} == {(34, 0, 0, 1)}
        found = difference(clean.after, world.state()) + world.problems
        problems += matrix.told(found, injector)
    assert problems == []
