"""What wakes each function, read from the template: a new one is under the faults by itself."""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from tools.template import Function, functions, template


@cache
def tables() -> list[str]:
    return [name for name, _ in _resources("AWS::DynamoDB::Table")]


@cache
def queues() -> list[str]:
    """Those that work is sent to; a dead-letter queue is where it is found in an emergency."""
    return [
        name for name, properties in _resources("AWS::SQS::Queue") if "RedrivePolicy" in properties
    ]


@cache
def buckets() -> list[str]:
    return [name for name, _ in _resources("AWS::S3::Bucket")]


@cache
def consumers() -> dict[str, str]:
    """The function that a queue wakes; none for a queue whose consumer is not built yet."""
    return {_target(e["Queue"]): function.file for function, e in _events("SQS")}


@cache
def streams() -> list[tuple[str, str]]:
    """Table and function, for each that reads a table's stream."""
    return [(_target(e["Stream"]), function.file) for function, e in _events("DynamoDB")]


@cache
def schedules() -> dict[str, list[dict[str, Any]]]:
    """The functions that schedules wake, and with which inputs."""
    found: dict[str, list[dict[str, Any]]] = {}
    for function, event in _events("ScheduleV2"):
        found.setdefault(function.file, []).append(json.loads(event.get("Input", "{}")))
    return found


def sweeps(shards: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """What schedules wake each minute, where there are so many shards."""
    for file, inputs in schedules().items():
        yield from ((file, one) for one in inputs if one.get("shard", shards) < shards)


def others() -> Iterator[tuple[str, dict[str, Any]]]:
    """What they wake less often."""
    for file, inputs in schedules().items():
        yield from ((file, one) for one in inputs if "shard" not in one)


@cache
def callbacks() -> list[str]:
    """Every function that the carrier wakes."""
    return [one.file for one in functions() if any("/twilio/" in path for _, path in one.routes)]


@cache
def background() -> list[str]:
    """Every function that no customer's request wakes."""
    return [one.file for one in functions() if not _is_http(one)] + callbacks()


@cache
def timeout_ms(file: str) -> int:
    function = next(function for function in functions() if function.file == file)
    default = template()["Globals"]["Function"]["Timeout"]
    return int(function.properties.get("Timeout", default)) * 1000


def _is_http(function: Function) -> bool:
    return any(e["Type"] == "HttpApi" for e in function.properties.get("Events", {}).values())


def _events(kind: str) -> Iterator[tuple[Function, dict[str, Any]]]:
    for function in functions():
        for event in function.properties.get("Events", {}).values():
            if event["Type"] == kind:
                yield function, event["Properties"]


def _resources(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in template()["Resources"].items():
        if resource["Type"] == kind:
            yield name, resource["Properties"]


def _target(attribute: dict[str, Any]) -> str:
    return str(attribute["Fn::GetAtt"][0])
