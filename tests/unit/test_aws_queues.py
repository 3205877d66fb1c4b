"""SQS and EventBridge without boto3: the calls, and the connection that is kept for the next."""

import socket
import time
from typing import Any

import pytest

from linkwright import aws, aws_http, egress_dialling
from linkwright.errors import Unavailable
from linkwright.settings import settings
from tests.unit.aws_server import served

TAKEN = (200, b'{"Successful": [{"Id": "0"}]}')
ENTRY = {"Id": "0", "MessageBody": "{}", "MessageGroupId": "ws_1", "DelaySeconds": 5}


def _send(environment: pytest.MonkeyPatch, url: str) -> Any:
    environment.setenv("AWS_ENDPOINT_URL", url)
    settings.cache_clear()
    return aws.SQS().send_message_batch(QueueUrl="https://sqs/dial", Entries=[ENTRY])


def _send_again(url: str) -> Any:
    """By a client that has sent: with what it has kept."""
    batch = {"QueueUrl": "https://sqs/dial", "Entries": [ENTRY]}
    return aws_http.call(url, "sqs", "AmazonSQS.SendMessageBatch", batch, version="1.0")


def test_a_batch_is_sent_in_the_json_protocol_of_sqs(environment: pytest.MonkeyPatch) -> None:
    with served(TAKEN) as (url, asked):
        assert _send(environment, url) == {"Successful": [{"Id": "0"}]}
    (request,) = asked
    assert request["path"] == "/"
    assert request["body"] == {"QueueUrl": "https://sqs/dial", "Entries": [ENTRY]}
    assert request["x-amz-target"] == "AmazonSQS.SendMessageBatch"
    assert request["content-type"] == "application/x-amz-json-1.0"
    assert "/us-east-1/sqs/aws4_request" in request["authorization"]


def test_the_trace_goes_on_behind_the_queue(environment: pytest.MonkeyPatch) -> None:
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    environment.setenv("_X_AMZN_TRACE_ID", trace)
    with served(TAKEN) as (url, asked):
        _send(environment, url)
    assert asked[0]["x-amzn-trace-id"] == trace
    # Whoever is on the way may change it.
    assert "x-amzn-trace-id" not in asked[0]["authorization"]


def test_one_connection_serves_all(environment: pytest.MonkeyPatch) -> None:
    with served(*[TAKEN] * 3, keeps=True) as (url, asked):
        _send(environment, url)
        _send_again(url)
        _send_again(url)
    assert len({request["of"] for request in asked}) == 1
    assert len(asked) == 3


def test_what_was_closed_meanwhile_is_opened_anew_and_costs_no_try(
    environment: pytest.MonkeyPatch,
) -> None:
    with served(TAKEN, (503, b"{}"), TAKEN) as (url, asked):
        _send(environment, url)
        _wait_for_the_end(url)
        assert _send_again(url) == {"Successful": [{"Id": "0"}]}
    assert len({request["of"] for request in asked}) == 3


def test_who_hangs_up_when_asked_is_asked_once_more(environment: pytest.MonkeyPatch) -> None:
    with served(TAKEN, None, TAKEN, keeps=True) as (url, asked):
        _send(environment, url)
        assert _send_again(url) == {"Successful": [{"Id": "0"}]}
    ports = [request["of"] for request in asked]
    assert ports[0] == ports[1] != ports[2]


@pytest.mark.parametrize("fault", [(500, b"{}"), (400, b'{"__type": "a#Denied"}'), (200, b"[")])
def test_what_failed_is_not_asked_again_on_its_connection(
    environment: pytest.MonkeyPatch, fault: tuple[int, bytes]
) -> None:
    with served(fault, fault, TAKEN, keeps=True) as (url, asked):
        with pytest.raises(Unavailable):
            _send(environment, url)
        _send_again(url)
    assert len({request["of"] for request in asked}) == 3


@pytest.mark.parametrize(
    "answer",
    [
        (400, b'{"__type": "com.amazonaws.events#ResourceNotFoundException"}'),
        (400, b'{"__type": "AccessDeniedException"}'),
        (200, b"{}"),
        (200, b'{"FailedEntryCount": 1, "Entries": []}'),
    ],
)
def test_what_a_bus_does_not_take_was_not_put(
    environment: pytest.MonkeyPatch, answer: tuple[int, bytes]
) -> None:
    with served(answer, answer) as (url, _):
        environment.setenv("AWS_ENDPOINT_URL", url)
        settings.cache_clear()
        with pytest.raises(Unavailable):
            aws.EventBridge().put_event("arn", "linkwright", "ping", "{}")


def test_no_error_is_an_answer_that_nobody_waits_for(environment: pytest.MonkeyPatch) -> None:
    """What SQS has no words for, another service may have."""
    refused = (400, b'{"__type": "com.amazonaws.sqs#ResourceNotFoundException"}')
    with served(refused, refused) as (url, _), pytest.raises(Unavailable):
        _send(environment, url)


def test_who_speaks_unasked_is_not_listened_to() -> None:
    connection = aws_http._connection("http://127.0.0.1:1")
    connection.sock, other = socket.socketpair()
    with connection.sock, other:
        assert aws_http._is_open(connection)
        other.send(b"HTTP/1.1 200 OK\r\n\r\n")
        assert not aws_http._is_open(connection)


def test_the_authorities_are_read_when_the_client_is_made(environment: pytest.MonkeyPatch) -> None:
    """Which is before the first event: it takes 90 ms of CPU."""
    read = []
    environment.setattr(egress_dialling, "tls", lambda: read.append(True))
    environment.setenv("AWS_ENDPOINT_URL", "https://sqs.example.com")
    settings.cache_clear()
    aws.SQS()
    assert read == [True]


def _wait_for_the_end(url: str) -> None:
    """What the other side has closed arrives a moment later."""
    end = time.monotonic() + 10
    while aws_http._is_open(aws_http._kept[url]):
        assert time.monotonic() < end
