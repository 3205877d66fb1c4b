"""What MiniStack does of a stream's batch that failed, put right as `emulator_patches.py` says."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

# How often a record of a stream is tried again where its source does not say.
RETRIES = 10

Event = dict[str, Any]


def apply() -> None:
    """MiniStack takes a stream's batch for done, whatever its function reports of it.

    Here such a batch fails, and so is read again; the function then gets what it gets on AWS: the
    first record that it reported, and those after it. A record that was tried as often as its
    source allows is told to the failure queue and left out.
    """
    from ministack.services import lambda_svc

    execute = lambda_svc._execute_function
    # By source: the record that a stream goes on from, and how often that one has failed.
    begins: dict[str, int] = {}
    failures: Counter[tuple[str, int]] = Counter()

    def execute_the_rest(function: Event, event: object) -> Event:
        records = _stream_records(event)
        source = _heeding_source(function, records) if records else None
        if source is None:
            failed: Event = execute(function, event)
            return failed
        name = str(source["UUID"])
        rest = [one for one in records if _number(one) >= begins.get(name, 0)]
        if not rest:
            return {"body": {"batchItemFailures": []}}
        result: Event = execute(function, {"Records": rest})
        body = result.get("body")
        reported = body.get("batchItemFailures") if isinstance(body, dict) else None
        if not reported or result.get("error"):
            return result
        first = _first_failed(rest, {one["itemIdentifier"] for one in reported})
        begins[name] = _number(first)
        failures[name, begins[name]] += 1
        if failures[name, begins[name]] > source.get("MaximumRetryAttempts", RETRIES):
            del failures[name, begins[name]]
            begins[name] += 1
            lambda_svc._send_ddb_stream_failure_record(
                source,
                function,
                [first],
                source["EventSourceArn"],
                result,
                "RetryAttemptsExhausted",
            )
        return result | {"error": True, "body": {"errorType": "BatchItemFailures"}}

    lambda_svc._execute_function = execute_the_rest


def _stream_records(event: object) -> list[Event]:
    records: list[Event] = event.get("Records", []) if isinstance(event, dict) else []
    return records if records and records[0].get("eventSource") == "aws:dynamodb" else []


def _heeding_source(function: Event, records: list[Event]) -> Event | None:
    """The event source that the records are from, if it heeds reports."""
    from ministack.services import lambda_svc

    wanted = (function["config"]["FunctionName"], records[0]["eventSourceARN"])
    for _, _, source in lambda_svc._iter_all_esms():
        heeds = "ReportBatchItemFailures" in source.get("FunctionResponseTypes", [])
        if heeds and (source["FunctionName"], source.get("EventSourceArn")) == wanted:
            found: Event = source
            return found
    return None


def _first_failed(records: list[Event], reported: set[str]) -> Event:
    """A report of something that is not in the batch is one of all of it."""
    failed = [one for one in records if one["dynamodb"]["SequenceNumber"] in reported]
    return (failed or records)[0]


def _number(record: Mapping[str, Any]) -> int:
    return int(record["dynamodb"]["SequenceNumber"])
