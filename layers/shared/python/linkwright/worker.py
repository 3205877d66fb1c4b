"""The decorators of functions that no person calls: queue and stream consumers, and schedules.

A consumer reports which records failed (partial batch response), and takes up no new one that it
might not finish: the rest goes back to the queue. A job whose run fails is put off, and its message
done: what comes again by itself is what cannot be read, and what a worker was killed with.
"""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from linkwright import deadline, jobs, startup
from linkwright.client import core
from linkwright.deadline import LambdaContext
from linkwright.jobs import Change, Work
from linkwright.observability import count, log_failure, publish, tell
from linkwright.table import Key

# Less than this and a record is handed back instead of begun.
RESERVE_S = 5.0

Answer = dict[str, Any]
Consumer = Callable[[Mapping[str, Any], LambdaContext], Answer]
Event = Mapping[str, Any]
Schedule = Callable[[Event, LambdaContext], None]


def queue_worker(work: Callable[[Work], None]) -> Consumer:
    """Consume a queue of `Work`, each message on its own."""

    def is_done(record: Mapping[str, Any]) -> bool:
        if deadline.seconds_left() < RESERVE_S:
            return False
        wanted: Work | None = None
        try:
            wanted = Work(**json.loads(record["body"]))
            work(wanted)
        except Exception as failure:  # noqa: BLE001 -- uncaught, the whole batch would come again
            log_failure("work failed", failure, message_id=record["messageId"])
            count("work_failed")
            return wanted is not None and _is_put_off(wanted)
        return True

    @wraps(work)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> Answer:
        with deadline.of(context):
            failed = [record["messageId"] for record in event["Records"] if not is_done(record)]
        _finish(work.__module__, len(event["Records"]))
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    startup.ready()
    return handler


def stream_worker(work: Callable[[list[Change]], set[Key]]) -> Consumer:
    """Consume the changes of a table's stream in batches.

    The function says the keys of which failed; the stream goes on from the first of them.
    """

    @wraps(work)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> Answer:
        records = event["Records"]
        changes = [_changed(record["dynamodb"]) for record in records]
        keys = [Key(item["pk"], item["sk"]) for _, item in changes]
        try:
            with deadline.of(context):
                failed = work(changes)
        except Exception as failure:  # noqa: BLE001 -- uncaught, its text would be logged
            log_failure("relay failed", failure)
            failed = {keys[0]}
        _finish(work.__module__, len(records))
        numbers = (record["dynamodb"]["SequenceNumber"] for record in records)
        return {
            "batchItemFailures": [
                {"itemIdentifier": number}
                for number, key in zip(numbers, keys, strict=True)
                if key in failed
            ][:1]
        }

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


def _is_put_off(work: Work) -> bool:
    try:
        return jobs.put_off(work)
    except Exception as failure:  # noqa: BLE001 -- then its message comes again
        log_failure("not put off", failure)
        return False


def _changed(record: Mapping[str, Any]) -> Change:
    before = record.get("OldImage")
    return core.item_from_dynamo(before) if before else None, core.item_from_dynamo(
        record["NewImage"]
    )


def _finish(name: str, handled: int) -> None:
    tell("worked", {"function": name, "handled": handled})
    count("handled", handled)
    publish(function=name)
