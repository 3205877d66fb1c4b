"""What is answered for records that fail, and what is told of a run."""

import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, deadline, observability, retries, worker
from linkwright.errors import Unavailable
from linkwright.jobs import AlreadyDone, Change, Work
from linkwright.transaction import Transaction
from tests.client import Context, queue_event, stream_event

pytestmark = pytest.mark.usefixtures("environment")
CANARY = "canary of an exception"
ITEMS = [{"pk": "W#ws_1#CALL", "sk": f"call_{number}", "outbox": "call"} for number in range(4)]
# All are new but the last, which was there before.
CHANGES: list[Change] = [*((None, item) for item in ITEMS[:3]), ({**ITEMS[3], "v": 1}, ITEMS[3])]
WORK = [Work("call", item["pk"], item["sk"]) for item in ITEMS]
BODIES = [work.message() for work in WORK]


class Told:
    """What was logged of failures, and what was printed: lines and metrics."""

    def __init__(
        self, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._caplog, self._capsys = caplog, capsys

    def failures(self) -> list[tuple[str, str, str | None]]:
        records = [each for each in self._caplog.records if each.levelno >= logging.ERROR]
        facts = [vars(each) for each in records]
        return [
            (fact["message"], fact["failure"], fact.get("job") or fact.get("message_id"))
            for fact in facts
        ]

    def errors(self) -> list[tuple[str, str | None, str | None]]:
        """By kind and id of the job."""
        facts = [vars(each) for each in self._caplog.records if each.levelno >= logging.ERROR]
        return [(fact["message"], fact.get("kind"), fact.get("job")) for fact in facts]

    def lines(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The line of the run, and its metrics."""
        printed = self._capsys.readouterr().out
        assert CANARY not in printed + self._caplog.text
        read = [json.loads(line) for line in printed.splitlines() if line.startswith('{"')]
        (line,) = (each for each in read if each.get("message") == "worked")
        (metrics,) = (each for each in read if "_aws" in each)
        return line, metrics


@pytest.fixture
def told(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> Told:
    monkeypatch.setattr(observability, "_counted", {})
    monkeypatch.setattr(observability, "logger", lambda: logging.getLogger("of a test"))
    return Told(caplog, capsys)


def _failing(*names: str) -> tuple[Any, list[Work]]:
    taken: list[Work] = []

    def work(one: Work) -> None:
        taken.append(one)
        if one.sk in names:
            raise ValueError(CANARY)

    return work, taken


def test_a_job_whose_time_has_not_come_waits_until_then_and_has_not_failed(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    until, put_off = clock.now() + timedelta(minutes=4), []
    monkeypatch.setattr(retries, "postpone", lambda *asked: put_off.append(asked) or True)

    def work(_: Work) -> None:
        raise clock.NotYet(until)

    answer = worker.queue_worker()(work)(queue_event(BODIES[:1]), Context(60_000))
    assert _failed(answer) == []
    assert put_off == [(WORK[0], until)]
    assert told.failures() == []
    _, metrics = told.lines()
    assert metrics["work_not_yet"] == [1]


def _failed(answer: Mapping[str, Any]) -> list[str]:
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def test_messages_that_fail_are_put_off_or_named_and_the_others_done(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "put_off", lambda work: work.sk == "call_3")
    work, taken = _failing("call_1", "call_3")
    event = queue_event(BODIES)
    ids = [record["messageId"] for record in event["Records"]]
    answer = worker.queue_worker()(work)(event, Context(60_000))
    assert taken == WORK
    assert _failed(answer) == [ids[1]]
    assert told.failures() == [
        ("work failed", "ValueError", "call_1"),
        ("work failed", "ValueError", "call_3"),
    ]
    line, metrics = told.lines()
    assert (line["function"], line["handled"]) == (__name__, 4)
    assert (metrics["function"], metrics["handled"], metrics["work_failed"]) == (
        __name__,
        [4],
        [1, 1],
    )


def test_a_message_comes_again_where_its_job_cannot_be_put_off(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "put_off", _failing("call_0")[0])
    event = queue_event(BODIES[:1])
    answer = worker.queue_worker()(_failing("call_0")[0])(event, Context(60_000))
    assert _failed(answer) == [event["Records"][0]["messageId"]]
    message = event["Records"][0]["messageId"]
    assert told.failures() == [
        ("work failed", "ValueError", "call_0"),
        ("not put off", "ValueError", message),
    ]
    told.lines()


@pytest.mark.parametrize("fails", [False, True])
def test_a_job_that_has_failed_for_too_long_is_given_up_as_its_worker_says(
    told: Told, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """And where that fails as well, that it gave up is written down all the same."""

    def spent(_: Work) -> bool:
        raise retries.Spent

    marked: list[Work] = []
    monkeypatch.setattr(retries, "put_off", spent)
    monkeypatch.setattr(worker, "mark_given_up", marked.append)
    give_up, given_up = _failing("call_0" if fails else "")
    event = queue_event(BODIES[:1])
    answer = worker.queue_worker(give_up)(_failing("call_0")[0])(event, Context(60_000))
    assert (_failed(answer), given_up, marked) == ([], WORK[:1], WORK[:1] if fails else [])
    assert told.errors() == [
        ("work failed", "call", "call_0"),
        *([("not given up as it should be", "call", "call_0")] if fails else []),
        ("a job gave up", "call", "call_0"),
    ]
    _, metrics = told.lines()
    assert metrics["jobs_given_up"] == [1]


def test_a_message_comes_again_while_it_cannot_be_written_that_its_job_gave_up(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spent(_: Work) -> bool:
        raise retries.Spent

    def give_up(_: Work) -> None:
        raise Unavailable

    marked: list[Work] = []
    monkeypatch.setattr(retries, "put_off", spent)
    monkeypatch.setattr(worker, "mark_given_up", marked.append)
    event = queue_event(BODIES[:1])
    answer = worker.queue_worker(give_up)(_failing("call_0")[0])(event, Context(60_000))
    assert (_failed(answer), marked) == ([event["Records"][0]["messageId"]], [])
    assert told.errors() == [
        ("work failed", "call", "call_0"),
        ("not given up yet", "call", "call_0"),
    ]
    _, metrics = told.lines()
    assert "jobs_given_up" not in metrics


@pytest.mark.parametrize("done", [False, True])
def test_what_is_given_up_is_marked_in_its_workspace_unless_it_is_done_by_then(
    monkeypatch: pytest.MonkeyPatch, done: bool
) -> None:
    marked: list[tuple[str, Work]] = []

    def commit(_: Transaction) -> None:
        if done:
            raise AlreadyDone

    monkeypatch.setattr(Transaction, "commit", commit)
    monkeypatch.setattr(
        Transaction, "give_up", lambda tx, work: marked.append((tx.partition, work))
    )
    worker.mark_given_up(WORK[0])
    assert marked == [("ws_1", WORK[0])]


@pytest.mark.parametrize("body", ["", "no JSON", "[]", "{}", '{"kind": 1}', "null"])
def test_a_message_that_is_not_ours_fails_alone(told: Told, body: str) -> None:
    work, taken = _failing()
    event = queue_event([body, BODIES[0]])
    answer = worker.queue_worker()(work)(event, Context(60_000))
    message = event["Records"][0]["messageId"]
    assert _failed(answer) == [message]
    assert taken == WORK[:1]
    assert [(what, of) for what, _, of in told.failures()] == [("not a message", message)]


@pytest.mark.parametrize(("left_ms", "are_heard"), [(4_900, False), (60_000, True)])
def test_what_a_topic_tells_is_heard_each_by_itself_while_there_is_time(
    told: Told, left_ms: int, are_heard: bool
) -> None:
    heard: list[str] = []

    def hear(body: str) -> None:
        heard.append(body)
        if body == "breaks":
            raise ValueError(CANARY)

    event = queue_event(["one", "breaks", "another"])
    ids = [record["messageId"] for record in event["Records"]]
    answer = worker.topic_worker(hear)(event, Context(left_ms))
    if not are_heard:
        assert (heard, _failed(answer)) == ([], ids)
        return
    assert (heard, _failed(answer)) == (["one", "breaks", "another"], [ids[1]])
    assert told.failures() == [("not heard", "ValueError", ids[1])]
    line, metrics = told.lines()
    assert (line["function"], line["handled"]) == (__name__, 3)
    assert (metrics["handled"], metrics["work_failed"]) == ([3], [1])


def test_the_time_of_the_function_counts_while_it_runs_and_not_after(told: Told) -> None:
    left: list[float] = []
    worker.queue_worker()(lambda work: left.append(deadline.seconds_left()))(
        queue_event(BODIES[:1]), Context(20_000)
    )
    assert left[0] <= 20
    assert deadline.seconds_left() == float("inf")


def test_a_stream_hands_on_all_that_changed(told: Told) -> None:
    seen: list[Change] = []

    def work(changes: list[Change]) -> None:
        seen.extend(changes)
        assert deadline.seconds_left() <= 20

    answer = worker.stream_worker(work)(stream_event(*CHANGES), Context(20_000))
    assert (seen, _failed(answer)) == (CHANGES, [])
    line, metrics = told.lines()
    assert (line["handled"], metrics["handled"], told.failures()) == (4, [4], [])


def test_a_stream_begins_again_where_the_whole_batch_raised(told: Told) -> None:
    def work(changes: list[Change]) -> None:
        raise ValueError(CANARY)

    event = stream_event(*CHANGES)
    answer = worker.stream_worker(work)(event, Context(20_000))
    assert _failed(answer) == [event["Records"][0]["dynamodb"]["SequenceNumber"]]
    assert told.failures() == [("relay failed", "ValueError", None)]
    told.lines()


def test_nothing_is_named_where_nothing_failed(told: Told) -> None:
    for answer in (
        worker.queue_worker()(lambda work: None)(queue_event(BODIES), Context(20_000)),
        worker.stream_worker(lambda batch: None)(stream_event(*CHANGES), Context(20_000)),
    ):
        assert answer == {"batchItemFailures": []}


def test_a_schedule_tells_what_it_acted_on(told: Told) -> None:
    worker.scheduled(lambda event: 7)({}, Context(20_000))
    line, metrics = told.lines()
    assert (line["handled"], metrics["handled"]) == (7, [7])


def test_a_schedule_that_fails_fails_without_the_text_of_its_cause(told: Told) -> None:
    def work(event: Any) -> int:
        assert deadline.seconds_left() <= 20
        raise ValueError(CANARY)

    with pytest.raises(RuntimeError, match=r"^schedule failed$") as failure:
        worker.scheduled(work)({}, Context(20_000))
    assert (failure.value.__cause__, failure.value.__suppress_context__) == (None, True)
    assert told.failures() == [("schedule failed", "ValueError", None)]
