"""The plan's minutes: 402 when they are used up, decided by the write that would take one."""

from datetime import UTC, datetime

import pytest

from linkwright import auth, clock
from linkwright.table import Table, update
from tests.client import Answer
from tests.factories import Workspace, make_workspace
from tests.integration.every_route import Ids, World, assert_error, nothing_written, stored
from tests.stack import Stack

NOW = datetime(2027, 1, 31, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def _used_up(plan: str = "free") -> Workspace:
    workspace = make_workspace(plan)
    agent = workspace.agent()
    assert [workspace.place(agent).status for _ in range(10)] == [201] * 10
    return workspace


def _assert_402(answer: Answer, used: int = 10, resets_at: str = "2027-02-28T00:00:00Z") -> None:
    assert_error(answer, 402, "plan_limit_exceeded")
    told = {n: answer.error[n] for n in ("dimension", "limit", "used", "upgrade_to", "resets_at")}
    assert told == {
        "dimension": "call_minutes",
        "limit": 10,
        "used": used,
        "upgrade_to": "pro",
        "resets_at": resets_at,
    }


def test_402_for_the_11th_minute_of_10(stack: Stack) -> None:
    workspace = _used_up()
    world = World(workspace, Ids())
    agent = workspace.agent()
    before = stored(stack, world)
    for _ in range(2):
        _assert_402(workspace.place(agent))
        _assert_402(workspace.place(agent, key="k"))
    assert stored(stack, world) == before


def test_402_for_every_credential_of_the_workspace(stack: Stack) -> None:
    workspace = _used_up()
    second = Workspace(workspace.item)
    _assert_402(second.place(second.agent()))
    assert make_workspace("free").client.get("/v1/whoami").status == 200


def test_201_again_from_the_first_moment_of_the_next_cycle(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = _used_up()
    agent = workspace.agent()
    end = datetime(2027, 2, 28, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: end.replace(day=27, hour=23, minute=59, second=59))
    _assert_402(workspace.place(agent))
    monkeypatch.setattr(clock, "now", lambda: end)
    assert [workspace.place(agent).status for _ in range(11)] == [201] * 10 + [402]
    _assert_402(workspace.place(agent), resets_at="2027-03-31T00:00:00Z")


def test_201_for_who_upgrades(stack: Stack) -> None:
    workspace = _used_up()
    agent = workspace.agent()
    token = workspace.client.token
    assert token
    _assert_402(workspace.place(agent))
    update(Table.ACCESS, auth.api_key(token), "SET #plan = :plan", values={"plan": "pro"})
    assert workspace.place(agent).status == 201


def test_402_after_a_downgrade_tells_what_was_used(stack: Stack) -> None:
    workspace = make_workspace("pro")
    agent = workspace.agent()
    for _ in range(12):
        workspace.place(agent)
    token = workspace.client.token
    assert token
    update(Table.ACCESS, auth.api_key(token), "SET #plan = :plan", values={"plan": "free"})
    _assert_402(workspace.place(agent), used=12)


def test_201_in_test_mode_however_many(stack: Stack) -> None:
    live = _used_up()
    workspace = Workspace(live.item, "test")
    agent = workspace.agent()
    assert [workspace.place(agent).status for _ in range(15)] == [201] * 15
    usage = [item for item in stored(stack, World(live, Ids()))[0] if "#USE" in item["pk"]]
    assert [(item["pk"], item["committed"]) for item in usage] == [(f"W#{live.id}#USE", 10)]


def test_400_and_404_come_before_402(stack: Stack) -> None:
    workspace = _used_up()
    with nothing_written():
        answer = workspace.place(workspace.id, to="no number")
    assert_error(answer, 400, "validation_failed", "to")
    missing = workspace.place("agt_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert_error(missing, 404, "resource_not_found", "agent_id")
