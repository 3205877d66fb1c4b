"""Logs, metrics, and what must not be in them.

A log line holds ids, routes, codes and durations: never a credential, a number, an address or the
text of an exception, which may quote any of them.

What every event writes, one line and its metrics, is written here, in the form that Powertools'
Logger and Metrics have: they were a fifth of a warm request. For all other lines there is the
Logger itself, imported when it is first needed.
"""

import json
import sys
import traceback
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from linkwright import clock
from linkwright.settings import trace_id

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

NAMESPACE = "Linkwright"
SERVICE = "linkwright"

_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# A line takes as many values of a metric; of more, CloudWatch takes none.
MOST_VALUES = 100
# Each metric's unit, and its values.
Counted = dict[str, tuple[str, list[float]]]

# What was counted since the last event.
_counted: Counted = {}


@cache
def logger() -> "Logger":
    from aws_lambda_powertools import Logger

    return Logger(service=SERVICE, use_rfc3339=True, utc=True)


def tell(message: str, facts: dict[str, object]) -> None:
    """The one line about an event."""
    caller = sys._getframe(1)
    line = {
        "level": "INFO",
        "location": f"{caller.f_code.co_name}:{caller.f_lineno}",
        "message": message,
        "timestamp": clock.now().isoformat(timespec="milliseconds"),
        "service": SERVICE,
        **facts,
        "xray_trace_id": trace_id(),
    }
    write({name: value for name, value in line.items() if value is not None})


def count(name: str, value: float = 1, unit: str = "Count") -> None:
    _counted.setdefault(name, (unit, []))[1].append(float(value))


def publish(**dimensions: str) -> None:
    """Write what was counted, in CloudWatch's embedded metric format."""
    counted = dict(_counted)
    _counted.clear()
    while True:
        _publish(
            {name: (unit, values[:MOST_VALUES]) for name, (unit, values) in counted.items()},
            dimensions,
        )
        counted = {
            name: (unit, values[MOST_VALUES:])
            for name, (unit, values) in counted.items()
            if len(values) > MOST_VALUES
        }
        if not counted:
            return


def _publish(counted: Counted, dimensions: dict[str, str]) -> None:
    named = {**dimensions, "service": SERVICE}
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(named)],
        "Metrics": [{"Name": name, "Unit": unit} for name, (unit, _) in counted.items()],
    }
    about = {"Timestamp": clock.epoch_ms(), "CloudWatchMetrics": [directive]}
    values = {name: values for name, (_, values) in counted.items()}
    write({"_aws": about, **named, **values})


def write(line: dict[str, object]) -> None:
    """A line of the function's own log."""
    sys.stdout.write(f"{_encoded(line)}\n")


def log_failure(message: str, failure: BaseException, **context: str) -> None:
    """Log where something failed and of which kind it was, without its text."""
    frames = traceback.extract_tb(failure.__traceback__)
    causes = []
    cause: BaseException | None = failure
    while cause is not None:
        causes.append(type(cause).__name__)
        cause = cause.__cause__
    at = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-8:]]
    logger().error(message, extra={"failure": " <- ".join(causes), "at": at, **context})
