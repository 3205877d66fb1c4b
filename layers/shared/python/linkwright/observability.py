"""Logs, metrics, and what must not be in them.

A log line holds ids, routes, codes and durations: never a credential, a number, an address or the
text of an exception, which may quote any of them.
"""

import traceback
from functools import cache
from pathlib import Path

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from linkwright.startup import in_advance

NAMESPACE = "Linkwright"


@in_advance
@cache
def logger() -> Logger:
    return Logger(service="linkwright", use_rfc3339=True, utc=True)


@in_advance
@cache
def metrics() -> Metrics:
    return Metrics(namespace=NAMESPACE, service="linkwright")


def count(name: str, value: float = 1, unit: MetricUnit = MetricUnit.Count) -> None:
    metrics().add_metric(name=name, value=value, unit=unit)


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
