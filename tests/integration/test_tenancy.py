"""Another workspace's things, and the other mode's, are nowhere: the same answer as for nothing."""

import re
from typing import Any

import pytest

from tests.factories import Workspace
from tests.integration.every_route import (
    BODY_ROUTES,
    ID_ROUTES,
    LIST_ROUTES,
    Ids,
    Route,
    World,
    assert_error,
    make_world,
    same_but_request_id,
    stored,
)
from tests.stack import Stack

_ID = re.compile(r"([a-z]{2,5})_[0-9A-Za-z]{4,64}")
MISSING = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
OF_ONE_MODE = [route for route in ID_ROUTES if not route.row.of_both_modes]


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    return make_world()


@pytest.fixture(scope="module")
def other(stack: Stack) -> World:
    return make_world()


@pytest.fixture(scope="module")
def test_mode(world: World) -> World:
    """The same workspace in test mode, with things of its own."""
    workspace = Workspace(world.workspace.item, "test")
    mode = World(workspace, Ids.made_in(workspace))
    # Of keys and members the log of live mode tells: this is what its own does.
    wanted, at = {"weekly_digest": "on"}, {"If-Match": "1"}
    path = "/v1/workspace/settings"
    assert mode.client.request("PATCH", path, json=wanted, headers=at).status == 200
    return mode


# Held against what is there, as `If-Match` is, and not looked up: another one is refused by 409.
_GUARDS = {"last_message_id"}


def _ids_in(body: dict[str, Any]) -> dict[str, str]:
    """The fields of a body that name something by its id, with its kind."""
    texts = {name: value for name, value in body.items() if isinstance(value, str)}
    found = {name: _ID.fullmatch(text) for name, text in texts.items() if name not in _GUARDS}
    return {name: match[1] for name, match in found.items() if match}


def _assert_nowhere(route: Route, asking: World, owner: World) -> None:
    # Which email of a lead it is, is no id.
    for kind in (one for one in route.kinds if one != "seq"):
        missing = route.ask(asking.client, asking.ids.but(**{kind: f"{kind}_{MISSING}"}))
        foreign = route.ask(asking.client, asking.ids.but(**{kind: owner.ids[kind]}))
        for answer in (missing, foreign):
            assert_error(answer, 404, "resource_not_found")
        assert same_but_request_id(missing, foreign)


@pytest.mark.parametrize("route", ID_ROUTES, ids=str)
def test_404_alike_for_an_id_of_another_workspace_and_for_none(
    stack: Stack, world: World, other: World, route: Route
) -> None:
    before = stored(stack, other)
    _assert_nowhere(route, world, other)
    _assert_nowhere(route, other, world)
    assert stored(stack, other) == before


@pytest.mark.parametrize("route", OF_ONE_MODE, ids=str)
def test_404_alike_for_an_id_of_the_other_mode(
    world: World, test_mode: World, route: Route
) -> None:
    _assert_nowhere(route, test_mode, world)
    # Who may do all in live mode manages the keys of test mode too.
    if "key" not in route.kinds:
        _assert_nowhere(route, world, test_mode)


@pytest.mark.parametrize("route", BODY_ROUTES, ids=str)
def test_404_alike_for_a_foreign_id_in_a_body(
    stack: Stack, world: World, other: World, test_mode: World, route: Route
) -> None:
    body = route.body(world.ids) or {}
    before = stored(stack, world), stored(stack, other)
    for name, kind in _ids_in(body).items():
        wrong = "lead" if kind != "lead" else "agt"
        answers = [
            route.ask(world.client, world.ids, json={**body, name: wanted})
            for wanted in (
                f"{kind}_{MISSING}",
                other.ids[kind],
                test_mode.ids[kind],
                f"{wrong}_{MISSING}",
                f"{kind}_",
                f"{kind}_!!!!",
                "..",
                "שלום",
                "",
            )
        ]
        for answer in answers:
            assert_error(answer, 404, "resource_not_found", name)
            assert same_but_request_id(answer, answers[0])
    assert (stored(stack, world), stored(stack, other)) == before


def test_the_bodies_of_the_routes_hold_ids(world: World) -> None:
    found = {str(route): _ids_in(route.body(world.ids) or {}) for route in BODY_ROUTES}
    assert found["POST /v1/voice/calls"] == {"agent_id": "agt"}


@pytest.mark.parametrize("route", LIST_ROUTES, ids=str)
def test_200_lists_only_what_is_ones_own(
    world: World, other: World, test_mode: World, route: Route
) -> None:
    for asking in (world, other, test_mode):
        rows = route.ask(asking.client, asking.ids).json["data"]
        shown = {row.get("id") or row["number"] for row in rows}
        assert shown
        others = [w for w in (world, other, test_mode) if w is not asking]
        if route.row.of_both_modes:
            others = [w for w in others if w.workspace.id != asking.workspace.id]
        foreign = {i for w in others for i in w.ids.values()}
        if asking is world:
            foreign.discard(test_mode.ids["key"])
        assert not shown & foreign


def test_200_empty_for_a_filter_by_a_foreign_agent(world: World, other: World) -> None:
    foreign = world.client.get(f"/v1/voice/calls?agent_id={other.ids['agt']}")
    missing = world.client.get(f"/v1/voice/calls?agent_id=agt_{MISSING}")
    assert foreign.raw == missing.raw == '{"data":[],"next_cursor":null}'


def test_test_mode_is_told_apart_by_whoami(world: World, test_mode: World) -> None:
    live, test = (w.client.get("/v1/whoami").json for w in (world, test_mode))
    assert (live["credential"]["env"], test["credential"]["env"]) == ("live", "test")
    assert live["workspace"] == test["workspace"]


def test_ids_are_80_random_bits_and_never_repeat(world: World) -> None:
    from linkwright import ids

    made = [ids.new("lead") for _ in range(10_000)]
    assert len({one[-16:] for one in made}) == len(made)
