"""The units around boto3, on moto in process."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from linkwright import aws, outbox, relay, settings
from linkwright.outbox import Work


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        aws.sqs.cache_clear()
        aws.s3.cache_clear()
        url = aws.sqs().create_queue(QueueName="dial")["QueueUrl"]
        for name in ("STAGE", "CORE_TABLE", "ACCESS_TABLE", "IDEM_TABLE", "DOCS_URL"):
            monkeypatch.setenv(name, "local")
        monkeypatch.setenv("DIAL_QUEUE_URL", url)
        settings.settings.cache_clear()
        yield url
    settings.settings.cache_clear()
    aws.sqs.cache_clear()
    aws.s3.cache_clear()


def _calls(count: int) -> list[Work]:
    return [Work(outbox.CALL, "W#ws_1#CALL", f"call_{number:04}") for number in range(count)]


def _messages(url: str) -> list[str]:
    bodies = []
    while batch := aws.sqs().receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in batch]
    return bodies


@pytest.mark.parametrize("client", [aws.sqs, aws.s3])
def test_every_client_tries_twice_and_waits_briefly(queue: str, client: Any) -> None:
    config = client().meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, 3)
    assert config.retries["total_max_attempts"] == 2
    assert config.retries["mode"] == "standard"


def test_more_than_a_batch_is_sent_whole(queue: str) -> None:
    calls = _calls(23)
    assert relay.send(calls) == set()
    assert sorted(_messages(queue)) == sorted(call.message() for call in calls)


def test_what_the_queue_does_not_take_is_named(queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sqs = aws.sqs()

    def refuse_the_second(**request: Any) -> dict[str, Any]:
        taken = [{"Id": entry["Id"]} for entry in request["Entries"] if entry["Id"] != "1"]
        return {"Successful": taken, "Failed": [{"Id": "1", "Code": "InternalError"}]}

    monkeypatch.setattr(sqs, "send_message_batch", refuse_the_second)
    assert relay.send(_calls(3)) == {"call_0001"}
