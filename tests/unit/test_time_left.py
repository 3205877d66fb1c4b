"""What is begun in the time that is left, and what is not: each bound by itself, from both sides.

A call that might outlast its function is not begun. Each bound is written out here as a number, so
that who changes one says so twice.
"""

from collections.abc import Callable, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from linkwright import aws, clock, deadline, egress_limits, table, worker
from linkwright.ai.scan import looking, scanning
from linkwright.credits import charging
from linkwright.egress_limits import Deadline
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.links.metrics import forgetting
from linkwright.mailer.hearing import reading
from linkwright.mailer.mailboxes import simulation
from linkwright.mailer.sending import running as sending
from linkwright.providers.telephony import Carrier
from linkwright.voice.calls.line import Waiting
from linkwright.voice.dialling import next_in_line
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


@pytest.mark.parametrize(("left_ms", "given_s"), [(55_001, 45), (55_000, 45), (54_000, 44)])
def test_ten_seconds_are_kept_to_store_a_recording(left_ms: int, given_s: float) -> None:
    asked: list[float] = []
    twilio = SimpleNamespace(recording=lambda sid, within_s: asked.append(within_s))
    with deadline.of(Left(left_ms)):
        Carrier(cast(Any, twilio), None).recording("RE1")
    assert asked == pytest.approx([given_s])


def test_visits_are_deleted_a_page_at_a_time_with_fifteen_seconds_left_and_not_with_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forgetting, "query", lambda *_, **__: ([], None))
    with deadline.of(Left(15_000)):
        assert list(forgetting._pages("VIS#20261104#0")) == [[]]
    with deadline.of(Left(15_000 - A_LITTLE_MS)), pytest.raises(Unavailable):
        next(forgetting._pages("VIS#20261104#0"))


class Begun(Exception):
    """There was time for it."""


def _begun(*_: object, **__: object) -> None:
    raise Begun


@pytest.mark.parametrize(
    ("module", "first", "needs_ms"),
    [(sending, "get", 32_000), (reading, "_read", 46_000)],
    ids=["sending", "reading"],
)
def test_a_mailbox_is_handed_over_where_a_conversation_may_not_end(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, first: str, needs_ms: int
) -> None:
    handed_over: list[Any] = []
    monkeypatch.setattr(module.level, "look", lambda run: run)
    monkeypatch.setattr(module.level, "hand_over", handed_over.append)
    monkeypatch.setattr(module, "get", lambda *_: {"view": {"status": "active"}})
    monkeypatch.setattr(simulation, "has_inbox", lambda *_: True)
    monkeypatch.setattr(module, first, _begun)
    with deadline.of(Left(needs_ms)), pytest.raises(Begun):
        module._goes_on("ws_1", {"sk": "mbx_1"})
    assert handed_over == []
    with deadline.of(Left(needs_ms - A_LITTLE_MS)):
        assert module._goes_on("ws_1", {"sk": "mbx_1"}) is False
    assert handed_over == [{"sk": "mbx_1"}]


@pytest.mark.parametrize(("left_ms", "is_begun"), [(25_000 + A_LITTLE_MS, True), (25_000, False)])
def test_a_call_of_the_line_is_begun_with_more_than_twenty_five_seconds_left(
    monkeypatch: pytest.MonkeyPatch, left_ms: int, is_begun: bool
) -> None:
    begun: list[Waiting] = []
    monkeypatch.setattr(
        next_in_line, "_begin", lambda partition, first, tenant: begun.append(first)
    )
    monkeypatch.setattr(next_in_line.line, "behind", lambda *_: None)
    waiting = Waiting("call_1", "all")
    with deadline.of(Left(left_ms)):
        is_through = next_in_line._begin_in_turn("ws_1", [waiting], cast(Any, None))
    assert (is_through, begun) == (is_begun, [waiting] if is_begun else [])


@pytest.mark.parametrize(("left_ms", "goes_on"), [(14_000 + A_LITTLE_MS, True), (14_000, False)])
def test_a_page_of_links_is_looked_at_with_more_than_fourteen_seconds_left(
    monkeypatch: pytest.MonkeyPatch, left_ms: int, goes_on: bool
) -> None:
    monkeypatch.setattr(looking, "look", lambda partition, zone, may_go_on, *_: may_go_on())
    with deadline.of(Left(left_ms)):
        assert scanning._look("ws_1") is goes_on


@pytest.mark.parametrize(("left_ms", "given_s"), [(29_000, 18.5), (30_500, 20), (60_000, 20)])
def test_ten_and_a_half_seconds_are_kept_to_charge_for_an_answer(
    left_ms: int, given_s: float
) -> None:
    with deadline.of(Left(left_ms)):
        assert charging.seconds_left() == pytest.approx(given_s)
