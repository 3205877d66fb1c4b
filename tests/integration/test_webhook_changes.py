"""Webhook endpoints that are changed while messages wait or are under way."""

from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock
from linkwright.webhooks import deliveries, endpoint_changes
from tests import pump, receiver, webhooks
from tests.clocks import Hand
from tests.factories import Workspace
from tests.integration.test_webhook_deliveries import (
    _deliveries,
    _happen,
    _run,
    _shown,
    _webhook,
)
from tests.receiver import URL, Received, Receivers, answers
from tests.stack import Stack

NEW = "https://new.example.com/in"


def _change(workspace: Workspace, webhook: dict[str, Any], **changed: Any) -> None:
    path = f"/v1/webhooks/{webhook['id']}"
    answer = workspace.client.request("PATCH", path, json=changed)
    assert answer.status == 200, answer.raw


def _rotated(workspace: Workspace, webhook: dict[str, Any]) -> dict[str, Any]:
    answer = workspace.client.post(f"/v1/webhooks/{webhook['id']}/rotate-secret")
    assert answer.status == 200, answer.raw
    made: dict[str, Any] = answer.json
    return made


def _signing(message: Received, made: list[dict[str, Any]]) -> list[bool]:
    """Which of the secrets have signed it."""
    facts = (message.id, message.headers["webhook-timestamp"], message.body)
    signatures = message.headers["webhook-signature"].split()
    return [webhooks.sign(one["secret"], *facts) in signatures for one in made]


@pytest.mark.parametrize(
    "says",
    [
        answers(410),
        answers(503, retry_after="86400"),
        answers(400, webhook_delivery="abort-message"),
    ],
    ids=["410", "503", "abort"],
)
def test_what_the_old_address_says_is_not_said_of_the_new_one(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand, says: receiver.Does
) -> None:
    webhook = _webhook(workspace)

    def moves_away(message: Received) -> Any:
        _change(workspace, webhook, url=NEW)
        return says(message)

    receivers.does[URL] = moves_away
    event_id = _happen(workspace)
    pump.settle(stack, workspace.id)
    hand.move(1)
    _run(workspace, webhook)
    shown = _shown(workspace, webhook)
    assert (shown["url"], shown["status"], shown["failure"]) == (NEW, "enabled", None)
    assert [message.id for message in receivers.at(NEW)] == [event_id]
    (delivery,) = _deliveries(workspace, webhook)
    assert (delivery["status"], len(delivery["attempts"])) == ("succeeded", 2)


def test_what_the_old_address_took_is_not_sent_to_the_new_one(
    stack: Stack, workspace: Workspace, receivers: Receivers
) -> None:
    webhook = _webhook(workspace)

    def moves_away(_: Received) -> int:
        _change(workspace, webhook, url=NEW)
        return 204

    receivers.does[URL] = moves_away
    _happen(workspace)
    pump.settle(stack, workspace.id)
    assert _deliveries(workspace, webhook)[0]["status"] == "succeeded"
    assert receivers.at(NEW) == []


def test_a_new_address_does_not_wait_as_the_old_one_asked(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    webhook = _webhook(workspace)
    receivers.does[URL] = answers(503, retry_after="86400")
    _happen(workspace)
    pump.settle(stack, workspace.id)
    _change(workspace, webhook, description="It asks for a day.")
    fresh = _happen(workspace)
    pump.settle(stack, workspace.id)
    assert len(receivers.at()) == 1
    _change(workspace, webhook, url=NEW)
    assert _shown(workspace, webhook)["failure"] is None
    hand.move(60)
    pump.settle(stack, workspace.id)
    assert [message.id for message in receivers.at(NEW)] == [fresh]


def test_what_waits_is_not_ended_once_the_endpoint_is_enabled_again(
    stack: Stack, workspace: Workspace, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is enabled while a run ends what waits, one by one."""
    webhook = _webhook(workspace)
    receivers.does[URL] = answers(410)
    for _ in range(10):
        _happen(workspace)
    ended: list[str] = []
    fail, waited = deliveries.fail, []

    def enabled_in_the_middle(*given: Any) -> Any:
        if given[3] == "webhook_disabled":
            ended.append(given[1]["sk"])
            if len(ended) == 3:
                receivers.does[URL] = answers(204)
                _change(workspace, webhook, status="enabled")
                waited.extend(_deliveries(workspace, webhook, "?limit=100&status=pending"))
        return fail(*given)

    monkeypatch.setattr(deliveries, "fail", enabled_in_the_middle)
    pump.settle(stack, workspace.id)
    found = {one["id"]: one for one in _deliveries(workspace, webhook, "?limit=100")}
    assert len(waited) == 6
    assert {found[one["id"]]["status"] for one in waited} == {"succeeded"}
    assert _shown(workspace, webhook)["status"] == "enabled"


def test_each_secret_signs_for_as_long_as_was_promised(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    """Whoever did not hear the answer rotates again: a secret is shown but once."""
    made = [_webhook(workspace)]
    for hours in (23, 2, 0):
        made.append(_rotated(workspace, made[0]))
        hand.move(timedelta(hours=hours).total_seconds())
    _happen(workspace)
    pump.settle(stack, workspace.id)
    (message,) = receivers.at()
    promised = [clock.parse(new["old_expires_at"]) > clock.now() for new in made[1:]]
    assert promised == [False, True, True]
    assert _signing(message, made) == [False, True, True, True]


def test_no_more_than_five_secrets_sign(
    stack: Stack, workspace: Workspace, receivers: Receivers
) -> None:
    webhook = _webhook(workspace)
    made = [_rotated(workspace, webhook) for _ in range(7)]
    _happen(workspace)
    pump.settle(stack, workspace.id)
    (message,) = receivers.at()
    assert len(message.headers["webhook-signature"].split()) == endpoint_changes.MOST_SECRETS
    assert _signing(message, made) == [False] * 2 + [True] * 5


@pytest.mark.parametrize("ways", [[{"status": "enabled"}], [{"url": NEW}, {"status": "enabled"}]])
def test_what_went_wrong_is_known_until_something_is_taken_again(
    stack: Stack,
    workspace: Workspace,
    receivers: Receivers,
    hand: Hand,
    ways: list[dict[str, str]],
) -> None:
    """Who enables it asks for what was missed by that; whoever looks at it next asks too."""
    webhook = _webhook(workspace)
    receivers.does[URL] = answers(410)
    first = _happen(workspace)
    hand.move(5)
    pump.settle(stack, workspace.id)
    before = _shown(workspace, webhook)
    assert (before["status"], before["failure"]["last_status"]) == ("disabled", 410)
    hand.move(3600)
    missed = _happen(workspace)
    pump.settle(stack, workspace.id)
    for changed in ways:
        _change(workspace, webhook, **changed)
        assert _shown(workspace, webhook)["failure"] == before["failure"]
    url = _shown(workspace, webhook)["url"]
    receivers.does[url] = answers(503)
    later = _happen(workspace)
    pump.settle(stack, workspace.id)
    failure = _shown(workspace, webhook)["failure"]
    assert failure["oldest_event_at"] == before["failure"]["oldest_event_at"]
    assert (failure["last_status"], failure["since"] > before["failure"]["since"]) == (503, True)
    receivers.does[url] = answers(204)
    receivers.received.clear()
    path = f"/v1/webhooks/{webhook['id']}/replay"
    assert workspace.client.post(path, json={"since": failure["oldest_event_at"]}).status == 202
    hand.move(600)
    pump.settle(stack, workspace.id)
    assert {message.id for message in receivers.at(url)} >= {first, missed, later}
    assert _shown(workspace, webhook)["failure"] is None


def test_what_is_no_longer_wanted_is_not_tried_any_more(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand
) -> None:
    """Who cannot take a type says so, and is left alone; nothing is held against the endpoint."""
    webhook = _webhook(workspace, events=["call.ended", "call.queued"])
    _webhook(workspace, url=NEW, events=["webhook.delivery_exhausted"])
    receivers.does[URL] = answers(400)
    unwanted, wanted = _happen(workspace), _happen(workspace, "call.queued")
    pump.settle(stack, workspace.id)
    _change(workspace, webhook, events=["call.queued"])
    receivers.received.clear()
    receivers.does[URL] = answers(204)
    hand.move(600)
    _run(workspace, webhook)
    assert [message.id for message in receivers.at()] == [wanted]
    (ended,) = _deliveries(workspace, webhook, f"?event_id={unwanted}")
    assert (ended["status"], ended["ended_reason"]) == ("failed", "not_wanted")
    pump.settle(stack, workspace.id)
    assert receivers.at(NEW) == []
    since = clock.timestamp(clock.now() - timedelta(days=1))
    path = f"/v1/webhooks/{webhook['id']}/replay"
    for only in ("failed", "missing", "all"):
        body = {"since": since, "only": only, "types": ["call.ended"]}
        assert workspace.client.post(path, json=body).json["count"] == 0


@pytest.mark.parametrize("asks", ["test", "replay"])
def test_what_was_asked_for_by_name_is_sent_whatever_is_wanted(
    stack: Stack, workspace: Workspace, receivers: Receivers, hand: Hand, asks: str
) -> None:
    webhook = _webhook(workspace, events=["call.queued"])
    receivers.does[URL] = answers(503)
    event_id = _happen(workspace)
    pump.settle(stack, workspace.id)
    assert receivers.at() == []
    body = {"event_id": event_id} if asks == "replay" else {"type": "call.ended"}
    asked = workspace.client.post(f"/v1/webhooks/{webhook['id']}/{asks}", json=body)
    assert asked.status == 202, asked.raw
    pump.settle(stack, workspace.id)
    receivers.does[URL] = answers(204)
    hand.move(60)
    _run(workspace, webhook)
    assert [message.json["type"] for message in receivers.at()] == ["call.ended"] * 2


def test_a_type_that_is_wanted_again_meanwhile_is_sent(
    stack: Stack, workspace: Workspace, receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for again while a run ends what was not wanted."""
    webhook = _webhook(workspace, events=["call.ended"])
    _change(workspace, webhook, status="paused")
    event_id = _happen(workspace)
    pump.settle(stack, workspace.id)
    _change(workspace, webhook, events=["call.queued"], status="enabled")
    fail = deliveries.fail

    def asked_for_again(*given: Any) -> Any:
        _change(workspace, webhook, events=["call.ended"])
        return fail(*given)

    monkeypatch.setattr(deliveries, "fail", asked_for_again)
    pump.settle(stack, workspace.id)
    assert [message.id for message in receivers.at()] == [event_id]
