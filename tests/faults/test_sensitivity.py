"""A harness that cannot fail proves nothing: it must find each bug that is put in."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.faults import bugs, events, failing, hook_bugs, made_up, matrix, plan
from tests.faults.events import Courses
from tests.faults.injection import Fault, Injector
from tests.faults.made_up import RELAY, SWEEPER
from tests.faults.samples import CANCEL_WHILE_IT_RINGS
from tests.faults.tally import Tally
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
    (PLACE, bugs.record_that_is_read_only_if_it_is_in_the_way),
    (PLACE, bugs.causes_told_to_the_caller),
    (CANCEL_WHILE_IT_RINGS, bugs.hung_up_apart_from_the_end),
    (READ, bugs.an_empty_answer_taken_for_the_truth),
    (READ, bugs.causes_told_to_the_caller),
]
_CROWDED = f"{PLACE} while another to the number rings"
_TO_A_PERSON = f"{PLACE} to one who wants a person"
_BUSY = f"{PLACE} to one who is busy at first"
_HEARD_OF = f"{PLACE} that an endpoint hears of"
_REPLAY = "POST /v1/webhooks/{webhook_id}/replay of one event"
_UNTOLD = f"{PLACE} whose end nobody tells"
# A function, a case that wakes it, and a bug by which that comes to a bad end.
IN_THE_BACKGROUND = [
    ("dial_call", PLACE, bugs.a_write_for_each_item),
    ("dial_call", PLACE, bugs.claim_without_a_condition),
    ("dial_call", PLACE, bugs.dialled_without_asking),
    ("dial_call", PLACE, bugs.ordered_before_it_is_written_down),
    ("dial_call", PLACE, bugs.lease_that_never_ends),
    ("dial_call", PLACE, bugs.causes_told_to_the_log),
    ("dial_call", _CROWDED, bugs.any_call_adopted),
    ("dial_call", _CROWDED, bugs.call_at_the_carrier_without_an_owner),
    ("dial_call", _UNTOLD, bugs.given_up_at_the_first_failure),
    ("note_status", PLACE, bugs.settlement_apart_from_the_end),
    ("note_status", PLACE, bugs.end_that_only_the_carrier_tells),
    ("note_status", _BUSY, bugs.callbacks_of_any_attempt),
    ("take_turn", PLACE, bugs.answered_whether_or_not_it_is_written_down),
    ("take_turn", PLACE, bugs.heard_whether_or_not_it_is_written_down),
    ("take_turn", PLACE, bugs.recorded_by_no_page),
    ("end_transfer", _TO_A_PERSON, bugs.put_through_again),
    ("follow_up_call", PLACE, bugs.a_write_for_each_item),
    ("follow_up_call", PLACE, bugs.uploads_taken_for_successes),
    ("follow_up_call", PLACE, bugs.any_answer_taken_for_sound),
    ("follow_up_call", CANCEL_WHILE_IT_RINGS, bugs.hung_up_and_never_looked_at),
    ("fan_out_event", _HEARD_OF, hook_bugs.event_done_before_its_deliveries),
    ("fan_out_event", _HEARD_OF, bugs.a_write_for_each_item),
    ("deliver_webhook", _REPLAY, bugs.a_write_for_each_item),
    ("deliver_webhook", _REPLAY, hook_bugs.outcome_apart_from_its_place),
    ("deliver_webhook", _REPLAY, hook_bugs.endpoint_held_for_ever),
    ("deliver_webhook", _REPLAY, hook_bugs.lost_answer_taken_for_a_yes),
]
IN_THE_OUTBOX = [
    (RELAY, bugs.failures_taken_for_successes),
    (SWEEPER, bugs.failures_taken_for_successes),
]


# By the way in which a job fails.
IN_FAILING = [
    (failing.PUT_OFF, bugs.changes_not_relayed),
    (failing.PUT_OFF, bugs.put_off_by_each_delivery),
    (failing.GIVEN_UP, bugs.job_without_an_end),
    (failing.GIVEN_UP, bugs.given_up_and_not_told),
]
# What no fault is needed for: it is wrong in itself.
IN_THE_CLEAR = [
    (CANCEL_WHILE_IT_RINGS, bugs.canceled_and_not_hung_up),
    (PLACE, bugs.answered_and_not_written_down),
    (_HEARD_OF, hook_bugs.event_done_without_a_delivery),
    (_REPLAY, hook_bugs.message_of_another_id),
]


def _named(cases: Sequence[tuple[Any, ...]]) -> list[str]:
    return [f"{bug.__name__} in {where}" for where, *_, bug in cases]


@pytest.fixture(autouse=True)
def _not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report at the end tells of the runs of the code as it is."""
    for module in (events, failing, made_up, matrix):
        monkeypatch.setattr(module, "TALLY", Tally())


@pytest.mark.parametrize(("route", "bug"), IN_ROUTES, ids=_named(IN_ROUTES))
def test_bug_in_a_request_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, route: str, bug: Bug
) -> None:
    bug(monkeypatch)
    found = next((problems for problems in _requests(world, route) if problems), None)
    assert found is not None


@pytest.mark.parametrize(("file", "case", "bug"), IN_THE_BACKGROUND, ids=_named(IN_THE_BACKGROUND))
def test_bug_in_the_background_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, file: str, case: str, bug: Bug
) -> None:
    bug(monkeypatch)
    found = next((problems for problems in _events(world, file, case) if problems), None)
    assert found is not None


@pytest.mark.parametrize(("file", "bug"), IN_THE_OUTBOX, ids=_named(IN_THE_OUTBOX))
def test_bug_in_the_outbox_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, file: str, bug: Bug
) -> None:
    bug(monkeypatch)
    assert any(
        made_up.struck(world, file, injector, redelivers=redelivers)
        for redelivers in (True, False)
        for injector in plan.injectors(made_up.calls(world, file))
    )


@pytest.mark.parametrize(("way", "bug"), IN_FAILING, ids=_named(IN_FAILING))
def test_bug_of_a_job_that_fails_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, way: str, bug: Bug
) -> None:
    steps = len(failing.calls(world, way))
    bug(monkeypatch)
    alone = failing.run(world, way, Injector(), at_most=1)
    assert alone or any(failing.met(world, way, at) for at in range(1, steps + 1))


@pytest.mark.parametrize(("case", "bug"), IN_THE_CLEAR, ids=_named(IN_THE_CLEAR))
def test_bug_without_a_fault_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, case: str, bug: Bug
) -> None:
    assert events.run(world, case, {}) == []
    bug(monkeypatch)
    assert events.run(world, case, {}) != []


def test_bug_of_a_new_token_for_each_try_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert matrix.counted(world, Fault.LOST_REPLY) == 1
    bugs.a_new_token_for_each_try(monkeypatch)
    assert matrix.counted(world, Fault.LOST_REPLY) == 2


def _requests(world: World, route: str) -> Iterator[list[str]]:
    """The runs of a route; that the clean request passes says the bug hides until a fault."""
    clean = matrix.clean_request(world, route)
    for injector in plan.injectors(clean.calls):
        yield matrix.struck(world, route, clean, injector)
    for at in range(1, len(clean.calls) + 1):
        yield matrix.overlapping(world, route, clean, at)


def _events(world: World, file: str, case: str) -> Iterator[list[str]]:
    """The runs of a function in a case; that the clean run passes says that the bug hides."""
    # What comes last is nearest to most of the bugs.
    for scenario in reversed(Courses(world, [case]).scenarios(file)):
        for at in range(1, len(scenario.calls) + 1):
            twice = Injector(at=at, meanwhile=world.repeat)
            yield events.disturbed(world, scenario, twice, leg="twice")
        for injector in plan.injectors(scenario.calls):
            yield events.disturbed(world, scenario, injector, leg="never again")
            yield events.disturbed(world, scenario, injector, leg="again", redelivers=True)
