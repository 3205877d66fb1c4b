"""What is begun in the time that is left, and what is not: each bound by itself, from both sides.

A call that might outlast its function is not begun. Each bound is written out here as a number, so
that who changes one says so twice.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from linkwright import aws, clock, deadline, egress_limits, table, worker
from linkwright.egress_limits import Deadline
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from tests.client import queue_event
from tests.clocks import Left

A_LITTLE_MS = 1


@pytest.mark.parametrize("run", [table.run, aws.run], ids=["table", "aws"])
def test_a_call_to_aws_is_begun_with_nine_seconds_left_and_not_with_less(
    run: Callable[[Callable[[], str]], str],
) -> None:
    with deadline.of(Left(9_000)):
        assert run(lambda: "done") == "done"
    begun: list[str] = []
    with deadline.of(Left(9_000 - A_LITTLE_MS)), pytest.raises(Unavailable):
        run(lambda: begun.append("begun") or "done")
    assert begun == []


def test_two_attempts_to_connect_and_to_read_fit_into_what_is_kept_for_a_call() -> None:
    for module in (table, aws):
        assert (module.ATTEMPTS, module.CONNECT_TIMEOUT_S, module.READ_TIMEOUT_S) == (2, 1, 3)
        assert module.CALL_BUDGET_S == 9


@pytest.mark.parametrize(("left_ms", "begun"), [(5_000, True), (5_000 - A_LITTLE_MS, False)])
def test_a_record_is_begun_with_five_seconds_left_and_handed_back_with_less(
    environment: pytest.MonkeyPatch, left_ms: int, begun: bool
) -> None:
    done: list[Work] = []
    handler = worker.queue_worker()(done.append)
    work = Work("call", "W#ws_1#CALL", "call_1")
    answer: Mapping[str, Any] = handler(queue_event([work.message()]), Left(left_ms))
    assert done == ([work] if begun else [])
    assert len(answer["batchItemFailures"]) == (0 if begun else 1)


@pytest.mark.parametrize(
    ("asked_s", "left_ms", "given_s"), [(20, 11_000, 10), (20, 60_000, 20), (5, 60_000, 5)]
)
def test_a_second_is_kept_after_an_answer_from_outside(
    monkeypatch: pytest.MonkeyPatch, asked_s: float, left_ms: int, given_s: float
) -> None:
    monkeypatch.setattr(clock, "monotonic", lambda: 100.0)
    assert egress_limits.RESERVE_S == 1
    with deadline.of(Left(left_ms)):
        assert Deadline(asked_s).left() == pytest.approx(given_s)
