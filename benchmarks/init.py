"""The cold start of every function: its imports and its client, as a ratio to boto3's."""

from benchmarks.processes import FLOOR, Layers, environment, floor_environment, ratio
from tools.template import Function, functions

HTTP_BUDGET = 0.85
# Nobody waits for a worker's cold start; those that send to a queue need boto3 besides.
WORKER_BUDGET = 1.6

CLIENTS = {"relay_outbox": "; from linkwright import aws; aws.sqs()"}
CLIENTS["sweep_overdue"] = CLIENTS["relay_outbox"]


def code(function: Function) -> str:
    """What Lambda does before the first event, and the client that the first one needs."""
    client = "; from linkwright import table; table.driver()"
    return f"import {function.file}{client}{CLIENTS.get(function.file, '')}"


def budget(function: Function) -> float:
    return HTTP_BUDGET if function.routes or function.is_catch_all else WORKER_BUDGET


def measured() -> list[Function]:
    """All but the console, which serves a page and is no part of the API's path."""
    return [function for function in functions() if function.folder != "console"]


def ratios(layers: Layers) -> dict[str, float]:
    floor = floor_environment(layers)
    return {
        function.file: ratio(code(function), environment(layers, function.folder), FLOOR, floor)
        for function in measured()
    }
