"""Webhook endpoints as they are made, changed, paused and deleted, and what is shown of them."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from linkwright import clock
from tests.clocks import Hand
from tests.factories import HOOK, Workspace, make_workspace
from tests.integration.every_route import assert_error
from tests.stack import Stack

LONG_AGO = "2020-01-01T00:00:00Z"


def _made(workspace: Workspace, **wanted: Any) -> dict[str, Any]:
    answer = workspace.client.post("/v1/webhooks", json={"url": HOOK, "events": ["*"]} | wanted)
    assert answer.status == 201, answer.raw
    made: dict[str, Any] = answer.json
    return made


def _change(workspace: Workspace, webhook_id: str, **wanted: Any) -> Any:
    return workspace.client.request("PATCH", f"/v1/webhooks/{webhook_id}", json=wanted)


def _entries(workspace: Workspace, webhook_id: str) -> list[str]:
    listed = workspace.client.get(f"/v1/workspace/audit?object={webhook_id}").json["data"]
    return [entry["action"] for entry in listed]


def test_201_with_a_secret_that_is_shown_this_once(stack: Stack, workspace: Workspace) -> None:
    made = _made(workspace, headers={"X-Shop": "12"}, description="The shop")
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made["headers"] == {"X-Shop": "********"}
    assert workspace.client.get(f"/v1/webhooks/{made['id']}").json == made
    assert workspace.client.get("/v1/webhooks").json["data"] == [made]
    stored = str(stack.rows("CoreTable", workspace.id))
    assert secret not in stored
    assert "'12'" not in stored


def test_201_again_with_the_same_secret_which_is_kept_nowhere_in_plain(
    stack: Stack, workspace: Workspace
) -> None:
    """Who did not hear the answer asks again, under the same key."""
    body, headers = {"url": HOOK, "events": ["*"]}, {"Idempotency-Key": "hook-1"}
    first, again = (
        workspace.client.post("/v1/webhooks", json=body, headers=headers) for _ in range(2)
    )
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    path = f"/v1/webhooks/{first.json['id']}/rotate-secret"
    headers = {"Idempotency-Key": "hook-2"}
    rotated, once_more = (workspace.client.post(path, headers=headers) for _ in range(2))
    assert (rotated.status, once_more.json) == (200, rotated.json)
    replies = stack.rows("IdemTable", workspace.id)
    assert len(replies) == 2
    for secret in (first.json["secret"], rotated.json["secret"]):
        assert secret not in str(replies) + str(stack.rows("CoreTable", workspace.id))


def test_402_beyond_the_plan(workspace: Workspace) -> None:
    free = make_workspace("free")
    made = _made(free)
    answer = free.client.post("/v1/webhooks", json={"url": HOOK, "events": ["*"]})
    assert_error(answer, 402, "plan_limit_exceeded")
    facts = {name: answer.error[name] for name in ("dimension", "limit", "used", "upgrade_to")}
    assert facts == {"dimension": "webhooks", "limit": 1, "used": 1, "upgrade_to": "pro"}
    assert free.client.request("DELETE", f"/v1/webhooks/{made['id']}").status == 204
    _made(free)


def test_204_deletes_it(workspace: Workspace) -> None:
    webhook_id, client = workspace.webhook(), workspace.client
    assert client.request("DELETE", f"/v1/webhooks/{webhook_id}").status == 204
    for answer in (
        client.get(f"/v1/webhooks/{webhook_id}"),
        client.request("DELETE", f"/v1/webhooks/{webhook_id}"),
        client.get(f"/v1/webhooks/{webhook_id}/deliveries"),
        client.post(f"/v1/webhooks/{webhook_id}/rotate-secret"),
        client.post(f"/v1/webhooks/{webhook_id}/test", json={"type": "ping"}),
        client.post(f"/v1/webhooks/{webhook_id}/replay", json={"since": LONG_AGO}),
    ):
        assert_error(answer, 404, "resource_not_found")


def test_200_changes_what_is_sent_and_nothing_else(workspace: Workspace) -> None:
    made = _made(workspace, description="The shop")
    changed = _change(workspace, made["id"], events=["call.ended"], status="paused")
    assert (changed.status, changed.json["status"]) == (200, "paused")
    assert (changed.json["events"], changed.json["description"]) == (["call.ended"], "The shop")
    assert _change(workspace, made["id"], description=None).json["description"] is None


def test_200_for_what_is_so_already_and_nothing_is_written(workspace: Workspace) -> None:
    made = _made(workspace, events=["call.ended"])
    wanted = {"events": ["call.ended"], "status": "enabled", "url": HOOK}
    assert _change(workspace, made["id"], **wanted).json["updated_at"] == made["updated_at"]
    assert _entries(workspace, made["id"]) == ["webhook.created"]
    _change(workspace, made["id"], status="paused")
    _change(workspace, made["id"], status="paused")
    assert _entries(workspace, made["id"]) == ["webhook.changed", "webhook.created"]


@pytest.mark.parametrize("url", ["http://1.1.1.1/", "https://127.0.0.1/", "https://[::1]/", "x"])
def test_400_for_an_address_that_is_not_public(workspace: Workspace, url: str) -> None:
    body = {"url": url, "events": ["*"]}
    assert_error(workspace.client.post("/v1/webhooks", json=body), 400, "validation_failed", "url")
    changed = _change(workspace, _made(workspace)["id"], url=url)
    assert_error(changed, 400, "validation_failed", "url")


def test_200_lists_events_by_type_and_by_object(workspace: Workspace) -> None:
    call = workspace.placed()
    other = workspace.happen("usage.threshold")
    for query, found in ((f"object={call}", "call.queued"), ("type=call.queued", "call.queued")):
        (event,) = workspace.client.get(f"/v1/events?{query}").json["data"]
        assert (event["type"], event["data"]["object"]["id"]) == (found, call)
    (event,) = workspace.client.get("/v1/events?type=usage.threshold").json["data"]
    assert event == workspace.client.get(f"/v1/events/{other}").json
    assert len(workspace.client.get("/v1/events").json["data"]) == 2


@pytest.mark.parametrize("filtered", ["", "&type=call.queued", "&object={call}"])
def test_200_lists_events_of_a_time(workspace: Workspace, hand: Hand, filtered: str) -> None:
    call = workspace.placed()
    (event,) = workspace.client.get(f"/v1/events?object={call}").json["data"]
    made, second = clock.parse(event["created_at"]), timedelta(seconds=1)
    filtered = filtered.format(call=call)

    def found(after: datetime, before: datetime) -> list[str]:
        between = f"created_after={clock.timestamp(after)}&created_before={clock.timestamp(before)}"
        listed = workspace.client.get(f"/v1/events?{between}{filtered}").json["data"]
        return [one["id"] for one in listed]

    hand.move(10)
    assert found(made, made + second) == [event["id"]]
    assert found(made - second, made) == found(made + second, made + 2 * second) == []


def test_400_for_two_filters_at_once(workspace: Workspace) -> None:
    answer = workspace.client.get("/v1/events?type=call.ended&object=call_x")
    assert answer.status == 400
