"""What becomes of a job: it is sent once, put off where it fails, done or given up; never lost."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from benchmarks.aws_calls import Meter
from linkwright import (
    aws,
    clock,
    events,
    jobs,
    relay,
    retries,
    settings,
    sweeper,
    table,
    worker,
)
from linkwright.errors import Unavailable
from linkwright.jobs import HANG_UP, KINDS, Work
from linkwright.table import Item, Key, Table, get, update
from linkwright.transaction import Transaction
from linkwright.voice.calls import follow_ups
from tests import pump
from tests.carrier import Killed, die
from tests.client import Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.faults import wiring
from tests.integration.test_concurrency import at_once
from tests.memory import MemoryStack
from tests.stack import EmulatedStack, Stack
from tests.stream import Stream
from tools import jobs as commands
from tools.template import template

SID = f"CA{'0' * 32}"
KIND = KINDS[HANG_UP]


@pytest.fixture
def job(workspace: Workspace) -> Work:
    """Asked for, and nobody has heard of it yet."""
    return _asked(workspace)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> MemoryStack:
    """One that holds messages back by the clock of the test; an emulator's has its own."""
    held = MemoryStack()
    monkeypatch.setattr(aws, "sqs", lambda: held)
    return held


def _there(queue: MemoryStack) -> list[Item]:
    url = settings.settings().follow_up_queue_url
    return [json.loads(body) for body in queue.taken(url, lambda _: True)]


def _asked(workspace: Workspace, sid: str = SID) -> Work:
    tx = Transaction(workspace.partition, "req_test")
    follow_ups.request_hang_up(workspace.partition, sid, tx)
    tx.commit()
    return jobs.at(follow_ups.hang_up_key(workspace.partition, sid))


def _stored(job: Work) -> Item:
    item = get(Table.CORE, job.key)
    assert item is not None
    return item


def _messages(stack: Stack, workspace: Workspace, queue: str = "FollowUpQueue") -> list[Item]:
    return [json.loads(body) for body in stack.received(queue, workspace.id)]


def _fail(work: Work) -> None:
    raise ValueError(work.sk)


def _shard(job: Work) -> int:
    return int(str(_stored(job)["gsi2pk"]).removeprefix("DUE#"))


def _run(job: Work, work: Callable[[Work], None] = _fail, received: int = 1) -> list[Any]:
    handler = worker.queue_worker()(work)
    event = queue_event([job.message()], received=received)
    answer: list[Any] = handler(event, Context(60_000))["batchItemFailures"]
    return answer


def _wait(job: Work) -> float:
    """For how long the job is put off, in seconds."""
    return (clock.parse(_stored(job)["next_at"]) - clock.now()).total_seconds()


# ---- sent ---------------------------------------------------------------------------------------


def test_a_job_is_sent_once_and_not_again_before_its_message_must_be_lost(
    stack: Stack, workspace: Workspace, job: Work, hand: Hand
) -> None:
    pump.relay(stack, workspace.id)
    assert "outbox" not in _stored(job)
    assert _messages(stack, workspace) == [job._asdict()]
    hand.move(KIND.lost_after.total_seconds() - 60)
    invoke("sweep_overdue", {})
    assert _messages(stack, workspace) == []
    hand.move(61)
    invoke("sweep_overdue", {})
    invoke("sweep_overdue", {})
    assert _messages(stack, workspace) == [job._asdict()]


@pytest.mark.parametrize(("hours", "messages"), [(12, 6), (96, 9)])
def test_a_job_in_a_long_queue_is_sent_ever_more_seldom(
    stack: Stack, workspace: Workspace, job: Work, hand: Hand, hours: int, messages: int
) -> None:
    """Nothing is lost, the workers are behind: it was 21 messages in half a day, 165 in four."""
    pump.relay(stack, workspace.id)
    sent = []
    # As exactly as it is judged.
    for minute in range(0, hours * 60, 5):
        invoke("sweep_overdue", {"shard": _shard(job)})
        sent += [minute] * len(_messages(stack, workspace))
        hand.move(300)
    assert len(sent) == messages
    # One that is lost comes as soon as ever; from then on it is twice as long each time.
    assert sent[:5] == pytest.approx([0, 35, 70, 140, 280], abs=5)


def test_a_job_is_sent_again_at_the_latest_when_no_queue_can_have_its_message_any_more(
    stack: Stack, workspace: Workspace, job: Work, hand: Hand
) -> None:
    pump.relay(stack, workspace.id)
    waits = []
    for _ in range(12):
        waits.append(clock.parse(_stored(job)["gsi2sk"]) - clock.now())
        hand.move(waits[-1].total_seconds())
        invoke("sweep_overdue", {"shard": _shard(job)})
    assert waits[-2:] == [jobs.QUEUE_RETENTION] * 2
    for queue in wiring.queues():
        # SQS's own, where nothing is said.
        kept_s = template()["Resources"][queue]["Properties"].get("MessageRetentionPeriod", 345_600)
        assert kept_s == jobs.QUEUE_RETENTION.total_seconds()


def test_a_job_that_was_heard_of_is_waited_for_as_if_it_were_new(
    stack: Stack, workspace: Workspace, job: Work, hand: Hand
) -> None:
    pump.relay(stack, workspace.id)
    for _ in range(4):
        hand.move(4 * 3600)
        invoke("sweep_overdue", {"shard": _shard(job)})
    assert clock.parse(_stored(job)["gsi2sk"]) - clock.now() > 2 * KIND.lost_after
    # A run fails: the next one is asked for anew, and the message of that is lost.
    assert _run(job) == []
    pump.relay(stack, workspace.id)
    hand.move(40 * 60)
    invoke("sweep_overdue", {"shard": _shard(job)})
    assert clock.parse(_stored(job)["gsi2sk"]) - clock.now() <= KIND.lost_after


def test_a_job_whose_worker_is_killed_each_time_gives_up_when_its_time_is_over(
    stack: Stack, workspace: Workspace, job: Work, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its messages come, so they are not waited for ever longer: it failed with no gap between."""
    longest = timedelta(days=1)
    monkeypatch.setitem(KINDS, HANG_UP, KIND._replace(longest=longest))
    pump.relay(stack, workspace.id)
    began, shard = clock.now(), _shard(job)
    while not jobs.has_given_up(_stored(job)):
        # When it comes again it is seen that the run before was killed.
        for received in range(1, 6) if _messages(stack, workspace) else ():
            with suppress(Killed):
                _run(job, die, received)
            hand.move(360)
        hand.move(360)
        invoke("sweep_overdue", {"shard": shard})
        assert clock.now() - began < longest + 3 * KIND.lost_after


def test_what_is_asked_for_again_is_sent_again_and_what_changes_otherwise_is_not(
    stack: Stack, workspace: Workspace, job: Work, hand: Hand
) -> None:
    stream = Stream()

    def relayed() -> list[Item]:
        if event := stream.event(stack.rows("CoreTable", workspace.id)):
            invoke("relay_outbox", event)
        return _messages(stack, workspace)

    assert relayed() == [job._asdict()]
    stack.put("CoreTable", {**_stored(job), "note": "changed"})
    assert relayed() == []
    hand.move(1)
    _asked(workspace)
    assert relayed() == [job._asdict()]


def test_the_workspace_is_the_group_of_each_message(
    stack: Stack, workspace: Workspace, job: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries: list[Item] = []

    class Queue:
        def send_message_batch(self, *, QueueUrl: str, Entries: list[Item]) -> Item:  # noqa: N803
            entries.extend(Entries)
            return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}

    monkeypatch.setattr(relay.aws, "sqs", Queue)
    pump.relay(stack, workspace.id)
    assert [entry["MessageGroupId"] for entry in entries] == [workspace.partition]


def test_a_job_that_has_moved_on_keeps_the_others_from_nothing(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    """One of the batch is done before it is noted that it was sent."""
    works = [_asked(workspace, f"CA{number:032}") for number in range(3)]
    changes = Stream().changes(stack.rows("CoreTable", workspace.id))
    tx = Transaction(workspace.partition, "")
    tx.finish(works[1].key)
    tx.commit()
    relay.relay(changes)
    assert [jobs.is_due(_stored(work)) for work in works] == [True, False, True]
    assert ["outbox" in _stored(work) for work in works] == [False] * 3
    assert len(_messages(stack, workspace)) == 3


def test_what_was_sent_is_noted_one_by_one_where_it_cannot_be_for_all(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream does not come again for that: it would hold up what is for other queues."""
    works = [_asked(workspace, f"CA{number:032}") for number in range(3)]
    with monkeypatch.context() as away:
        away.setattr(relay, "_confirm_together", _raises(Unavailable()))
        relay.relay(Stream().changes(stack.rows("CoreTable", workspace.id)))
    assert ["outbox" in _stored(work) for work in works] == [False] * 3


def test_a_queue_that_is_away_holds_up_nothing_that_is_for_another(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, hand: Hand
) -> None:
    """What it did not take the sweeper sends; the stream does not come again for it."""
    real = aws.sqs()

    class NoEvents:
        def send_message_batch(self, **asked: Any) -> Any:
            if asked["QueueUrl"] == settings.settings().event_queue_url:
                raise Unavailable
            return real.send_message_batch(**asked)

    workspace.webhook()
    call_id = workspace.placed()
    event = Stream().event(stack.rows("CoreTable", workspace.id))
    with monkeypatch.context() as now:
        now.setattr(relay.aws, "sqs", NoEvents)
        assert invoke("relay_outbox", event) == {"batchItemFailures": []}
    assert [message["sk"] for message in _messages(stack, workspace, "DialQueue")] == [call_id]
    assert _messages(stack, workspace, "EventQueue") == []
    hand.move(61)
    invoke("sweep_overdue", {})
    assert [message["kind"] for message in _messages(stack, workspace, "EventQueue")] == ["evt"]


def test_an_event_of_who_has_no_webhooks_is_done_when_it_is_relayed(
    stack: Stack, workspace: Workspace
) -> None:
    event = events.key(workspace.partition, workspace.happen())
    pump.relay(stack, workspace.id)
    assert not jobs.is_waiting(event)
    assert _messages(stack, workspace, "EventQueue") == []
    workspace.client.request("DELETE", f"/v1/webhooks/{workspace.webhook()}")
    # Who had one once may have another by now.
    workspace.happen()
    pump.relay(stack, workspace.id)
    assert len(_messages(stack, workspace, "EventQueue")) == 1


def test_an_event_is_sent_where_it_cannot_be_known_whether_anybody_listens(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.happen()
    with monkeypatch.context() as away:
        away.setattr(relay, "get", _raises(Unavailable()))
        pump.relay(stack, workspace.id)
    assert len(_messages(stack, workspace, "EventQueue")) == 1


def _raises(failure: Exception) -> Any:
    def raised(*_: object) -> None:
        raise failure

    return raised


def test_a_record_that_is_no_job_holds_no_other_up(
    stack: Stack, workspace: Workspace, job: Work
) -> None:
    strange = {"pk": f"W#{workspace.id}#NONE", "sk": "1", "outbox": "none", "gsi2sk": "x"}
    changes = [(None, strange), (None, {"pk": "X", "sk": "1", "outbox": "x"})]
    changes += Stream().changes(stack.rows("CoreTable", workspace.id))
    relay.relay(changes)
    assert _messages(stack, workspace) == [job._asdict()]


def _line(workspace: Workspace, **facts: Any) -> Item:
    key = Key(f"W#{workspace.partition}#LINE", "all")
    marked = jobs.requested(jobs.LINE, f"{workspace.partition}#all")
    return {**key.attributes(), **marked, **facts}


def test_each_change_of_a_job_by_level_asks_and_the_mark_stays(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    stack.put("CoreTable", _line(workspace))
    work = jobs.at(Key(f"W#{workspace.partition}#LINE", "all"))
    stream = Stream()
    for parks in range(3):
        update(Table.CORE, work.key, "SET #parks = :parks", values={"parks": parks})
        event = stream.event(stack.rows("CoreTable", workspace.id))
        assert event is not None
        invoke("relay_outbox", event)
        assert _messages(stack, workspace, "DialQueue") == [work._asdict()]
    assert stream.event(stack.rows("CoreTable", workspace.id)) is None
    assert _stored(work)["outbox"] == jobs.LINE
    # Each minute it is sent by the sweeper, whose own change asks for nothing.
    for _ in range(3):
        hand.move(61)
        invoke("sweep_overdue", {})
        if event := stream.event(stack.rows("CoreTable", workspace.id)):
            invoke("relay_outbox", event)
        assert _messages(stack, workspace, "DialQueue") == [work._asdict()]


def test_a_job_by_level_that_waits_for_its_time_asks_for_nothing_more(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    before = _line(workspace, parks=1)
    later = {"next_at": clock.timestamp(clock.now() + timedelta(seconds=30))}
    assert relay._asks(before, {**before, **later})
    assert not relay._asks({**before, **later}, {**before, **later, "parks": 2})
    hand.move(30)
    assert relay._asks({**before, **later}, {**before, **later, "parks": 2})


@pytest.mark.parametrize("wait", [jobs.MOST_DELAY, jobs.MOST_DELAY + timedelta(seconds=1)])
def test_what_waits_for_longer_than_a_queue_can_is_the_sweepers_at_its_time(
    stack: Stack, workspace: Workspace, hand: Hand, wait: timedelta
) -> None:
    """A message that comes early would find the job waiting, and nobody would send the next."""
    hand.move(1 - clock.now().microsecond / 1_000_000)
    stack.put("CoreTable", _line(workspace))
    work = jobs.at(Key(f"W#{workspace.partition}#LINE", "all"))
    assert retries.wait(_stored(work), clock.now() + wait)
    job = _stored(work)
    is_the_sweepers = wait > jobs.MOST_DELAY
    assert relay._asks(None, job) is not is_the_sweepers
    grace = timedelta(0) if is_the_sweepers else jobs.RELAY_GRACE
    assert clock.parse(job["gsi2sk"]) == clock.now() + wait + grace
    hand.move(wait.total_seconds())
    assert relay._asks(job, {**job, "parks": 2}), "somebody has left the phone"


@pytest.mark.parametrize("wait", [timedelta(minutes=1), jobs.MOST_DELAY, timedelta(hours=2)])
def test_a_job_by_level_keeps_its_mark_however_long_it_waits(
    stack: Stack, workspace: Workspace, hand: Hand, wait: timedelta
) -> None:
    """Without it nobody who leaves the phone would wake those who wait."""
    stack.put("CoreTable", _line(workspace))
    work = jobs.at(Key(f"W#{workspace.partition}#LINE", "all"))
    assert retries.wait(_stored(work), clock.now() + wait)
    assert _stored(work)["outbox"] == jobs.LINE


# ---- put off ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_waits_of_a_kind_grow_and_are_within_a_quarter_of_its_schedule(kind: str) -> None:
    waits = KINDS[kind].retries
    assert list(waits) == sorted(waits)
    for attempts, seconds in enumerate((*waits, waits[-1], waits[-1]), 1):
        drawn = {retries._delay(KINDS[kind], attempts).total_seconds() for _ in range(50)}
        assert len(drawn) > 1, "who failed together is not to be tried together"
        assert seconds * 0.75 <= min(drawn) < max(drawn) <= seconds * 1.25


def test_a_failed_run_is_put_off_by_a_message_that_the_queue_holds_back(
    stack: Stack, workspace: Workspace, job: Work, hand: Hand, queue: MemoryStack
) -> None:
    pump.relay(stack, workspace.id)
    assert _there(queue) == [job._asdict()]
    waits = []
    for attempts in range(1, 9):
        assert _run(job) == []
        assert _stored(job)["attempts"] == attempts
        waits.append(_wait(job))
        pump.relay(stack, workspace.id)
        assert _there(queue) == []
        hand.move(waits[-1] + 2)
        assert _there(queue) == [job._asdict()]
        invoke("sweep_overdue", {})
        assert _there(queue) == [], "the message may still be under way"
    # Moments are whole seconds.
    assert all(
        -seconds / 4 <= wait - seconds <= seconds / 4 + 1
        for wait, seconds in zip(waits, KIND.retries, strict=False)
    )


def test_longer_than_a_queue_holds_a_message_back_the_index_holds_the_job(
    stack: Stack, workspace: Workspace, job: Work, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, HANG_UP, jobs.Kind(KIND.queue, (3_600,)))
    pump.relay(stack, workspace.id)
    assert _messages(stack, workspace) == [job._asdict()]
    assert _run(job) == []
    assert "outbox" not in _stored(job)
    hand.move(_wait(job) - 1)
    invoke("sweep_overdue", {})
    assert _messages(stack, workspace) == []
    hand.move(2)
    invoke("sweep_overdue", {})
    assert _messages(stack, workspace) == [job._asdict()]


def test_no_message_is_held_back_for_longer_than_a_queue_can() -> None:
    item = {**_far(), "gsi2sk": "x", "outbox": HANG_UP}
    assert relay._due(item).delay == jobs.MOST_DELAY == timedelta(seconds=900)
    item["next_at"] = clock.timestamp(clock.now() - timedelta(hours=1))
    assert relay._due(item).delay == timedelta(0)


def _far() -> Item:
    return {
        "pk": "W#ws_1#HUP",
        "sk": SID,
        "next_at": clock.timestamp(clock.now() + timedelta(hours=1)),
    }


def test_a_job_that_was_moved_since_it_was_read_is_not_moved_again(job: Work, hand: Hand) -> None:
    seen = _stored(job)
    first, second = (clock.timestamp(clock.now() + timedelta(hours=at)) for at in (1, 2))
    assert jobs.change(seen, {"gsi2sk": first})
    assert not jobs.change(seen, {"gsi2sk": second})
    assert _stored(job)["gsi2sk"] == first


def test_of_two_deliveries_that_fail_one_goes_on(
    stack: Stack, workspace: Workspace, job: Work, hand: Hand, queue: MemoryStack
) -> None:
    """One after the other, many times: messages never multiply."""
    pump.relay(stack, workspace.id)
    for _ in range(5):
        assert _there(queue) == [job._asdict()]
        assert _run(job) == _run(job) == []
        pump.relay(stack, workspace.id)
        hand.move(_wait(job) + 2)


def test_of_ten_deliveries_that_fail_at_once_one_goes_on(
    stack: Stack, workspace: Workspace, job: Work
) -> None:
    pump.relay(stack, workspace.id)
    moves: list[bool] = []
    wait = retries.wait

    def noted(*facts: Any) -> bool:
        moves.append(wait(*facts))
        return moves[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retries, "wait", noted)
        at_once(10, lambda _: _run(job))
    assert sum(moves) == 1


def test_a_run_that_said_when_it_is_to_be_looked_at_next_is_heeded(
    stack: Stack, workspace: Workspace
) -> None:
    """As a worker that claimed a call does by its lease."""
    call_id = workspace.placed()
    work = workspace.job(call_id)
    pump.relay(stack, workspace.id)

    def claim_and_fail(work: Work) -> None:
        workspace.dial(call_id)
        raise ValueError

    assert _run(work, claim_and_fail) == []
    after = _stored(work)
    assert (after["attempts"], after["gsi2sk"]) == (1, after["next_at"])
    assert _wait(work) > max(KINDS[jobs.CALL].retries[:3])


def test_a_message_of_what_never_was_is_no_job_that_can_be_put_off(workspace: Workspace) -> None:
    never = Work(HANG_UP, *follow_ups.hang_up_key(workspace.partition, "CAnone"))
    assert _run(never) == [{"itemIdentifier": "m0"}]


def test_a_job_that_is_done_is_done_whatever_comes_of_it_then(
    stack: Stack, workspace: Workspace, job: Work
) -> None:
    _run(job)
    tx = Transaction(workspace.partition, "")
    tx.finish(job.key)
    tx.commit()
    assert set(_stored(job)) == {"pk", "sk", "ttl"}
    assert _run(job) == []
    assert set(_stored(job)) == {"pk", "sk", "ttl"}


# ---- given up -----------------------------------------------------------------------------------


def _fail_for(job: Work, hand: Hand, how_long: timedelta) -> int:
    """Let each of its runs fail. Returns how many there were."""
    end, runs = clock.now() + how_long, 0
    while clock.now() <= end and jobs.is_due(_stored(job)):
        assert _run(job) == []
        runs += 1
        hand.move(max(_wait(job), 1) if "next_at" in _stored(job) else 1)
    return runs


def test_a_job_that_fails_for_too_long_gives_up_and_is_kept_for_a_month(
    stack: Stack, workspace: Workspace, job: Work, hand: Hand
) -> None:
    runs = _fail_for(job, hand, KIND.longest - timedelta(minutes=10))
    assert jobs.is_due(_stored(job))
    assert runs > len(KIND.retries)
    _fail_for(job, hand, timedelta(hours=1))
    after = _stored(job)
    assert after["gsi2pk"] == jobs.given_up_partition(HANG_UP)
    assert after["given_up_at"] <= clock.timestamp()
    assert not {"outbox", "next_at"} & set(after)
    assert clock.epoch() + 29 * 86_400 < after["ttl"] < clock.epoch() + 31 * 86_400
    # Nobody does it again.
    stack.received("FollowUpQueue", workspace.id)
    hand.move(86_400)
    invoke("sweep_overdue", {})
    assert _run(job) == _messages(stack, workspace) == []


def test_a_job_that_failed_long_ago_has_its_time_again(job: Work, hand: Hand) -> None:
    _fail_for(job, hand, KIND.longest - timedelta(hours=1))
    hand.move(86_400)
    assert _run(job) == []
    assert _stored(job)["attempts"] == 1


def test_a_job_with_which_the_worker_is_killed_each_time_gives_up_too(
    job: Work, hand: Hand
) -> None:
    """Then only that its message comes again tells of it."""
    runs: list[Work] = []
    while jobs.is_due(_stored(job)) and len(runs) < 200:
        _run(job, runs.append, received=2)
        hand.move(360)
    assert _stored(job)["gsi2pk"] == jobs.given_up_partition(HANG_UP)
    assert timedelta(seconds=360) * len(runs) == pytest.approx(
        KIND.longest, abs=timedelta(minutes=15)
    )


def test_that_it_gave_up_is_written_down_though_its_rules_for_that_fail(
    job: Work, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(KINDS, HANG_UP, jobs.Kind(KIND.queue, (1,), timedelta(seconds=-1)))
    handler = worker.queue_worker(_fail)(_fail)
    answer = handler(queue_event([job.message()]), Context(60_000))
    assert answer["batchItemFailures"] == []
    assert "given_up_at" in _stored(job)
    assert '"jobs_given_up":[1.0]' in capsys.readouterr().out


def test_an_item_that_is_more_than_its_job_is_never_forgotten_for_it(
    workspace: Workspace,
) -> None:
    call_id = workspace.placed()
    worker.mark_given_up(workspace.job(call_id))
    after = _stored(workspace.job(call_id))
    assert "given_up_at" in after
    assert "ttl" not in after


def test_message_comes_again_where_the_tables_are_away(
    job: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Item:
        raise Unavailable

    monkeypatch.setattr(retries, "get", away)
    assert _run(job) == [{"itemIdentifier": "m0"}]


# ---- the sweeper --------------------------------------------------------------------------------


def test_every_kind_is_of_one_index_and_the_oldest_is_sent_first(
    stack: Stack, workspace: Workspace, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "DUE_SHARDS", 1)
    monkeypatch.setattr(sweeper, "_PAGE", 2)
    sent: list[str] = []
    send = relay.send
    monkeypatch.setattr(
        relay, "send", lambda batch: sent.extend(due.work.sk for due in batch) or send(batch)
    )
    wanted = [_asked(workspace, "CAfirst").sk]
    hand.move(5)
    wanted.append(workspace.placed())
    for sid in ("CAthird", "CAlast"):
        hand.move(5)
        wanted.append(_asked(workspace, sid).sk)
    hand.move(61)
    told = sweeper.sweep(0)
    assert [name for name in sent if name in wanted] == wanted
    assert told == len(sent)


def test_a_workspace_with_much_that_is_due_holds_nobody_up(
    stack: Stack, workspace: Workspace, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has its quota of each sweep; who has less is not behind it, however old that all is."""
    monkeypatch.setattr(jobs, "DUE_SHARDS", 1)
    monkeypatch.setattr(sweeper, "QUOTA", 5)
    monkeypatch.setattr(sweeper, "_PAGE", 3)
    many = make_workspace()
    for number in range(20):
        _asked(many, f"CA{number:032}")
    hand.move(1)
    job = _asked(workspace)
    hand.move(61)
    for _ in range(4):
        invoke("sweep_overdue", {"shard": 0})
        assert len(stack.received("FollowUpQueue", many.id)) == 5
    assert _messages(stack, workspace) == [job._asdict()]


def test_a_workspace_with_much_that_is_due_holds_up_none_of_its_other_kinds(
    stack: Stack, workspace: Workspace, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its own line would wait until all that is older was sent, a quota a minute."""
    monkeypatch.setattr(jobs, "DUE_SHARDS", 1)
    monkeypatch.setattr(sweeper, "QUOTA", 5)
    for number in range(20):
        _asked(workspace, f"CA{number:032}")
    hand.move(1)
    call_id = workspace.placed()
    hand.move(61)
    invoke("sweep_overdue", {"shard": 0})
    assert len(stack.received("FollowUpQueue", workspace.id)) == 5
    told = [json.loads(body)["sk"] for body in stack.received("DialQueue", workspace.id)]
    assert told == [call_id]


def test_a_sweep_with_nothing_to_do_asks_each_shard_twice(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "DUE_SHARDS", 2)
    meter = Meter(table.driver())
    monkeypatch.setattr(table, "driver", lambda: meter)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "due_partition", lambda shard, is_look: f"NONE#{shard}#{is_look}")
        invoke("sweep_overdue", {})
    assert meter.calls == ["Query"] * 4
    assert meter.read_units == 2


def test_a_sweeper_that_is_killed_before_it_sends_leaves_the_job_due_in_a_minute(
    stack: Stack, workspace: Workspace, job: Work, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    send = relay.send

    def killed(batch: list[relay.Due]) -> object:
        if job in [due.work for due in batch]:
            raise Killed
        return send(batch)

    hand.move(61)
    with monkeypatch.context() as now:
        now.setattr(relay, "send", killed)
        with pytest.raises(Killed):
            invoke("sweep_overdue", {})
    invoke("sweep_overdue", {})
    assert _messages(stack, workspace) == []
    hand.move(61)
    invoke("sweep_overdue", {})
    assert _messages(stack, workspace) == [job._asdict()]


def test_a_row_that_breaks_holds_none_up_and_is_named(
    stack: Stack,
    workspace: Workspace,
    job: Work,
    hand: Hand,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    partition, rows = _stored(job)["gsi2pk"], f"W#{workspace.id}#NONE"
    names = ("1", "2", "+972541234567")
    for name in names:
        strange = {"pk": rows, "sk": name, "gsi2pk": partition}
        stack.put("CoreTable", strange | {"gsi2sk": "2020-01-01T00:00:00Z"})
    hand.move(61)
    counted: list[str] = []
    monkeypatch.setattr(sweeper, "_PAGE", 3)
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(sweeper, "count", counted.append)
    monkeypatch.setattr(sweeper, "log_failure", lambda *_, pk, sk: told.append((pk, sk)))
    invoke("sweep_overdue", {})
    # The row that is well is on the page after theirs.
    assert _messages(stack, workspace) == [job._asdict()]
    assert counted == ["sweep_broken"] * 3
    assert told == [(rows, "no key of ours"), (rows, "1"), (rows, "2")]
    stack.delete("CoreTable", *(Key(rows, name) for name in names))


def test_a_sweep_says_that_a_queue_was_away_on_any_of_its_pages(
    stack: Stack, workspace: Workspace, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "DUE_SHARDS", 1)
    monkeypatch.setattr(sweeper, "_PAGE", 1)
    job = _asked(workspace, "CAearly")
    hand.move(1)
    _asked(workspace, "CAlater")
    hand.move(61)
    send = relay.send

    def sent(batch: list[relay.Due]) -> set[Key]:
        away = {due.work.key for due in batch if due.work == job}
        return away | send([due for due in batch if due.work != job])

    monkeypatch.setattr(relay, "send", sent)
    with pytest.raises(RuntimeError):
        sweeper.sweep(0)
    assert [message["sk"] for message in _messages(stack, workspace)] == ["CAlater"]


def test_each_shard_has_its_schedule() -> None:
    inputs = wiring.schedules()["sweep_overdue"]
    assert inputs == [{"shard": shard} for shard in range(8)]
    assert jobs.DUE_SHARDS == 8


def test_no_job_is_sent_again_while_a_queue_may_still_hand_out_its_message() -> None:
    of_jobs = {kind.queue.replace("_", "") for kind in KINDS.values()}
    # What SES tells is no job: its message is all that there is of it.
    others = {one for one in wiring.queues() if f"{one.lower()}url" not in of_jobs}
    assert others == {"FeedbackQueue"}
    for queue in set(wiring.queues()) - others:
        properties = template()["Resources"][queue]["Properties"]
        tries = properties["RedrivePolicy"]["maxReceiveCount"]
        assert jobs.LOST_AFTER.total_seconds() >= properties["VisibilityTimeout"] * tries


# ---- by hand ------------------------------------------------------------------------------------


def test_what_gave_up_is_listed_by_kind_and_workspace_and_done_again(
    stack: Stack, workspace: Workspace, job: Work, hand: Hand
) -> None:
    other = _asked(make_workspace(mode="test"))
    for work in (job, other):
        worker.mark_given_up(work)
    mine = [(job, clock.timestamp())]
    assert list(commands.given_up([jobs.RECORDING, HANG_UP], workspace.id)) == mine
    assert list(commands.given_up([jobs.RECORDING], workspace.id)) == []
    assert {job, other} <= {work for work, _ in commands.given_up([HANG_UP], None)}
    assert commands.redo(job)
    assert not commands.redo(job)
    assert list(commands.given_up([HANG_UP], workspace.id)) == []
    pump.relay(stack, workspace.id)
    assert _messages(stack, workspace) == [job._asdict()]
    assert set(_stored(job)) == {"pk", "sk", "gsi2pk", "gsi2sk", "ttl"}


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The command line, of the stack of the tests."""
    monkeypatch.setattr(commands, "stack_outputs", lambda _: {})
    monkeypatch.setattr(commands, "use_stack", lambda *_, **__: None)

    def run(*words: str) -> None:
        monkeypatch.setattr("sys.argv", ["jobs", "--stack", "linkwright-local", *words])
        commands.main()

    return run


def test_a_workspace_that_there_is_none_of_is_told(
    stack: Stack, command: Callable[..., None]
) -> None:
    with pytest.raises(SystemExit, match="there is no workspace ws_typo"):
        command("list", "--workspace", "ws_typo")


def test_what_gave_up_is_told_in_a_line_or_whole_and_asked_for_once(
    stack: Stack,
    workspace: Workspace,
    job: Work,
    command: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Of what DynamoDB has, and JSON has not.
    update(Table.CORE, job.key, "SET #held = :held", values={"held": {"call_1"}})
    worker.mark_given_up(job)
    of_it = ("--kind", job.kind, "--workspace", workspace.id)
    line = f"{_stored(job)['gsi2sk']} {job.kind} {workspace.partition} {job.sk}"

    def told(word: str) -> str:
        capsys.readouterr()
        command(word, *of_it)
        return capsys.readouterr().out

    assert told("list") == f"{line}\n"
    first, _, stored = told("show").partition("\n")
    assert first == line
    assert json.loads(stored)["held"] == "{'call_1'}"
    assert told("redo") == f"{line}: asked for\n"
    assert told("redo") == ""


def test_dead_letters_go_back_to_their_queue(
    emulator: EmulatedStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The emulator's queue is one server.
    monkeypatch.setattr(commands, "POLL_S", 0)
    sqs = emulator.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    policy = {"deadLetterTargetArn": arn["Attributes"]["QueueArn"], "maxReceiveCount": 5}
    alive = sqs.create_queue(QueueName="alive", Attributes={"RedrivePolicy": json.dumps(policy)})[
        "QueueUrl"
    ]
    for number in range(12):
        sqs.send_message(QueueUrl=dead, MessageBody=f"{number}", MessageGroupId="ws_1")
    assert commands.redrive(sqs, alive) == 12
    assert commands.redrive(sqs, alive) == 0
    bodies: list[str] = []
    while batch := sqs.receive_message(QueueUrl=alive, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in batch]
    assert sorted(bodies, key=int) == [f"{number}" for number in range(12)]
