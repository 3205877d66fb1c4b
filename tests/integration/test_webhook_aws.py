"""Webhooks to a bus and a queue of the operator's account, as strict as AWS itself is."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from linkwright import aws, ownership, settings
from linkwright.errors import Unavailable
from tests import pump
from tests.clocks import Hand
from tests.factories import Workspace
from tests.integration.test_webhook_deliveries import _deliveries, _happen, _run
from tests.stack import Stack
from tools import receivers
from tools.registry import InUse

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
    for arn in (QUEUE, FIFO, BUS):
        # Of whichever test it was before.
        with suppress(ownership.Unregistered):
            receivers.release(arn, by_force=True)
    sqs, bridge = type(aws.sqs()), type(aws.event_bridge())
    monkeypatch.setattr(
        sqs, "send_message", lambda of, **told: made.send_message(of, **told), raising=False
    )
    monkeypatch.setattr(bridge, "put_event", lambda of, *told: made.put_event(of, *told))
    yield made
    settings.settings.cache_clear()


def _made(workspace: Workspace, kind: str, arn: str) -> dict[str, Any]:
    wanted = {"type": kind, "arn": workspace.receiver(arn), "events": ["*"]}
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


# ---- whose they are -----------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "arn"), [("sqs", QUEUE), ("eventbridge", BUS)])
@pytest.mark.parametrize("whose", ["another's", "nobody's"])
def test_400_for_an_arn_that_is_not_the_workspaces(
    stack: Stack,
    workspace: Workspace,
    other_workspace: Workspace,
    own: Own,
    kind: str,
    arn: str,
    whose: str,
) -> None:
    """All are sent to by one role: who may name an ARN would write to the operator's own."""
    if whose == "another's":
        other_workspace.receiver(arn)
    wanted = {"type": kind, "arn": arn, "events": ["*"]}
    answer = workspace.client.post("/v1/webhooks", json=wanted)
    told = {name: answer.error[name] for name in ("code", "field", "reason")}
    assert (answer.status, told) == (
        400,
        {"code": "validation_failed", "field": "arn", "reason": "arn_not_registered"},
    )
    assert workspace.client.get("/v1/webhooks").json["data"] == []
    _happen(workspace)
    pump.settle(stack, workspace.id)
    assert (own.messages, own.entries) == ([], [])


def test_201_for_an_arn_of_the_workspace_in_test_mode_too_and_told_apart(
    stack: Stack, workspace: Workspace, own: Own
) -> None:
    """By a rule of the bus: what is one test's is nobody's order."""
    of_test = Workspace(workspace.item, "test")
    for of in (workspace, of_test):
        _made(of, "eventbridge", BUS)
        _happen(of)
        pump.settle(stack, workspace.id)
    assert [json.loads(entry[3])["mode"] for entry in own.entries] == ["live", "test"]


def test_it_is_disabled_once_its_arn_is_another_workspaces(
    stack: Stack, workspace: Workspace, other_workspace: Workspace, own: Own
) -> None:
    webhook = _made(workspace, "sqs", QUEUE)
    path = f"/v1/webhooks/{webhook['id']}"
    receivers.release(QUEUE, by_force=True)
    other_workspace.receiver(QUEUE)
    _happen(workspace)
    pump.settle(stack, workspace.id)
    assert own.messages == []
    shown = workspace.client.get(path).json
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "gone")
    assert shown["failure"]["last_error"] == "arn_not_registered"
    enabled = workspace.client.request("PATCH", path, json={"status": "enabled"})
    assert (enabled.status, enabled.error["reason"]) == (400, "arn_not_registered")
    paused = workspace.client.request("PATCH", path, json={"status": "paused"})
    assert (paused.status, paused.json["status"]) == (200, "paused")
    receivers.release(QUEUE)
    workspace.receiver(QUEUE)
    assert workspace.client.request("PATCH", path, json={"status": "enabled"}).status == 200
    pump.settle(stack, workspace.id)


@pytest.mark.parametrize("mode", ["live", "test"])
def test_an_arn_that_webhooks_are_sent_to_is_released_by_force_alone(
    workspace: Workspace, other_workspace: Workspace, own: Own, mode: str
) -> None:
    webhook = _made(Workspace(workspace.item, mode), "sqs", QUEUE)
    with pytest.raises(InUse, match=f"^{webhook['id']}$"):
        receivers.release(QUEUE)
    with pytest.raises(ownership.Taken):
        other_workspace.receiver(QUEUE)
    receivers.release(QUEUE, by_force=True)
    assert other_workspace.receiver(QUEUE) == QUEUE


def test_an_arn_that_no_webhook_names_is_released_once(workspace: Workspace, own: Own) -> None:
    workspace.receiver(BUS)
    workspace.webhook()
    receivers.release(BUS)
    with pytest.raises(ownership.Unregistered):
        receivers.release(BUS)


@pytest.mark.parametrize("change", [{"url": "https://hooks.example.com/in"}, {"headers": {}}])
def test_400_for_a_change_of_what_only_urls_have(
    workspace: Workspace, own: Own, change: dict[str, Any]
) -> None:
    webhook = _made(workspace, "sqs", QUEUE)
    path = f"/v1/webhooks/{webhook['id']}"
    answer = workspace.client.request("PATCH", path, json=change)
    assert (answer.status, answer.error["field"]) == (400, next(iter(change)))
