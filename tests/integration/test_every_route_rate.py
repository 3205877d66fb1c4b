"""The rate limit: a minute and credential, counted by the write that authenticates."""

from datetime import UTC, datetime, timedelta

import pytest

from linkwright import auth, clock
from linkwright.plans import PLANS
from linkwright.table import Table, update
from tests.client import Answer
from tests.factories import make_workspace
from tests.integration.every_route import (
    PRIVATE,
    Route,
    assert_answer,
    assert_error,
    make_world,
    nothing_written,
    stored,
)
from tests.stack import Stack
from tools.demo import EVERYTHING

# 18 s into a minute, so 42 are left of it.
NOW = datetime(2027, 3, 4, 5, 6, 18, 250_000, tzinfo=UTC)
LEFT_S = 42


@pytest.fixture(autouse=True)
def _frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def _assert_429(answer: Answer) -> None:
    assert_error(answer, 429, "rate_limited")
    assert answer.headers["Retry-After"] == str(LEFT_S)
    assert answer.headers["RateLimit-Policy"] == '"default";q=60;w=60'
    assert answer.headers["RateLimit"] == f'"default";r=0;t={LEFT_S}'


def test_429_for_request_61_of_a_minute(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = make_workspace("free")
    other = workspace.client_with(EVERYTHING)
    for left in range(59, -1, -1):
        answer = workspace.client.get("/v1/whoami")
        assert answer.status == 200
        assert answer.headers["RateLimit"] == f'"default";r={left};t={LEFT_S}'
        assert answer.headers["RateLimit-Policy"] == '"default";q=60;w=60'
        assert "Retry-After" not in answer.headers
    _assert_429(workspace.client.get("/v1/whoami"))
    _assert_429(workspace.client.get("/v1/whoami"))
    assert other.get("/v1/whoami").headers["RateLimit"] == f'"default";r=59;t={LEFT_S}'
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(seconds=LEFT_S))
    answer = workspace.client.get("/v1/whoami")
    assert (answer.status, answer.headers["RateLimit"]) == (200, '"default";r=59;t=60')


@pytest.mark.parametrize("route", PRIVATE, ids=str)
def test_429_writes_nothing(stack: Stack, route: Route) -> None:
    world = make_world("free")
    token = world.client.token
    assert token
    minute = f"#h{clock.epoch() // 60}"
    update(Table.ACCESS, auth.api_key(token), f"SET {minute} = :used", values={"used": 60})
    before = stored(stack, world)
    with nothing_written():
        _assert_429(route.ask(world.client, world.ids, headers={"Idempotency-Key": "k"}))
    assert stored(stack, world) == before


def test_429_comes_after_the_credential_and_before_scope_and_body(stack: Stack) -> None:
    workspace = make_workspace("free")
    client = workspace.client_with([])
    assert client.token
    minute = f"#h{clock.epoch() // 60}"
    key = auth.api_key(client.token)
    update(Table.ACCESS, key, f"SET {minute} = :used", values={"used": 60})
    _assert_429(client.post("/v1/voice/calls", body="not JSON"))
    update(Table.ACCESS, key, "SET #revoked_at = :at", values={"at": clock.timestamp()})
    assert_error(client.get("/v1/voice/calls"), 401, "invalid_token")


@pytest.mark.parametrize(
    ("plan", "limit"), [("free", 60), ("pro", 600), ("business", 1200), ("enterprise", 3000)]
)
def test_each_plan_has_its_limit(stack: Stack, plan: str, limit: int) -> None:
    answer = make_workspace(plan).client.get("/v1/whoami")
    assert_answer(answer)
    assert answer.headers["RateLimit-Policy"] == f'"default";q={limit};w=60'
    assert answer.json["limits"]["requests_per_minute"] == limit == PLANS[plan].requests_per_minute


@pytest.mark.parametrize("route", PRIVATE, ids=str)
def test_every_authenticated_answer_tells_the_limit(stack: Stack, route: Route) -> None:
    world = make_world("pro")
    good = route.ask(world.client, world.ids)
    lacking = route.ask(world.workspace.client_with([]), world.ids)
    for answer in (good, lacking):
        assert answer.headers["RateLimit-Policy"] == '"default";q=600;w=60'
        assert answer.headers["RateLimit"].startswith('"default";r=5')


def test_the_counts_of_past_minutes_do_not_pile_up(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_workspace("free").client
    assert client.token
    for minute in range(50):
        monkeypatch.setattr(clock, "now", lambda at=minute: NOW + timedelta(minutes=at))
        assert client.get("/v1/whoami").headers["RateLimit"] == f'"default";r=59;t={LEFT_S}'
    item = update(Table.ACCESS, auth.api_key(client.token), "SET #name = :n", values={"n": "x"})
    assert len([name for name in item if name[0] == "h" and name[1:].isdigit()]) <= 21
