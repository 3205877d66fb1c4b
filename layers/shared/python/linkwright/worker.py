"""The decorators of functions that no person calls: queue and stream consumers, and schedules.

A consumer reports which records failed (partial batch response), and takes up no new one that it
might not finish: the rest goes back to the queue.
"""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from linkwright import deadline, startup
from linkwright.deadline import LambdaContext
from linkwright.observability import count, log_failure, publish, tell
from linkwright.outbox import Work

# Less than this and a record is handed back instead of begun.
RESERVE_S = 5.0

Answer = dict[str, Any]
Consumer = Callable[[Mapping[str, Any], LambdaContext], Answer]
Schedule = Callable[[Mapping[str, Any], LambdaContext], None]


def queue_worker(work: Callable[[Work], None]) -> Consumer:
    """Consume a queue of `Work`, each message on its own: one that raises is delivered again."""

    def is_done(record: Mapping[str, Any]) -> bool:
        if deadline.seconds_left() < RESERVE_S:
            return False
        try:
            work(Work(**json.loads(record["body"])))
        except Exception as failure:  # noqa: BLE001 -- uncaught, the whole batch would come again
            log_failure("work failed", failure, message_id=record["messageId"])
            count("work_failed")
            return False
        return True

    @wraps(work)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> Answer:
        with deadline.of(context):
            failed = [record["messageId"] for record in event["Records"] if not is_done(record)]
        _finish(work.__module__, len(event["Records"]))
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}

    startup.ready()
    return handler


def stream_worker(work: Callable[[list[Work]], set[str]]) -> Consumer:
    """Consume the INSERTs of a table's stream in batches.

    The function says which sort keys failed; the stream goes on from the first of them.
    """

    @wraps(work)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> Answer:
        records = event["Records"]
        batch = [_inserted(record) for record in records]
        try:
            with deadline.of(context):
                failed = work(batch)
        except Exception as failure:  # noqa: BLE001 -- uncaught, its text would be logged
            log_failure("relay failed", failure)
            failed = {batch[0].sk}
        _finish(work.__module__, len(records))
        numbers = (record["dynamodb"]["SequenceNumber"] for record in records)
        return {
            "batchItemFailures": [
                {"itemIdentifier": number}
                for number, item in zip(numbers, batch, strict=True)
                if item.sk in failed
            ][:1]
        }

    startup.ready()
    return handler


def scheduled(work: Callable[[], int]) -> Schedule:
    """Run on a schedule. The function answers how many things it acted on."""

    @wraps(work)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
        try:
            with deadline.of(context):
                acted = work()
        except Exception as failure:  # noqa: BLE001 -- raised again, without its text
            log_failure("schedule failed", failure)
            # Lambda counts the failure; the text of its cause stays out of the log.
            raise RuntimeError("schedule failed") from None
        _finish(work.__module__, acted)

    startup.ready()
    return handler


def _inserted(record: Mapping[str, Any]) -> Work:
    image = record["dynamodb"]["NewImage"]
    return Work(kind=image["outbox"]["S"], pk=image["pk"]["S"], sk=image["sk"]["S"])


def _finish(name: str, handled: int) -> None:
    tell("worked", {"function": name, "handled": handled})
    count("handled", handled)
    publish(function=name)
