"""How long the answer under an Idempotency-Key is kept, which are, and what comes before it."""

from datetime import timedelta

import pytest

from linkwright import auth, clock
from linkwright.table import Key, Table, update
from tests.factories import make_workspace
from tests.integration.every_route import (
    Route,
    World,
    assert_error,
    make_world,
    nothing_written,
)
from tests.integration.test_idempotency import ask, assert_replayed, assert_reused, every_post
from tests.stack import Stack


@pytest.fixture
def world(stack: Stack) -> World:
    return make_world()


def test_404_is_decided_anew(world: World) -> None:
    agent = "agt_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    assert_error(world.workspace.place(agent, key="k"), 404, "resource_not_found", "agent_id")
    world.workspace.agent(id=agent)
    assert world.workspace.place(agent, key="k").status == 201


def test_402_is_decided_anew(stack: Stack) -> None:
    workspace = make_workspace("free")
    agent = workspace.agent()
    for _ in range(10):
        assert workspace.place(agent).status == 201
    assert workspace.place(agent, key="k").status == 402
    token = workspace.client.token
    assert token
    update(Table.ACCESS, auth.api_key(token), "SET #plan = :plan", values={"plan": "pro"})
    answer = workspace.place(agent, key="k")
    assert (answer.status, answer.headers.get("Idempotent-Replayed")) == (201, None)


def test_409_is_decided_anew(world: World) -> None:
    world.workspace.place(world.ids["agt"], key="k")
    for _ in range(2):
        answer = world.workspace.place(world.ids["agt"], key="k", to="+15005550001")
        assert_reused(answer)
    assert world.workspace.place(world.ids["agt"], key="k2", to="+15005550001").status == 201


# What is told of the same click and event is the same conversion, whenever it is told; and an
# address stands on the list once.
TOLD_ONCE = {"POST /api/conversions", "POST /v1/mailer/suppressions"}


@every_post
def test_the_record_ends_after_24_hours_though_it_is_still_stored(
    stack: Stack, world: World, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock.now()
    day = timedelta(hours=24)
    monkeypatch.setattr(clock, "now", lambda: start)
    first = ask(route, world, "k")
    records = len(stack.rows("IdemTable", world.workspace.id))
    monkeypatch.setattr(clock, "now", lambda: start + day - timedelta(seconds=1))
    assert_replayed(ask(route, world, "k"), first)
    monkeypatch.setattr(clock, "now", lambda: start + day)
    assert len(stack.rows("IdemTable", world.workspace.id)) == records
    second = ask(route, world, "k")
    assert second.status == first.status
    assert "Idempotent-Replayed" not in second.headers
    if second.status == 201 and str(route) not in TOLD_ONCE:
        assert second.raw != first.raw, "it was made anew"
    assert_replayed(ask(route, world, "k"), second)
    assert len(stack.rows("IdemTable", world.workspace.id)) == records


def test_404_and_no_replay_of_an_expired_record(
    stack: Stack, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    agent = world.workspace.agent()
    assert world.workspace.place(agent, key="k").status == 201
    stack.delete("CoreTable", Key(f"W#{world.workspace.id}#AGT", agent))
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=24))
    answer = world.workspace.place(agent, key="k")
    assert_error(answer, 404, "resource_not_found", "agent_id")


def test_only_a_hash_of_the_key_is_kept(stack: Stack, world: World) -> None:
    key = "canary-of-an-idempotency-key"
    world.workspace.place(world.ids["agt"], key=key)
    kept = [stack.rows(t, world.workspace.id) for t in ("CoreTable", "IdemTable")]
    assert key not in repr(kept)


# ---- Order of checks -----------------------------------------------------------------------------


def test_201_replayed_after_its_agent_was_deleted(stack: Stack, world: World) -> None:
    agent = world.workspace.agent()
    first = world.workspace.place(agent, key="k")
    stack.delete("CoreTable", Key(f"W#{world.workspace.id}#AGT", agent))
    assert_error(world.workspace.place(agent), 404, "resource_not_found", "agent_id")
    assert_replayed(world.workspace.place(agent, key="k"), first)


def test_201_replayed_after_the_minutes_are_used_up(stack: Stack) -> None:
    workspace = make_workspace("free")
    agent = workspace.agent()
    first = workspace.place(agent, key="k")
    for _ in range(9):
        workspace.place(agent)
    assert workspace.place(agent).status == 402
    assert_replayed(workspace.place(agent, key="k"), first)


@every_post
def test_401_for_a_replay_with_a_revoked_key(world: World, route: Route) -> None:
    client = world.workspace.client_with([route.contract.scope or "calls:read"])
    assert client.token
    headers = {"Idempotency-Key": "k"}
    assert route.ask(client, world.ids, headers=headers).status < 300
    update(Table.ACCESS, auth.api_key(client.token), "SET #revoked_at = :t", values={"t": "now"})
    with nothing_written():
        answer = route.ask(client, world.ids, headers=headers)
    assert_error(answer, 401, "invalid_token")


@every_post
def test_401_for_a_replay_without_the_scope(world: World, route: Route) -> None:
    assert ask(route, world, "k").status < 300
    others = [] if route.contract.scope in auth.READ_SCOPES else ["*:read"]
    client = world.workspace.client_with([*others, "usage:read"])
    with nothing_written():
        answer = route.ask(client, world.ids, headers={"Idempotency-Key": "k"})
    assert_error(answer, 401, "missing_scope")


def test_400_for_a_bad_body_though_the_key_has_an_answer(world: World) -> None:
    world.workspace.place(world.ids["agt"], key="k")
    with nothing_written():
        answer = world.workspace.place(world.ids["agt"], key="k", to="054-1234567")
    assert_error(answer, 400, "validation_failed", "to")
    assert answer.error["message"] == "Field 'to' must be an E.164 phone number."
