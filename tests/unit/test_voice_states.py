"""The state machine of a call: the order in which reports come does not matter."""

from functools import reduce
from itertools import pairwise, permutations, product

import pytest

from linkwright.voice.calls.states import EndedReason, Status, is_terminal, may_follow
from linkwright.voice.compliance.rules import Refusal

ORDER = [
    Status.SCHEDULED,
    Status.QUEUED,
    Status.DIALING,
    Status.RINGING,
    Status.IN_PROGRESS,
]
TERMINAL = [status for status in Status if status not in ORDER]


def _after(current: Status, report: Status) -> Status:
    return report if may_follow(report, current) else current


@pytest.mark.parametrize("end", TERMINAL)
def test_all_orders_of_six_reports_end_alike(end: Status) -> None:
    reports = [Status.DIALING, Status.RINGING, Status.RINGING, Status.IN_PROGRESS, end, end]
    orders = list(permutations(reports))
    assert len(orders) == 720
    assert {reduce(_after, order, Status.QUEUED) for order in orders} == {end}


def test_the_first_end_that_is_reported_stays() -> None:
    for first, second in product(TERMINAL, TERMINAL):
        assert reduce(_after, [first, second, Status.RINGING], Status.QUEUED) is first


def test_states_only_move_forward() -> None:
    for earlier, later in pairwise(ORDER):
        assert may_follow(later, earlier)
        assert not may_follow(earlier, later)
    for status in Status:
        assert not may_follow(status, status)
    for status, end in product(ORDER, TERMINAL):
        assert may_follow(end, status)
        assert not may_follow(status, end)


def test_the_ends_are_those_of_the_contract() -> None:
    assert set(TERMINAL) == {"completed", "no_answer", "busy", "failed", "canceled", "voicemail"}
    assert [status for status in Status if is_terminal(status)] == TERMINAL
    assert len(Status) == 11


def test_at_most_24_reasons_end_a_call() -> None:
    assert len(EndedReason) <= 24
    assert all(reason.value == reason.value.lower() for reason in EndedReason)


@pytest.mark.parametrize("refusal", Refusal)
def test_a_call_can_end_by_each_rule_that_forbids_one(refusal: Refusal) -> None:
    assert EndedReason(refusal).value == refusal.value
