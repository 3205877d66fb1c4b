"""boto3's clients as we make them, and what the relay makes of a queue's answers."""

from typing import Any

import pytest

from linkwright import aws, jobs, relay, settings
from linkwright.jobs import Work
from linkwright.relay import Due


class Queue:
    """As strict as SQS: ten entries at most, and no id twice."""

    def __init__(self, *refused: str) -> None:
        self.bodies: list[str] = []
        self._refused = refused

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert QueueUrl == "https://sqs.example.com/dial"
        ids = [entry["Id"] for entry in Entries]
        assert len(set(ids)) == len(ids) <= 10
        taken = [entry for entry in Entries if entry["Id"] not in self._refused]
        self.bodies += [entry["MessageBody"] for entry in taken]
        failed = [{"Id": id_, "Code": "InternalError"} for id_ in ids if id_ in self._refused]
        return {"Successful": [{"Id": entry["Id"]} for entry in taken], "Failed": failed}


def _put(environment: pytest.MonkeyPatch, queue: object) -> None:
    environment.setenv("DIAL_QUEUE_URL", "https://sqs.example.com/dial")
    settings.settings.cache_clear()
    environment.setattr(aws, "sqs", lambda: queue)


@pytest.fixture(autouse=True)
def _nothing_is_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "_confirm", lambda sent, needless: None)


def _calls(count: int) -> list[Due]:
    calls = [Work(jobs.CALL, "W#ws_1#CALL", f"call_{number:04}") for number in range(count)]
    return [Due(call, "") for call in calls]


def test_a_client_of_boto3_tries_twice_and_waits_briefly(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("AWS_ENDPOINT_URL", raising=False)
    config = aws.s3.__wrapped__().meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, 3)
    assert config.retries["total_max_attempts"] == 2
    assert config.retries["mode"] == "standard"


def test_more_than_a_batch_is_sent_whole(environment: pytest.MonkeyPatch) -> None:
    queue, calls = Queue(), _calls(23)
    _put(environment, queue)
    assert relay.send(calls) == set()
    assert queue.bodies == [call.work.message() for call in calls]


def test_what_the_queue_does_not_take_is_named(environment: pytest.MonkeyPatch) -> None:
    queue = Queue("1")
    _put(environment, queue)
    assert relay.send(_calls(12)) == {_calls(2)[1].work.key, _calls(12)[11].work.key}
    assert len(queue.bodies) == 10
