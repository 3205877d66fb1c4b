"""Our own lines are what Powertools would write of the same facts: its Logger and its Metrics."""

import json
import logging
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from linkwright import observability

FACTS: dict[str, object] = {
    "request_id": "req_1",
    "route": "GET /v1/voice/calls",
    "status": 200,
    "code": "",
    "workspace": None,
    "note": 'שלום "quoted" \\ and a line\nmore',
    "duration_ms": 1.5,
    "details": {"a": [1, None, True]},
}


@pytest.fixture(autouse=True)
def _nothing_counted_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observability, "_counted", {})


@pytest.fixture(params=["Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8", None])
def traced(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        monkeypatch.setenv("_X_AMZN_TRACE_ID", request.param)
    else:
        monkeypatch.delenv("_X_AMZN_TRACE_ID", raising=False)


def _printed(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    theirs, ours = capsys.readouterr().out.splitlines()
    return theirs, ours


def _without_time(line: str) -> str:
    """Its exact text: the order of its keys too."""
    read: dict[str, Any] = json.loads(line)
    if "_aws" in read:
        assert isinstance(read["_aws"].pop("Timestamp"), int)
    else:
        assert len(read.pop("timestamp")) == len("2026-11-28T09:01:30.813+00:00")
    return json.dumps(read, ensure_ascii=False, separators=(",", ":"))


def test_a_line_is_what_the_logger_writes(
    traced: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # One of an earlier test would write to that test's output.
    monkeypatch.delitem(logging.Logger.manager.loggerDict, observability.SERVICE, raising=False)
    theirs = Logger(service=observability.SERVICE, use_rfc3339=True, utc=True)
    # On one line, which both tell of.
    theirs.info("request", extra=FACTS), observability.tell("request", FACTS)
    expected, line = _printed(capsys)
    assert _without_time(line) == _without_time(expected)
    assert "שלום" in line
    assert line.startswith('{"level":"INFO","location":"test_a_line')


def test_a_line_of_metrics_is_what_metrics_writes(capsys: pytest.CaptureFixture[str]) -> None:
    theirs = Metrics(namespace=observability.NAMESPACE, service=observability.SERVICE)
    counted = [("duration", 12.5, "Milliseconds"), ("errors", 1, "Count"), ("errors", 2, "Count")]
    for name, value, unit in counted:
        theirs.add_metric(name=name, value=value, unit=MetricUnit(unit))
        observability.count(name, value, unit)
    theirs.add_dimension("route", "GET /v1/whoami")
    theirs.flush_metrics()
    observability.publish(route="GET /v1/whoami")
    expected, line = _printed(capsys)
    assert _without_time(line) == _without_time(expected)


def test_what_was_published_is_not_counted_again(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        observability.count("handled", 0)
        observability.publish(function="relay")
    for line in _printed(capsys):
        assert json.loads(line)["handled"] == [0.0]


def test_no_line_has_more_values_than_cloudwatch_takes(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(250):
        observability.count("handled", number)
    observability.count("errors")
    observability.publish()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [len(line["handled"]) for line in lines] == [100, 100, 50]
    assert [value for line in lines for value in line["handled"]] == list(range(250))
    assert [line.get("errors") for line in lines] == [[1], None, None]
    told = [line["_aws"]["CloudWatchMetrics"][0]["Metrics"] for line in lines]
    assert [[metric["Name"] for metric in each] for each in told] == [
        ["handled", "errors"],
        ["handled"],
        ["handled"],
    ]


def test_no_line_has_more_metrics_than_cloudwatch_takes(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(230):
        observability.count(f"metric_{number}")
    observability.publish(route="GET /v1/whoami")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [line["_aws"]["CloudWatchMetrics"][0]["Metrics"] for line in lines]
    assert [len(each) for each in told] == [100, 100, 30]
    assert {line["route"] for line in lines} == {"GET /v1/whoami"}


def test_a_line_that_no_encoding_has_is_written_all_the_same(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    observability.tell("request", {"session": "sess_\ud800"})
    line = json.loads(capfdbinary.readouterr().out)
    assert line["session"] == "sess_\\ud800" or line["session"] == "sess_\ud800"
