"""Idempotency-Key on every POST: the first answer, or a refusal, never twice."""

import json
from typing import Any

import pytest

from tests.client import Answer, Context, http_event, load
from tests.factories import CALLEE, Workspace, make_workspace
from tests.integration.every_route import (
    PRIVATE,
    Route,
    World,
    assert_answer,
    assert_error,
    make_world,
    nothing_written,
    stored,
)
from tests.stack import Stack

POSTS = [route for route in PRIVATE if route.method == "POST"]
every_post = pytest.mark.parametrize("route", POSTS, ids=str)


def every_post_with(keys: list[str]) -> pytest.MarkDecorator:
    """All of them with one route, and two with each other: all read it by the same lines."""
    each = [(route, key) for route in POSTS for key in (keys if route is POSTS[0] else keys[:2])]
    return pytest.mark.parametrize(("route", "key"), each, ids=lambda one: str(one)[:24])


REUSED = "idempotency_key_reused"


@pytest.fixture
def world(stack: Stack) -> World:
    return make_world()


@pytest.fixture(scope="module")
def untouched(stack: Stack) -> World:
    """For all tests that write nothing."""
    return make_world()


def ask(route: Route, world: World, key: str, **options: Any) -> Answer:
    return route.ask(world.client, world.ids, headers={"Idempotency-Key": key}, **options)


def assert_replayed(answer: Answer, first: Answer) -> None:
    assert_answer(answer)
    assert first.status < 300
    assert "Idempotent-Replayed" not in first.headers
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert (answer.status, answer.raw) == (first.status, first.raw)
    assert answer.headers.get("Location") == first.headers.get("Location")


def assert_reused(answer: Answer) -> None:
    assert_error(answer, 409, "conflict")
    assert answer.error["reason"] == REUSED


@every_post_with(["~" * 255, "k", " ", "a b", '"quoted"', "../x", "0" * 64])
def test_20x_replayed_for_the_same_key(stack: Stack, world: World, route: Route, key: str) -> None:
    first = ask(route, world, key)
    before = stored(stack, world)
    for _ in range(3):
        assert_replayed(ask(route, world, key), first)
    assert stored(stack, world) == before


BAD_KEYS = {
    "empty": "",
    "256 characters": "a" * 256,
    "5,000 characters": "a" * 5_000,
    "a line break": "a\r\nb",
    "a trailing line feed": "a\n",
    "a tab": "a\tb",
    "a null": "a\x00",
    "delete": "a\x7f",
    "Hebrew": "מפתח",
    "Latin-1": "caf\xe9",
    "emoji": "🔥",
}


@every_post_with(list(BAD_KEYS.values()))
def test_400_for_a_key_that_is_not_printable_ascii(
    untouched: World, route: Route, key: str
) -> None:
    with nothing_written():
        answer = ask(route, untouched, key)
    assert_error(answer, 400, "validation_failed", "Idempotency-Key")


@pytest.mark.parametrize(
    "name", ["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY", "iDeMpOtEnCy-KeY"]
)
def test_201_replayed_whatever_the_case_of_the_header(world: World, name: str) -> None:
    wanted = json.dumps({"agent_id": world.ids["agt"], "to": CALLEE})
    event, function = http_event("POST", "/v1/voice/calls", {}, wanted, False)
    event["headers"] = {
        "Authorization": f"Bearer {world.client.token}",
        "Content-Type": "application/json",
    }
    answers = []
    for spelling in ("idempotency-key", name):
        event["headers"] |= {spelling: "k"}
        answer = load(function).handler(event, Context())
        answers.append(Answer(answer["statusCode"], answer["headers"], answer["body"]))
        del event["headers"][spelling]
    assert_replayed(answers[1], answers[0])


def test_201_replayed_for_another_order_and_spacing(world: World) -> None:
    metadata = {"a": "1", "b": "שלום", "c": "x"}
    wanted = {"agent_id": world.ids["agt"], "to": CALLEE, "metadata": metadata}
    turned = {n: wanted[n] for n in reversed(wanted)} | {"metadata": dict(sorted(metadata.items()))}
    first = world.workspace.place(world.ids["agt"], key="k", metadata=metadata)
    for body in (
        json.dumps(turned, ensure_ascii=False, indent=4),
        json.dumps(turned, ensure_ascii=True, separators=(",", ":")),
        f"\n\t {json.dumps(wanted)} \r\n",
    ):
        headers = {"Idempotency-Key": "k"}
        assert_replayed(world.client.post("/v1/voice/calls", body=body, headers=headers), first)


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "+972541234568"},
        {"metadata": {"n": "1"}},
        {"metadata": {}},
        {"metadata": {"n": "e\u0301"}},
    ],
)
def test_409_for_the_same_key_and_another_body(
    stack: Stack, world: World, changes: dict[str, Any]
) -> None:
    agent = world.ids["agt"]
    first = world.workspace.place(agent, key="k", metadata={"n": "\u00e9"})
    before = stored(stack, world)
    assert_reused(world.workspace.place(agent, key="k", **changes))
    assert stored(stack, world) == before
    again = world.workspace.place(agent, key="k", metadata={"n": "\u00e9"})
    assert_replayed(again, first)


def test_409_for_the_same_key_on_another_route(stack: Stack, world: World) -> None:
    """Through the record itself, as long as one route takes a POST: its path is changed."""
    first = world.workspace.place(world.ids["agt"], key="k")
    assert first.status == 201
    wanted = json.dumps({"agent_id": world.ids["agt"], "to": CALLEE})
    headers = {"Authorization": f"Bearer {world.client.token}", "Idempotency-Key": "k"}
    headers["Content-Type"] = "application/json"
    event, function = http_event("POST", "/v1/voice/calls", headers, wanted, False)
    answer = load(function).handler(event | {"rawPath": "/v1/voice/other"}, Context())
    assert_reused(Answer(answer["statusCode"], answer["headers"], answer["body"]))
    for other in POSTS:
        if other.path != "/v1/voice/calls":
            assert_reused(ask(other, world, "k"))


def test_201_twice_for_one_key_in_two_workspaces_and_modes(world: World) -> None:
    other = make_workspace()
    test_mode = Workspace(world.workspace.item, "test")
    placed = [w.place(w.agent(), key="k") for w in (world.workspace, other, test_mode)]
    for answer in placed:
        assert answer.status == 201
        assert "Idempotent-Replayed" not in answer.headers
    assert len({answer.json["id"] for answer in placed}) == 3


def test_201_replayed_for_another_key_of_the_same_workspace(world: World) -> None:
    first = world.workspace.place(world.ids["agt"], key="k")
    second = world.workspace.client_with(["calls:write"])
    wanted = {"agent_id": world.ids["agt"], "to": CALLEE}
    headers = {"Idempotency-Key": "k"}
    assert_replayed(second.post("/v1/voice/calls", json=wanted, headers=headers), first)


def test_201_twice_without_a_key(world: World) -> None:
    one, two = (world.workspace.place(world.ids["agt"]) for _ in range(2))
    assert one.json["id"] != two.json["id"]
