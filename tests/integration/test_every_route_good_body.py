"""What every route that takes a body takes, however it is spelt, and whose fields stay closed."""

import base64
import codecs
import json
from collections.abc import Mapping
from typing import Any

import pytest

from linkwright.table import Table
from tests.integration.every_route import (
    BODY_ROUTES,
    Route,
    World,
    assert_answer,
    assert_error,
    in_turn,
    make_world,
    nothing_written,
)
from tests.stack import Stack

every_route = pytest.mark.parametrize("route", BODY_ROUTES, ids=str)


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    return make_world()


@in_turn(
    BODY_ROUTES,
    "media_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "Application/JSON ; Charset=utf-8",
        "application/json;",
        "application/json; charset=utf8",
    ],
)
def test_20x_for_json_in_utf_8(world: World, route: Route, media_type: str) -> None:
    for headers in ({}, {"Content-Encoding": "identity"}):
        sent = {"Content-Type": media_type, **headers}
        answer = route.ask(world.client, world.ids, headers=sent)
        assert_answer(answer)
        assert answer.status == route.status


@every_route
def test_20x_alike_for_a_body_in_base64(world: World, route: Route) -> None:
    body = json.dumps(route.body(world.ids))
    encoded = base64.b64encode(body.encode()).decode()
    plain = route.ask(world.client, world.ids, body=body, headers={"Idempotency-Key": route.path})
    binary = route.ask(
        world.client,
        world.ids,
        body=encoded,
        is_base64=True,
        headers={"Idempotency-Key": route.path},
    )
    assert plain.status == route.status
    if route.method == "POST":
        assert binary.headers["Idempotent-Replayed"] == "true"
        assert binary.raw == plain.raw


@every_route
def test_20x_with_a_byte_order_mark(world: World, route: Route) -> None:
    body = json.dumps(route.body(world.ids)).encode()
    for raw in (codecs.BOM_UTF8 + body, body):
        sent = base64.b64encode(raw).decode()
        answer = route.ask(world.client, world.ids, body=sent, is_base64=True)
        assert answer.status == route.status
    answer = route.ask(world.client, world.ids, body="\ufeff" + body.decode())
    assert answer.status == route.status


@in_turn(BODY_ROUTES, "accept", ["*/*", "application/json", "text/html", "", "x"])
def test_20x_json_whatever_the_client_would_rather_have(
    world: World, route: Route, accept: str
) -> None:
    answer = route.ask(world.client, world.ids, headers={"Accept": accept})
    assert_answer(answer)
    assert answer.status == route.status


def _names(value: object) -> set[str]:
    if isinstance(value, Mapping):
        return set(value) | {name for member in value.values() for name in _names(member)}
    return set()


@every_route
@pytest.mark.slow
def test_400_for_every_stored_attribute_that_is_not_a_field(
    stack: Stack, world: World, route: Route
) -> None:
    body: dict[str, Any] = route.body(world.ids) or {}
    # Of its own: all of these within a minute are more than one key may ask.
    client = world.workspace.client_with(["*:read", route.contract.scope or "*:read"])
    model = route.contract.parameters.get("body")
    fields = set(getattr(model, "model_fields", {}))
    stored = [
        item
        for table in [f"{one.capitalize()}Table" for one in Table]
        for item in stack.rows(table, world.workspace.id)
    ]
    kept = {name for item in stored for name in _names(item)} | {
        *("workspace_id", "plan", "role", "scopes", "mode", "revoked_at", "cursor_key", "ws_id"),
        *("__class__", "__proto__", "constructor", "pk", "sk", "exp", "request_id"),
    }
    assert {"status", "id", "created_at", "gsi1pk", "outbox", "view"} <= kept
    for name in sorted(kept - fields):
        with nothing_written():
            answer = route.ask(client, world.ids, json={**body, name: "owner"})
        assert_error(answer, 400, "validation_failed", name[:100])
