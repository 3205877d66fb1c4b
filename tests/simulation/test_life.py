"""That a call's life is lived as `make bench` measures it, by no more AWS calls than its budget."""

from benchmarks import budgets, life
from tests.faults.clouds import Memory


def test_a_call_s_life_is_within_its_calls() -> None:
    with life.on(Memory()) as one:
        # Whoever is first reads the agent's version for all.
        one.live()
        one.live()
    assert sum(one.calls.values()) == budgets.LIFE_CALLS
    assert one.calls["dial_call", "TransactWrite"] == 2
