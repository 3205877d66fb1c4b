"""Webhooks: an event arrives at each endpoint that wants it, signed, and tried again if it must."""

from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from linkwright import clock, events, fields, jobs
from linkwright.egress import TooSlow
from linkwright.jobs import Work
from linkwright.transaction import Transaction
from linkwright.webhooks import catalogue, deliverer, deliveries, health, queue
from linkwright.webhooks.logs import bodies
from tests import pump, receiver
from tests.client import Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace
from tests.receiver import URL, Received, Receivers, answers
from tests.stack import Stack

OTHER = "https://other.example.com/in"


def _webhook(workspace: Workspace, **wanted: Any) -> dict[str, Any]:
    body = {"url": URL, "events": ["*"]} | wanted
    answer = workspace.client.post("/v1/webhooks", json=body)
    assert answer.status == 201, answer.raw
    made: dict[str, Any] = answer.json
    return made


def _happen(workspace: Workspace, event_type: str = "call.ended", **changed: Any) -> str:
    """Something happens of which an event tells; returns its id."""
    tx = Transaction(workspace.partition, "req_test")
    tx.emit(event_type, catalogue.sample(event_type) | changed, sequence=1)
    (event,) = [op["item"] for op in tx._operations]
    tx.commit()
    return str(event["id"])


def _run(workspace: Workspace, webhook: dict[str, Any]) -> None:
    """A message for the endpoint arrives."""
    work = Work(jobs.WEBHOOK, *queue.endpoint_key(workspace.partition, webhook["id"]))
    assert invoke("deliver_webhook", queue_event([work.message()]), Context(60_000)) == {
        "batchItemFailures": []
    }


def _deliveries(workspace: Workspace, webhook: dict[str, Any], query: str = "") -> list[Any]:
    answer = workspace.client.get(f"/v1/webhooks/{webhook['id']}/deliveries{query}")
    assert answer.status == 200, answer.raw
    found: list[Any] = answer.json["data"]
    return found


def _exhaust(stack: Stack, workspace: Workspace, webhook: dict[str, Any], hand: Hand) -> None:
    """Something happens of which the endpoint takes no word, as often as it is told."""
    event_id = _happen(workspace)
    pump.settle(stack, workspace.id)
    while (one := _deliveries(workspace, webhook, f"?event_id={event_id}")[0])["next_attempt_at"]:
        due = clock.parse(one["next_attempt_at"]) - clock.now()
        hand.move(max(due.total_seconds(), 0) + health.RESTS_S[-1] + 1)
        _run(workspace, webhook)
    assert one["status"] == "failed"


def _shown(workspace: Workspace, webhook: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = workspace.client.get(f"/v1/webhooks/{webhook['id']}").json
    return shown


def _verify(webhook: dict[str, Any], message: Received) -> None:
    Verifier(webhook["secret"]).verify(message.body, dict(message.headers))


def test_an_event_arrives_once_signed_and_as_the_api_shows_it(
    stack: Stack, workspace: Workspace, receivers: Receivers
) -> None:
    webhook = _webhook(workspace)
    name = "שלום 👋 a/b \x01"
    event_id = _happen(workspace, metadata={"name": name})
    pump.settle(stack, workspace.id)
    (message,) = receivers.at()
    _verify(webhook, message)
    assert (message.id, message.json["id"]) == (event_id, event_id)
    assert message.json["metadata"] == {"name": name}
    assert message.json == workspace.client.get(f"/v1/events/{event_id}").json
    (delivery,) = _deliveries(workspace, webhook)
    assert (delivery["status"], len(delivery["attempts"])) == ("succeeded", 1)
    assert delivery["attempts"][0]["status"] == 204


def test_only_what_an_endpoint_wants_arrives(
    stack: Stack, workspace: Workspace, receivers: Receivers
) -> None:
    _webhook(workspace, events=["call.ended"])
    _webhook(workspace, url=OTHER, events=["call.queued", "call.ended"])
    for event_type in ("call.queued", "call.ringing", "call.ended"):
        _happen(workspace, event_type)
    pump.settle(stack, workspace.id)
    assert receivers.types() == ["call.ended"]
    assert sorted(receivers.types(OTHER)) == ["call.ended", "call.queued"]


def test_ten_attempts_over_three_days_and_then_it_is_told(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    webhook = _webhook(workspace)
    other = _webhook(workspace, url=OTHER, events=["webhook.delivery_exhausted", "webhook.failing"])
    receivers.does[URL] = answers(503)
    event_id = _happen(workspace)
    pump.settle(stack, workspace.id)
    waits = []
    while _deliveries(workspace, webhook)[-1]["status"] == "pending":
        due = clock.parse(_deliveries(workspace, webhook)[-1]["next_attempt_at"])
        waits.append((due - clock.now()).total_seconds())
        hand.move(waits[-1] + 1)
        _run(workspace, webhook)
    sent = [message for message in receivers.at() if message.id == event_id]
    assert len(sent) == deliveries.ATTEMPTS
    assert len({message.body for message in sent}) == 1
    for wait, planned in zip(waits, deliveries.SCHEDULE_S, strict=True):
        assert planned * 0.9 - 1 <= wait <= planned * 1.1 + 1
    (delivery,) = _deliveries(workspace, webhook, f"?event_id={event_id}")
    assert (delivery["status"], delivery["ended_reason"]) == ("failed", "exhausted")
    pump.settle(stack, workspace.id)
    assert receivers.types(OTHER) == ["webhook.failing", "webhook.delivery_exhausted"]
    assert _shown(workspace, webhook)["status"] == "enabled"
    assert _shown(workspace, other)["failure"] is None


def test_a_receiver_that_hangs_delays_no_other(
    stack: Stack, workspace: Workspace, receivers: Receivers
) -> None:
    _webhook(workspace)
    _webhook(workspace, url=OTHER, events=["call.ended"])
    receivers.does[URL] = lambda _: TooSlow("the time is up")
    for _ in range(20):
        _happen(workspace)
    pump.settle(stack, workspace.id)
    assert len(receivers.at(OTHER)) == 20
    # It rests after the third.
    assert len(receivers.at()) <= health.FAILING + 1


def test_it_is_disabled_by_two_events_half_a_day_apart(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    webhook = _webhook(workspace)
    receivers.does[URL] = answers(500)

    _exhaust(stack, workspace, webhook, hand)
    assert _shown(workspace, webhook)["status"] == "enabled"
    hand.move(timedelta(hours=12).total_seconds())
    _exhaust(stack, workspace, webhook, hand)
    shown = _shown(workspace, webhook)
    assert (shown["status"], shown["disabled_reason"]) == ("disabled", "failing")
    assert workspace.client.post(f"/v1/webhooks/{webhook['id']}/test").status == 409
    enabled = workspace.client.request(
        "PATCH", f"/v1/webhooks/{webhook['id']}", json={"status": "enabled"}
    )
    assert (enabled.json["status"], enabled.json["failure"]) == ("enabled", shown["failure"])


def test_one_event_a_month_that_fails_disables_nothing(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    webhook = _webhook(workspace)
    receivers.does[URL] = answers(500)
    for _ in range(3):
        _exhaust(stack, workspace, webhook, hand)
        hand.move(timedelta(days=27).total_seconds())
    assert _shown(workspace, webhook)["status"] == "enabled"


@pytest.mark.parametrize(
    ("does", "status", "reason", "webhook_status"),
    [
        (answers(410), "failed", "gone", "disabled"),
        (answers(400, webhook_delivery="abort-message"), "failed", "aborted", "enabled"),
        (answers(302, location=OTHER), "pending", None, "enabled"),
    ],
    ids=["410", "abort", "302"],
)
def test_what_a_receiver_says(
    stack: Stack,
    workspace: Workspace,
    receivers: Receivers,
    does: receiver.Does,
    status: str,
    reason: str | None,
    webhook_status: str,
) -> None:
    webhook = _webhook(workspace)
    receivers.does[URL] = does
    event_id = _happen(workspace)
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    (delivery,) = _deliveries(workspace, webhook, f"?event_id={event_id}")
    assert (delivery["status"], delivery["ended_reason"]) == (status, reason)
    assert _shown(workspace, webhook)["status"] == webhook_status
    assert receivers.at(OTHER) == []


def test_what_was_paused_is_no_evidence_against_it(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    """What waited for too long by its user's will was never tried."""
    webhook = _webhook(workspace)
    path = f"/v1/webhooks/{webhook['id']}"
    workspace.client.request("PATCH", path, json={"status": "paused"})
    for _ in range(3):
        _happen(workspace)
    pump.settle(stack, workspace.id)
    hand.move(deliveries.LONGEST.total_seconds() + 1)
    workspace.client.request("PATCH", path, json={"status": "enabled"})
    pump.settle(stack, workspace.id)
    ended = {one["ended_reason"] for one in _deliveries(workspace, webhook)}
    assert ended == {"expired"}
    receivers.does[URL] = answers(503)
    _exhaust(stack, workspace, webhook, hand)
    assert _shown(workspace, webhook)["status"] == "enabled"


def test_what_was_tried_and_expired_is_evidence(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    """Of a queue that is long each is tried seldom."""
    webhook = _webhook(workspace)
    receivers.does[URL] = answers(503)
    _happen(workspace)
    pump.settle(stack, workspace.id)
    hand.move(deliveries.LONGEST.total_seconds() + 1)
    _run(workspace, webhook)
    assert _deliveries(workspace, webhook)[0]["ended_reason"] == "expired"
    hand.move(timedelta(hours=12).total_seconds())
    _exhaust(stack, workspace, webhook, hand)
    assert _shown(workspace, webhook)["status"] == "disabled"


def test_dead_endpoints_do_not_tell_each_other_for_ever(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    webhook = _webhook(workspace)
    _webhook(workspace, url=OTHER, events=["webhook.delivery_exhausted"])
    receivers.does = {URL: answers(503), OTHER: answers(503)}
    _exhaust(stack, workspace, webhook, hand)
    pump.settle(stack, workspace.id)
    path = "/v1/events?type=webhook.delivery_exhausted"
    assert len(workspace.client.get(path).json["data"]) == 1
    hand.move(deliveries.LONGEST.total_seconds() + 1)
    for one in workspace.client.get("/v1/webhooks").json["data"]:
        _run(workspace, one)
    pump.settle(stack, workspace.id)
    assert len(workspace.client.get(path).json["data"]) == 1


def test_metadata_travels_with_what_is_cut(
    stack: Stack, workspace: Workspace, receivers: Receivers
) -> None:
    """As long as both fit."""
    _webhook(workspace)
    metadata = {f"k{at}": "x" * fields.METADATA_VALUE_CHARS for at in range(19)}
    _happen(workspace, metadata=metadata)
    pump.settle(stack, workspace.id)
    (message,) = receivers.at()
    assert len(message.body) <= bodies.MAX_BYTES
    assert message.json["data"]["truncated"]
    assert message.json["metadata"] == metadata


@pytest.mark.parametrize("payload", ["full", "thin"])
def test_no_message_is_larger_than_the_largest(
    stack: Stack, workspace: Workspace, receivers: Receivers, payload: str
) -> None:
    """What a customer's metadata may hold at most is more."""
    _webhook(workspace, payload=payload)
    value = "א" * fields.METADATA_VALUE_CHARS
    metadata = {f"k{at}": value for at in range(fields.METADATA_KEYS)}
    event_id = _happen(workspace, metadata=metadata)
    pump.settle(stack, workspace.id)
    (message,) = receivers.at()
    assert len(message.body) <= bodies.MAX_BYTES
    data = message.json["data"]
    assert data["truncated"]
    assert data["url"].endswith(f"/v1/events/{event_id}")
    assert set(data["object"]) == {"id"}


def test_it_is_left_alone_for_as_long_as_it_asks(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    webhook = _webhook(workspace)
    receivers.does[URL] = answers(429, retry_after="3600")
    _happen(workspace)
    pump.settle(stack, workspace.id)
    due = clock.parse(_deliveries(workspace, webhook)[0]["next_attempt_at"])
    assert 3_590 <= (due - clock.now()).total_seconds() <= 3_601
    _happen(workspace)
    pump.settle(stack, workspace.id)
    assert len(receivers.at()) == 1
    receivers.does[URL] = answers(200)
    hand.move(3_602)
    _run(workspace, webhook)
    assert len({message.id for message in receivers.at()}) == 2
    assert _shown(workspace, webhook)["failure"] is None


@pytest.mark.parametrize("asks", ["test", "replay"])
def test_what_somebody_asks_for_does_not_wait_for_it(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand, asks: str
) -> None:
    """Who has mended the receiver, and wants to see it, waits no day."""
    webhook = _webhook(workspace)
    receivers.does[URL] = answers(503, retry_after="86400")
    event_id = _happen(workspace)
    pump.settle(stack, workspace.id)
    receivers.does[URL] = answers(204)
    hand.move(60)
    _run(workspace, webhook)
    assert len(receivers.at()) == 1
    body = {"event_id": event_id} if asks == "replay" else {"type": "ping"}
    path = f"/v1/webhooks/{webhook['id']}/{asks}"
    assert workspace.client.post(path, json=body).status == 202
    pump.settle(stack, workspace.id)
    assert len(receivers.at()) == 2
    assert _shown(workspace, webhook)["failure"] is None


def test_both_secrets_sign_for_a_day(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    webhook = _webhook(workspace)
    rotated = workspace.client.post(f"/v1/webhooks/{webhook['id']}/rotate-secret")
    assert rotated.status == 200, rotated.raw
    new = {"secret": rotated.json["secret"]}
    assert new["secret"] != webhook["secret"]
    _happen(workspace)
    pump.settle(stack, workspace.id)
    hand.move(24 * 3600 + 1)
    _happen(workspace)
    pump.settle(stack, workspace.id)
    first, second = receivers.at()
    assert len(first.headers["webhook-signature"].split()) == 2
    assert len(second.headers["webhook-signature"].split()) == 1
    _verify(webhook, first)
    _verify(new, first)


def test_a_test_sends_the_sample_to_this_endpoint_alone(
    stack: Stack, workspace: Workspace, receivers: Receivers
) -> None:
    webhook = _webhook(workspace, events=["call.queued"])
    _webhook(workspace, url=OTHER)
    sent = workspace.client.post(
        f"/v1/webhooks/{webhook['id']}/test", json={"type": "usage.threshold"}
    )
    assert (sent.status, sent.json["status"]) == (202, "pending")
    pump.settle(stack, workspace.id)
    assert receivers.types() == ["usage.threshold"]
    assert receivers.at(OTHER) == []


@pytest.mark.parametrize("event_type", ["call.ended", "usage.threshold", "ping"])
def test_a_test_is_found_by_its_id_and_no_list_has_it(
    stack: Stack, workspace: Workspace, receivers: Receivers, event_type: str
) -> None:
    """It tells of nothing that happened: who works on what is listed would work on a sample."""
    webhook = _webhook(workspace)
    path = f"/v1/webhooks/{webhook['id']}"
    test = workspace.client.post(f"{path}/test", json={"type": event_type}).json
    pump.settle(stack, workspace.id)
    (message,) = receivers.at()
    shown = workspace.client.get(f"/v1/events/{test['event_id']}").json
    assert message.json == shown
    wanted = [f"type={event_type}", f"object={shown['data']['object'].get('id', 'none')}", ""]
    for filters in wanted:
        assert workspace.client.get(f"/v1/events?{filters}").json["data"] == []
    again = {"since": clock.timestamp(clock.now() - timedelta(hours=1)), "only": "all"}
    assert workspace.client.post(f"{path}/replay", json=again).json["count"] == 0
    one = {"event_id": test["event_id"]}
    assert workspace.client.post(f"{path}/replay", json=one).json["count"] == 1
    pump.settle(stack, workspace.id)
    assert len(receivers.at()) == 2


def test_what_comes_while_a_run_ends_is_sent(
    stack: Stack, workspace: Workspace, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run has found nothing, and goes on by the bell."""
    webhook = _webhook(workspace)
    _happen(workspace)
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    looked = queue.first

    def then_something_happens(*where: Any) -> list[Any]:
        rows = looked(*where)
        if not rows and len(receivers.at()) == 1:
            late = events.key(workspace.partition, _happen(workspace))
            invoke("fan_out_event", queue_event([Work(jobs.EVENT, *late).message()]))
        return rows

    monkeypatch.setattr(queue, "first", then_something_happens)
    _run(workspace, webhook)
    assert len({message.id for message in receivers.at()}) == 2


@pytest.mark.parametrize("change", [{"status": "paused"}, None], ids=["paused", "deleted"])
def test_nothing_is_sent_once_it_is_switched_off_in_the_middle_of_a_run(
    stack: Stack, workspace: Workspace, receivers: Receivers, change: dict[str, str] | None
) -> None:
    webhook = _webhook(workspace)
    path = f"/v1/webhooks/{webhook['id']}"

    def switched_off(_: Received) -> int:
        method = "PATCH" if change else "DELETE"
        assert workspace.client.request(method, path, json=change).status in {200, 204}
        return 204

    receivers.does[URL] = switched_off
    for _ in range(6):
        _happen(workspace)
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    pump.settle(stack, workspace.id)
    # Those that were under way.
    assert len(receivers.at()) <= deliverer.AT_ONCE
