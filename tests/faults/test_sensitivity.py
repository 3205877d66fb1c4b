"""A harness that cannot fail proves nothing: it must find each bug that is put in."""

from collections.abc import Callable, Iterator

import pytest

from tests.faults import bugs, events, matrix
from tests.faults.injection import Fault, Injector
from tests.faults.world import World

PLACE = "POST /v1/voice/calls"
READ = "GET /v1/voice/agents/{agent_id}"
Bug = Callable[[pytest.MonkeyPatch], None]

IN_ROUTES = [
    (PLACE, bugs.record_apart_from_its_effect),
    (PLACE, bugs.a_write_for_each_item),
    (PLACE, bugs.sent_before_it_is_stored),
    (PLACE, bugs.sent_after_it_is_stored),
    (PLACE, bugs.record_that_nobody_reads),
    (PLACE, bugs.causes_told_to_the_caller),
    (READ, bugs.an_empty_answer_taken_for_the_truth),
    (READ, bugs.causes_told_to_the_caller),
]
IN_THE_BACKGROUND = [
    ("dial_call", bugs.a_write_for_each_item),
    ("dial_call", bugs.claim_without_a_condition),
    ("dial_call", bugs.settlement_apart_from_the_end),
    ("dial_call", bugs.dialled_without_asking),
    ("dial_call", bugs.lease_that_never_ends),
    ("dial_call", bugs.causes_told_to_the_log),
    ("follow_up_call", bugs.a_write_for_each_item),
    ("follow_up_call", bugs.uploads_taken_for_successes),
    ("relay_outbox", bugs.failures_taken_for_successes),
    ("sweep_overdue", bugs.failures_taken_for_successes),
]


def _named(cases: list[tuple[str, Bug]]) -> list[str]:
    return [f"{bug.__name__} in {where}" for where, bug in cases]


@pytest.fixture(autouse=True)
def _not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report at the end tells of the runs of the code as it is."""
    monkeypatch.setattr(matrix, "TALLY", matrix.Tally())


@pytest.mark.parametrize(("route", "bug"), IN_ROUTES, ids=_named(IN_ROUTES))
def test_bug_in_a_request_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, route: str, bug: Bug
) -> None:
    bug(monkeypatch)
    found = next((problems for problems in _requests(world, route) if problems), None)
    assert found is not None


@pytest.mark.parametrize(("file", "bug"), IN_THE_BACKGROUND, ids=_named(IN_THE_BACKGROUND))
def test_bug_in_the_background_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, file: str, bug: Bug
) -> None:
    bug(monkeypatch)
    found = next((problems for problems in _events(world, file) if problems), None)
    assert found is not None


def test_bug_of_a_new_token_for_each_try_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert matrix.counted(world, Fault.LOST_REPLY) == 1
    bugs.a_new_token_for_each_try(monkeypatch)
    assert matrix.counted(world, Fault.LOST_REPLY) == 2


def _requests(world: World, route: str) -> Iterator[list[str]]:
    """The matrix of a route; that the clean request passes says the bug hides until a fault."""
    clean = matrix.clean_request(world, route)
    for fault in Fault:
        for injector in matrix.injectors(fault, clean.calls):
            yield matrix.retried(world, route, clean, injector)
            yield matrix.abandoned(world, route, clean, injector)
    for at in range(1, clean.calls + 1):
        yield matrix.overlapping(world, route, clean, at)


def _events(world: World, file: str) -> Iterator[list[str]]:
    for scenario in events.scenarios(world, file):
        for at in range(1, scenario.calls + 1):
            twice = Injector(at=at, meanwhile=world.repeat)
            yield events.disturbed(world, scenario, twice, redelivers=False)
        for fault in Fault:
            for injector in matrix.injectors(fault, scenario.calls):
                yield events.disturbed(world, scenario, injector, redelivers=False)
                yield events.disturbed(world, scenario, injector, redelivers=True)
