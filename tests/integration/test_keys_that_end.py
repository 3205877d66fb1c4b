"""Keys that end while something is done with them, or by them."""

from datetime import timedelta

import pytest

from linkwright import clock
from linkwright.table import Item
from linkwright.workspace import key_lifecycle, keys
from tests.client import Answer, Client
from tests.factories import Workspace, make_workspace
from tests.integration.every_route import assert_error
from tests.integration.test_keys import NOW, _while_it_is_made, make, roll, shown


@pytest.mark.parametrize("cleared", [0, 40], ids=["beyond those cleared", "cleared"])
@pytest.mark.parametrize("what", ["create", "roll", "roll itself"])
def test_401_and_no_key_by_one_that_was_rolled_away_meanwhile(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, what: str, cleared: int
) -> None:
    monkeypatch.setattr(key_lifecycle, "_CLEARED_AT_ONCE", cleared)
    leaked = make(workspace, scopes=["keys:manage", "calls:read"]).json
    other = make(workspace, scopes=["calls:read"]).json["id"]
    client = Client(leaked["token"])
    _while_it_is_made(monkeypatch, lambda: roll(workspace.client, leaked["id"], "0"))

    def ask() -> Answer:
        if what == "create":
            return make(client)
        return roll(client, other if what == "roll" else leaked["id"], "1h")

    assert ask().status in (401, 404, 503)
    # That in its place alone was made.
    assert {key["rolled_from"] for key in shown(workspace.client)} == {None, leaked["id"]}
    assert len(shown(workspace.client)) == 3
    assert_error(ask(), 401, "invalid_token")


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_404_for_a_roll_in_the_second_of_its_end(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    old = make(workspace).json["id"]
    assert roll(workspace.client, old, "1h").status == 201
    moment = [NOW + timedelta(seconds=3599)]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    is_over, seen = keys.is_over, []

    def looked_at(key: Item) -> bool:
        over = is_over(key)
        seen.append(key["sk"] == old)
        if sum(seen) == looks:  # time goes on between this look and what follows
            moment[0] = NOW + timedelta(hours=1)
        return over

    monkeypatch.setattr(keys, "is_over", looked_at)
    assert roll(workspace.client, old, "24h").status == 404
    assert sum(seen) >= looks
    assert len(shown(workspace.client)) == 2


@pytest.mark.parametrize("overlap", ["0", "24h"])
def test_429_however_often_the_key_is_rolled(monkeypatch: pytest.MonkeyPatch, overlap: str) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    workspace = make_workspace("free")
    key = make(workspace, scopes=["keys:manage"]).json
    begun = Client(key["token"])
    assert {begun.get("/v1/whoami").status for _ in range(40)} == {200}
    for _ in range(2):
        rolled = roll(Client(key["token"]), key["id"], overlap)
        assert rolled.status == 201
        key = rolled.json
    answers = [Client(key["token"]).get("/v1/whoami").status for _ in range(20)]
    # Each roll is a request too.
    assert answers == [200] * 18 + [429] * 2
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=1))
    assert Client(key["token"]).get("/v1/whoami").status == 200


def test_429_also_where_another_one_rolls_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    workspace = make_workspace("free")
    key = make(workspace, scopes=["calls:read"]).json
    assert {Client(key["token"]).get("/v1/whoami").status for _ in range(60)} == {200}
    new = roll(workspace.client, key["id"], "0").json
    assert_error(Client(new["token"]).get("/v1/whoami"), 429, "rate_limited")
