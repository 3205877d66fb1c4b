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
from linkwright.settings import settings, trace_id

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

NAMESPACE = "Linkwright"
SERVICE = "linkwright"
# What alarms watch is counted once more over all functions of a deployment; see template.yaml.
WATCHED = frozenset(
    {"jobs_given_up", "carrier_paused", "carrier_unreachable", "calls_set_aside", "mail_refused"}
    | {"send_failed", "sweep_broken", "relay_broken", "clicks_lost", "clicks_broken"}
    | {"mail_set_aside", "feedback_refused"}
)
# So is what its dashboard draws.
DRAWN = frozenset({"calls_dialled", "call_seconds"})

_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# A line takes as many metrics, and as many values of each; of more, CloudWatch takes none.
MOST_IN_A_LINE = 100
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
    """Write what was counted, in CloudWatch's embedded metric format: a line, or as many as it
    takes.
    """
    counted = dict(_counted)
    _counted.clear()
    while True:
        names = list(counted)[:MOST_IN_A_LINE]
        line = {name: (counted[name][0], counted[name][1][:MOST_IN_A_LINE]) for name in names}
        _publish(line, dimensions)
        for name, (unit, values) in line.items():
            counted[name] = (unit, counted[name][1][len(values) :])
        counted = {name: known for name, known in counted.items() if known[1]}
        if not counted:
            return


def _publish(counted: Counted, dimensions: dict[str, str]) -> None:
    named = {**dimensions, "service": SERVICE}
    directives = [_directive(counted, named)]
    if watched := {name: counted[name] for name in counted if name in WATCHED | DRAWN}:
        whole = {"service": SERVICE, "stage": settings().stage}
        directives.append(_directive(watched, whole))
        named |= whole
    about = {"Timestamp": clock.epoch_ms(), "CloudWatchMetrics": directives}
    values = {name: values for name, (_, values) in counted.items()}
    write({"_aws": about, **named, **values})


def _directive(counted: Counted, dimensions: dict[str, str]) -> dict[str, object]:
    return {
        "Namespace": NAMESPACE,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": unit} for name, (unit, _) in counted.items()],
    }


def write(line: dict[str, object]) -> None:
    """A line of the function's own log."""
    # What cannot be written must not fail an event that is done: half of a pair, in a session's id.
    text = _encoded(line).encode(errors="backslashreplace").decode()
    sys.stdout.write(f"{text}\n")


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
