"""The cold start of every function: its imports and its client, as a ratio to boto3's."""

from benchmarks.processes import FLOOR, Layers, environment, floor_environment, ratio
from tools.template import Function, functions

HTTP_BUDGET = 0.85
# Nobody waits for a worker's cold start. Those that send to a queue need boto3 besides, and so do
# all who read the secret: dialling, and the callbacks, which check signatures by it.
BOTO3_BUDGET = 1.8

_QUEUES = "; from linkwright import aws; aws.sqs()"
_SECRET = "; from linkwright import aws; aws.secrets_manager()"
CLIENTS = {
    "relay_outbox": _QUEUES,
    "sweep_overdue": _QUEUES,
    "dial_call": _SECRET,
    "follow_up_call": _SECRET,
}


def code(function: Function) -> str:
    """What Lambda does before the first event, and the clients that the first one needs."""
    client = "; from linkwright import table; table.driver()"
    return f"import {function.file}{client}{_boto3(function)}"


def budget(function: Function) -> float:
    return BOTO3_BUDGET if _boto3(function) else HTTP_BUDGET


def _boto3(function: Function) -> str:
    return _SECRET if function.folder == "callbacks" else CLIENTS.get(function.file, "")


def measured() -> list[Function]:
    """All but the console, which serves a page and is no part of the API's path."""
    return [function for function in functions() if function.folder != "console"]


def ratios(layers: Layers) -> dict[str, float]:
    floor = floor_environment(layers)
    return {
        function.file: ratio(code(function), environment(layers, function.folder), FLOOR, floor)
        for function in measured()
    }
