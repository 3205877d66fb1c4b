"""Webhooks to a bus and a queue of the operator's account, as strict as AWS itself is."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from linkwright import aws, settings
from linkwright.errors import Unavailable
from tests import pump
from tests.clocks import Hand
from tests.factories import Workspace
from tests.integration.test_webhook_deliveries import _deliveries, _happen, _run
from tests.stack import Stack

_OF = "us-east-1:123456789012"
QUEUE, FIFO = f"arn:aws:sqs:{_OF}:own", f"arn:aws:sqs:{_OF}:own.fifo"
BUS = f"arn:aws:events:{_OF}:event-bus/own"
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_TAKEN = re.compile(r"[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


@dataclass
class Own:
    """What arrived at the operator's queues, and on the bus."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    entries: list[tuple[str, ...]] = field(default_factory=list)

    def send_message(self, _: object, **message: Any) -> dict[str, str]:
        if not _TAKEN.fullmatch(message["MessageBody"]):
            raise Unavailable  # InvalidMessageContents
        known = {one.get("MessageDeduplicationId") for one in self.messages} - {None}
        # One of the last five minutes is taken, and dropped.
        if message.get("MessageDeduplicationId") not in known:
            self.messages.append(message)
        return {"MessageId": "1"}

    def put_event(self, _: object, *told: str) -> dict[str, str]:
        self.entries.append(told)
        return {"EventId": "1"}


@pytest.fixture
def own(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Own]:
    monkeypatch.setenv("WEBHOOK_ARNS", f"{QUEUE},{FIFO},{BUS}")
    settings.settings.cache_clear()
    made = Own()
    sqs, bridge = type(aws.sqs()), type(aws.event_bridge())
    monkeypatch.setattr(
        sqs, "send_message", lambda of, **told: made.send_message(of, **told), raising=False
    )
    monkeypatch.setattr(bridge, "put_event", lambda of, *told: made.put_event(of, *told))
    yield made
    settings.settings.cache_clear()


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    return Hand(monkeypatch)


def _made(workspace: Workspace, kind: str, arn: str) -> dict[str, Any]:
    wanted = {"type": kind, "arn": arn, "events": ["*"]}
    answer = workspace.client.post("/v1/webhooks", json=wanted)
    assert answer.status == 201, answer.raw
    made: dict[str, Any] = answer.json
    return made


@pytest.mark.parametrize(("kind", "arn"), [("sqs", QUEUE), ("eventbridge", BUS)])
def test_whatever_metadata_may_hold_arrives(
    stack: Stack, workspace: Workspace, own: Own, kind: str, arn: str
) -> None:
    webhook = _made(workspace, kind, arn)
    event_id = _happen(workspace, metadata={"name": "a\ufffe\uffff\\uffff\x01\x7f שלום 👋"})
    pump.settle(stack, workspace.id)
    (delivery,) = _deliveries(workspace, webhook)
    assert delivery["status"] == "succeeded"
    (body,) = [one["MessageBody"] for one in own.messages] + [one[3] for one in own.entries]
    shown = workspace.client.get(f"/v1/events/{event_id}").json
    assert (shown["id"], json.loads(body)) == (event_id, shown)


def test_a_replay_passes_a_queue_that_keeps_the_order(
    stack: Stack, workspace: Workspace, own: Own
) -> None:
    webhook = _made(workspace, "sqs", FIFO)
    event_id = _happen(workspace)
    pump.settle(stack, workspace.id)
    for count in (2, 3):
        path = f"/v1/webhooks/{webhook['id']}/replay"
        assert workspace.client.post(path, json={"event_id": event_id}).json["count"] == 1
        pump.settle(stack, workspace.id)
        assert len(own.messages) == count
    assert {json.loads(one["MessageBody"])["id"] for one in own.messages} == {event_id}


def test_an_attempt_whose_answer_was_lost_does_not(
    stack: Stack, workspace: Workspace, own: Own, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue has it: of one delivery all attempts are the same message to it."""
    webhook = _made(workspace, "sqs", FIFO)
    taken = own.send_message
    lost: list[bool] = []

    def unheard(_: object, **message: Any) -> dict[str, str]:
        taken(None, **message)
        lost.append(True)
        if len(lost) < 3:
            raise Unavailable
        return {"MessageId": "1"}

    monkeypatch.setattr(own, "send_message", unheard)
    _happen(workspace)
    pump.settle(stack, workspace.id)
    for seconds in (10, 600):
        hand.move(seconds)
        _run(workspace, webhook)
    assert (len(lost), len(own.messages)) == (3, 1)


@pytest.mark.parametrize(
    ("kind", "arn"),
    [
        ("sqs", BUS),
        ("eventbridge", QUEUE),
        ("eventbridge", BUS.replace("event-bus/", "rule/")),
        ("eventbridge", f"{BUS}/"),
        ("sqs", f"{QUEUE}/deeper"),
        ("sqs", f"{QUEUE}.other"),
    ],
)
def test_400_for_an_arn_of_another_type(
    workspace: Workspace, own: Own, monkeypatch: pytest.MonkeyPatch, kind: str, arn: str
) -> None:
    monkeypatch.setenv("WEBHOOK_ARNS", arn)
    settings.settings.cache_clear()
    wanted = {"type": kind, "arn": arn, "events": ["*"]}
    answer = workspace.client.post("/v1/webhooks", json=wanted)
    assert (answer.status, answer.error["code"]) == (400, "validation_failed")
    assert "arn" in answer.error["message"]
