"""Rules on queues and streams: nothing that could not be handled is lost, or goes unnoticed."""

from collections.abc import Iterator

from tests.template.checkout import Checkout, Json, failure_destination, target, timeout

QUEUE = "AWS::SQS::Queue"
MAPPING = "AWS::Lambda::EventSourceMapping"
# AWS's advice: room for the retries of a throttled consumer within one visibility.
VISIBILITY_FACTOR = 6
DEFAULT_VISIBILITY_S = 30
DEFAULT_RETENTION_S = 4 * 24 * 3600
MAX_STREAM_RETRIES = 100
STREAM_RETENTION_S = 24 * 3600


def dead_letter_queues(checkout: Checkout) -> set[str]:
    queues = checkout.of_type(QUEUE).values()
    redriven = {_dead_letters_of(queue) for queue in queues} - {None}
    put_away = (failure_destination(one) for one in checkout.of_type(MAPPING).values())
    return {str(name) for name in redriven} | {target(to) for to in put_away if to is not None}


def _dead_letters_of(queue: Json) -> str | None:
    wanted = queue.get("RedrivePolicy", {}).get("deadLetterTargetArn")
    return None if wanted is None else target(wanted)


def queues_have_dead_letters(checkout: Checkout) -> Iterator[str]:
    queues, dead = checkout.of_type(QUEUE), dead_letter_queues(checkout)
    for name in sorted(set(queues) - dead):
        redrive = queues[name].get("RedrivePolicy", {})
        into = _dead_letters_of(queues[name])
        if into not in queues:
            yield f"{name}: has no dead-letter queue"
        elif "maxReceiveCount" not in redrive:
            yield f"{name}: does not say after how many tries a message goes to {into}"
        elif _retention(queues[into]) <= _retention(queues[name]):
            # A message keeps its age when it is moved.
            yield f"{into}: keeps messages no longer than {name}"


def _retention(queue: Json) -> int:
    return int(queue.get("MessageRetentionPeriod", DEFAULT_RETENTION_S))


def dead_letters_raise_an_alarm(checkout: Checkout) -> Iterator[str]:
    watched = {
        target(dimension["Value"])
        for alarm in checkout.of_type("AWS::CloudWatch::Alarm").values()
        if _rings_at_the_first_message(alarm)
        for dimension in alarm["Dimensions"]
    }
    ours = dead_letter_queues(checkout) & set(checkout.of_type(QUEUE))
    for name in sorted(ours - watched):
        yield f"{name}: no alarm rings at its first message"


def _rings_at_the_first_message(alarm: Json) -> bool:
    return (
        alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible"
        and alarm["ComparisonOperator"] == "GreaterThanThreshold"
        and alarm["Threshold"] == 0
    )


def visibility_outlasts_the_worker(checkout: Checkout) -> Iterator[str]:
    queues = checkout.of_type(QUEUE)
    functions = checkout.of_type("AWS::Lambda::Function")
    for mapping in checkout.of_type(MAPPING).values():
        name, worker = target(mapping["EventSourceArn"]), target(mapping["FunctionName"])
        if name not in queues:
            continue
        visibility = int(queues[name].get("VisibilityTimeout", DEFAULT_VISIBILITY_S))
        least = VISIBILITY_FACTOR * timeout(functions[worker])
        if visibility < least:
            yield f"{name}: VisibilityTimeout {visibility} is below {least}, 6 x that of {worker}"


def batches_fail_in_part(checkout: Checkout) -> Iterator[str]:
    for name, mapping in checkout.of_type(MAPPING).items():
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: FunctionResponseTypes is not [ReportBatchItemFailures]"


def streams_are_bounded(checkout: Checkout) -> Iterator[str]:
    """One bad record must neither hold the stream up nor be lost."""
    tables = checkout.of_type("AWS::DynamoDB::Table")
    for name, mapping in checkout.of_type(MAPPING).items():
        if target(mapping["EventSourceArn"]) not in tables:
            continue
        if not mapping.get("FilterCriteria", {}).get("Filters"):
            yield f"{name}: has no filter"
        if mapping.get("BisectBatchOnFunctionError") is not True:
            yield f"{name}: does not bisect a failing batch"
        if not 0 <= mapping.get("MaximumRetryAttempts", -1) <= MAX_STREAM_RETRIES:
            yield f"{name}: MaximumRetryAttempts has no bound"
        if not 0 < mapping.get("MaximumRecordAgeInSeconds", -1) < STREAM_RETENTION_S:
            yield f"{name}: MaximumRecordAgeInSeconds has no bound below the stream's own"
        if target(failure_destination(mapping)) not in checkout.of_type(QUEUE):
            yield f"{name}: has no failure destination"


RULES = (
    queues_have_dead_letters,
    dead_letters_raise_an_alarm,
    visibility_outlasts_the_worker,
    batches_fail_in_part,
    streams_are_bounded,
)
