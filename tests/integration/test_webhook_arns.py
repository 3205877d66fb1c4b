"""Webhooks to a bus and a queue of the operator's account, on an emulator of them."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from linkwright import aws, ids, settings
from linkwright.aws import SQS
from linkwright.errors import Unavailable
from tests import pump, receiver
from tests.factories import Workspace
from tests.integration.test_webhook_deliveries import _deliveries, _happen
from tests.stack import EmulatedStack, Stack


@pytest.fixture
def own(emulator: EmulatedStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The operator's: a queue, a queue that keeps the order, and a bus with a rule to the first."""
    sqs = boto3.client("sqs", endpoint_url=emulator.endpoint)
    bridge = boto3.client("events", endpoint_url=emulator.endpoint)
    name, in_order = ids.new("own"), {"FifoQueue": "true"}
    urls = {
        "queue": sqs.create_queue(QueueName=name)["QueueUrl"],
        "fifo": sqs.create_queue(QueueName=f"{name}.fifo", Attributes=in_order)["QueueUrl"],
        "caught": sqs.create_queue(QueueName=f"{name}-caught")["QueueUrl"],
    }
    arns = {
        name: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        for name, url in urls.items()
    }
    arns["bus"] = bridge.create_event_bus(Name=name)["EventBusArn"]
    pattern = json.dumps({"source": ["linkwright"], "detail-type": ["call.ended"]})
    bridge.put_rule(Name="ended", EventBusName=name, EventPattern=pattern)
    target = {"Id": "1", "Arn": arns["caught"]}
    bridge.put_targets(Rule="ended", EventBusName=name, Targets=[target])
    monkeypatch.setenv("WEBHOOK_ARNS", ",".join(arns.values()))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", emulator.endpoint)
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", emulator.endpoint)
    settings.settings.cache_clear()
    # Whatever the store of the test has for our own queues.
    monkeypatch.setattr(type(aws.sqs()), "send_message", SQS.send_message, raising=False)
    with receiver.receivers(monkeypatch):
        yield {**arns, **{f"{name}_url": url for name, url in urls.items()}}
    for url in urls.values():
        sqs.delete_queue(QueueUrl=url)
    settings.settings.cache_clear()


def _made(workspace: Workspace, kind: str, arn: str) -> dict[str, Any]:
    answer = workspace.client.post(
        "/v1/webhooks",
        json={"type": kind, "arn": workspace.receiver(arn), "events": ["call.ended"]},
    )
    assert answer.status == 201, answer.raw
    assert answer.json["secret"] is None
    made: dict[str, Any] = answer.json
    return made


def _arrived(emulator: EmulatedStack, url: str) -> list[Any]:
    sqs = boto3.client("sqs", endpoint_url=emulator.endpoint)
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2)
    return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.mark.parametrize(
    ("kind", "name", "seen"),
    [
        ("sqs", "queue", "queue_url"),
        ("sqs", "fifo", "fifo_url"),
        ("eventbridge", "bus", "caught_url"),
    ],
)
def test_an_event_arrives(
    stack: Stack,
    emulator: EmulatedStack,
    workspace: Workspace,
    own: dict[str, str],
    kind: str,
    name: str,
    seen: str,
) -> None:
    webhook = _made(workspace, kind, own[name])
    event_id = _happen(workspace)
    pump.settle(stack, workspace.id)
    (told,) = _arrived(emulator, own[seen])
    if kind == "eventbridge":
        assert (told["source"], told["detail-type"]) == ("linkwright", "call.ended")
        told = told["detail"]
    assert told == workspace.client.get(f"/v1/events/{event_id}").json
    assert _deliveries(workspace, webhook)[0]["status"] == "succeeded"


def test_400_for_what_the_operator_does_not_allow(
    workspace: Workspace, own: dict[str, str]
) -> None:
    for arn in (own["queue"] + "x", own["queue"].replace("us-east-1", "eu-west-1")):
        wanted = {"type": "sqs", "arn": workspace.receiver(arn), "events": ["*"]}
        answer = workspace.client.post("/v1/webhooks", json=wanted)
        assert (answer.status, answer.error["field"]) == (400, "arn")
        assert "allows" in answer.error["message"]


def test_it_is_tried_again_where_aws_does_not_take_it(
    stack: Stack, workspace: Workspace, own: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = _made(workspace, "eventbridge", own["bus"])

    def refuses(*_: object) -> dict[str, Any]:
        raise Unavailable

    monkeypatch.setattr(aws.EventBridge, "put_event", refuses)
    _happen(workspace)
    pump.settle(stack, workspace.id)
    (delivery,) = _deliveries(workspace, webhook)
    assert (delivery["status"], delivery["attempts"][0]["error"]) == ("pending", "unreachable")
