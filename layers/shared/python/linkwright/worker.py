"""The decorators of functions that no person calls: queue and stream consumers, and schedules.

A consumer reports which records failed (partial batch response), and takes up no new one that it
might not finish: the rest goes back to the queue.
"""

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)

from linkwright import deadline
from linkwright.deadline import LambdaContext
from linkwright.errors import Unavailable
from linkwright.observability import count, log_failure, logger, metrics
from linkwright.outbox import Work

# Less than this and a record is handed back instead of begun.
RESERVE_S = 5.0

Answer = dict[str, Any]
Consumer = Callable[[Mapping[str, Any], LambdaContext], Answer]
Schedule = Callable[[Mapping[str, Any], LambdaContext], None]


def queue_worker(work: Callable[[Work], None]) -> Consumer:
    """Consume a queue of `Work`, each message on its own: one that raises is delivered again."""

    def take(record: Mapping[str, Any]) -> None:
        if deadline.seconds_left() < RESERVE_S:
            raise Unavailable
        try:
            work(Work(**json.loads(record["body"])))
        except Exception as failure:
            log_failure("work failed", failure, message_id=record["messageId"])
            count("work_failed")
            raise

    @wraps(work)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> Answer:
        # The whole batch failing is answered like one failing: by ids, not by an exception.
        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        with deadline.of(context):
            answer: Answer = dict(process_partial_response(dict(event), take, processor))
        _finish(work.__module__, len(event["Records"]))
        return answer

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

    return handler


def _inserted(record: Mapping[str, Any]) -> Work:
    image = record["dynamodb"]["NewImage"]
    return Work(kind=image["outbox"]["S"], pk=image["pk"]["S"], sk=image["sk"]["S"])


def _finish(name: str, handled: int) -> None:
    logger().info("worked", extra={"function": name, "handled": handled})
    metrics().add_dimension("function", name)
    count("handled", handled)
    metrics().flush_metrics()
