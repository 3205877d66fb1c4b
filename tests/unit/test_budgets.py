"""When the meter has measured enough to say whether a function is within its budget."""

import pytest

from benchmarks import budgets
from benchmarks.rounds import Ratios

_WORKER = "research_leads"
_LIMIT = budgets.INIT_OF_A_WORKER


@pytest.mark.parametrize(
    ("init", "rounds", "is_known"),
    [
        # Far below: its spread changes nothing.
        ([_LIMIT * 0.8, _LIMIT * 0.82], 6, True),
        ([_LIMIT * 0.9, _LIMIT * 1.05], 6, False),
        # Of a few rounds that agree by chance it is not over; of many it is.
        ([_LIMIT * 1.05], 5, False),
        ([_LIMIT * 1.05], budgets.ROUNDS - 1, False),
        ([_LIMIT * 1.05], budgets.ROUNDS, True),
        ([_LIMIT * 0.99], 5, True),
    ],
)
def test_a_verdict_is_of_enough_rounds(init: list[float], rounds: int, is_known: bool) -> None:
    ratios = Ratios(init=(init * rounds)[:rounds])
    assert budgets.is_known(_WORKER, ratios, {}) is is_known


def test_a_peer_has_no_budget_and_is_told_with_a_small_error() -> None:
    assert budgets.is_clear("a peer", Ratios(init=[1.0, 1.02, 1.01]), {})
    assert not budgets.is_clear("a peer", Ratios(init=[1.0, 1.6, 1.2]), {})
