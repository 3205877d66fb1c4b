"""The decorators of functions that no person calls: queue and stream consumers, and schedules.

A consumer reports which records failed (partial batch response), and takes up no new one that it
might not finish: the rest goes back to the queue. A job whose run fails is put off, and its message
done: what comes again by itself is what cannot be read, and what a worker was killed with.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from typing import Any

from linkwright import clock, deadline, jobs, retries, startup
from linkwright.client import core
from linkwright.deadline import LambdaContext
from linkwright.errors import Unavailable
from linkwright.jobs import Change, Work
from linkwright.observability import count, log_failure, logger, publish, tell
from linkwright.transaction import Transaction

# Less than this and a record is handed back instead of begun.
RESERVE_S = 5.0

Answer = dict[str, Any]
Consumer = Callable[[Mapping[str, Any], LambdaContext], Answer]
Do = Callable[[Work], None]
Event = Mapping[str, Any]
Schedule = Callable[[Event, LambdaContext], None]


def mark_given_up(work: Work) -> None:
    """Nothing else comes of it that a job has given up."""
    tx = Transaction(jobs.partition_of(work.pk), "")
    tx.give_up(work)
    with suppress(jobs.AlreadyDone):
        tx.commit()


def queue_worker(give_up: Do = mark_given_up) -> Callable[[Do], Consumer]:
    """Consume a queue of `Work`, each message on its own.

    `give_up` is done with a job that has failed for as long as it may: in one transaction with
    `Transaction.give_up`, or by ending that of which the job is a part. Raises `Unavailable` where
    that is to be done again.
    """

    def made(work: Do) -> Consumer:
        runs = _Runs(work, give_up)

        @wraps(work)
        def handler(event: Mapping[str, Any], context: LambdaContext) -> Answer:
            records = event["Records"]
            with deadline.of(context):
                failed = [one["messageId"] for one in records if not runs.is_done(one)]
            _finish(work.__module__, len(records))
            return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

        startup.ready()
        return handler

    return made


class _Runs:
    """The runs of a worker: what is raised in one is caught, else the whole batch came again."""

    def __init__(self, work: Do, give_up: Do) -> None:
        self._work = work
        self._give_up = give_up

    def is_done(self, record: Mapping[str, Any]) -> bool:
        """Whether the message is: the run may have failed, if its job is put off."""
        if deadline.seconds_left() < RESERVE_S:
            return False
        try:
            work = Work(**json.loads(record["body"]))
            received = int(record["attributes"]["ApproximateReceiveCount"])
        except Exception as failure:  # noqa: BLE001 -- see above
            log_failure("not a message", failure, message_id=record["messageId"])
            return False
        try:
            return self._is_seen_to(work, received)
        except Exception as failure:  # noqa: BLE001 -- see above; the message comes again
            log_failure("not put off", failure, message_id=record["messageId"])
            return False

    def _is_seen_to(self, work: Work, received: int) -> bool:
        try:
            if received > 1:
                retries.note_killed(work)
            return self._has_run(work) or retries.put_off(work)
        except clock.NotYet as not_yet:
            count("work_not_yet")
            return retries.postpone(work, not_yet.until)
        except retries.Spent:
            return self._has_ended(work)

    def _has_run(self, work: Work) -> bool:
        try:
            self._work(work)
        except clock.NotYet:
            raise
        except Exception as failure:  # noqa: BLE001 -- see above
            log_failure("work failed", failure, kind=work.kind, job=work.sk)
            count("work_failed")
            return False
        return True

    def _has_ended(self, work: Work) -> bool:
        """Whether a job that is spent has given up. While that cannot be written its message comes
        again: marked as given up alone, it would leave what it holds as it is for ever.
        """
        try:
            self._give_up(work)
        except Unavailable as failure:
            log_failure("not given up yet", failure, kind=work.kind, job=work.sk)
            return False
        except Exception as failure:  # noqa: BLE001 -- that it gave up is written down all the same
            log_failure("not given up as it should be", failure, kind=work.kind, job=work.sk)
            mark_given_up(work)
        logger().error("a job gave up", extra={"kind": work.kind, "job": work.sk})
        count("jobs_given_up")
        return True


def topic_worker(hear: Callable[[str], None]) -> Consumer:
    """Consume a queue that a topic fills: each message on its own, by its body.

    There is no job: one whose run fails comes again when it is visible, and is a dead letter in
    the end.
    """

    @wraps(hear)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> Answer:
        records = event["Records"]
        with deadline.of(context):
            failed = [one["messageId"] for one in records if not _is_heard(hear, one)]
        _finish(hear.__module__, len(records))
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    startup.ready()
    return handler


def _is_heard(hear: Callable[[str], None], record: Mapping[str, Any]) -> bool:
    if deadline.seconds_left() < RESERVE_S:
        return False
    try:
        hear(record["body"])
    except Exception as failure:  # noqa: BLE001 -- as of a run
        log_failure("not heard", failure, message_id=record["messageId"])
        count("work_failed")
        return False
    return True


def stream_worker(work: Callable[[list[Change]], None]) -> Consumer:
    """Consume the changes of a table's stream in batches.

    One that fails comes again as a whole, and what is behind it waits: the function is to raise
    only where nothing else can be done.
    """

    @wraps(work)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> Answer:
        records = event["Records"]
        failed = []
        try:
            with deadline.of(context):
                work([_changed(record["dynamodb"]) for record in records])
        except Exception as failure:  # noqa: BLE001 -- uncaught, its text would be logged
            log_failure("relay failed", failure)
            failed = [{"itemIdentifier": records[0]["dynamodb"]["SequenceNumber"]}]
        _finish(work.__module__, len(records))
        return {"batchItemFailures": failed}

    startup.ready()
    return handler


def scheduled(work: Callable[[Event], int]) -> Schedule:
    """Run on a schedule, with its input. The function answers how many things it acted on."""

    @wraps(work)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
        try:
            with deadline.of(context):
                acted = work(event)
        except Exception as failure:  # noqa: BLE001 -- raised again, without its text
            log_failure("schedule failed", failure)
            # Lambda counts the failure; the text of its cause stays out of the log.
            raise RuntimeError("schedule failed") from None
        _finish(work.__module__, acted)

    startup.ready()
    return handler


def _changed(record: Mapping[str, Any]) -> Change:
    before = record.get("OldImage")
    return core.item_from_dynamo(before) if before else None, core.item_from_dynamo(
        record["NewImage"]
    )


def _finish(name: str, handled: int) -> None:
    tell("worked", {"function": name, "handled": handled})
    count("handled", handled)
    publish(function=name)
