"""API keys: made, listed, rolled and revoked, by whom and how many; what is kept of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkwright import audit, auth, clock, ids
from linkwright.table import Item, Key, Table, get, update
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import facts, key_models, keys, workspaces
from linkwright.workspace.keys import LIMIT
from tests import rights
from tests.client import Answer, Client
from tests.factories import Workspace, make_workspace
from tests.integration.every_route import assert_error, nothing_written
from tests.integration.test_concurrency import at_once
from tests.integration.test_idempotency import assert_replayed
from tests.stack import Stack

NOW = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)
MISSING = "key_01ARZ3NDEKTSV4RRFFQ69G5FAV"


@pytest.fixture(autouse=True)
def _as_many_as_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "LIMIT", LIMIT)


def make(asking: Client | Workspace, key: str | None = None, **changes: Any) -> Answer:
    client = asking if isinstance(asking, Client) else asking.client
    body = {"name": "CI", "scopes": ["calls:read"], "mode": "live", **changes}
    return client.post("/v1/keys", json=body, headers={"Idempotency-Key": key} if key else {})


def roll(client: Client, key_id: str, overlap: str = "24h", key: str | None = None) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"/v1/keys/{key_id}/roll", json={"overlap": overlap}, headers=headers)


def revoke(client: Client, key_id: str) -> Answer:
    return client.request("DELETE", f"/v1/keys/{key_id}")


def whoami(token: str) -> Answer:
    return Client(token).get("/v1/whoami")


def own_id(client: Client) -> str:
    return str(client.get("/v1/whoami").json["credential"]["id"])


def shown(client: Client) -> list[Item]:
    rows: list[Item] = client.get("/v1/keys?limit=100").json["data"]
    return rows


# ---- what is made --------------------------------------------------------------------------------


def test_201_a_key_works_at_once_with_what_it_was_granted(workspace: Workspace) -> None:
    answer = make(workspace, scopes=["calls:read", "*:write", "calls:read"])
    made = answer.json
    assert answer.status == 201
    assert answer.headers["Location"] == f"/v1/keys/{made['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    token = made.pop("token")
    assert made == {
        **{"id": made["id"], "name": "CI", "mode": "live", "created_at": made["created_at"]},
        **{"scopes": ["*:write", "calls:read"], "expires_at": None, "rolled_from": None},
        **{"created_by": own_id(workspace.client), "owner": None, "ai_credits_per_day": None},
    }
    who = whoami(token).json
    assert who["credential"] == {
        **{"type": "api_key", "id": made["id"], "expires_at": None, "env": "live"}
    }
    assert set(who["scopes"]) == auth.GROUPS["*:write"] | {"calls:read"}
    assert workspace.client.get(f"/v1/keys/{made['id']}").json == made
    assert made in shown(workspace.client)


@pytest.mark.parametrize(
    "scopes",
    [[], ["calls:*"], ["*"], ["*:manage"], ["Calls:read"], ["calls:read", "root"], ["calls:read "]],
)
def test_400_for_scopes_that_there_are_not(workspace: Workspace, scopes: list[str]) -> None:
    with nothing_written():
        answer = make(workspace, scopes=scopes)
    assert_error(answer, 400, "validation_failed", "scopes")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": ""}, "Field 'name' is not valid: string should have at least 1 character."),
        ({"name": " "}, "Field 'name' is not valid: string should have at least 1 character."),
        (
            {"name": "x" * 101},
            "Field 'name' is not valid: string should have at most 100 characters.",
        ),
        ({"scopes": []}, "Field 'scopes' must have at least 1 item."),
        (
            {"scopes": ["calls:read"] * 100},
            f"Field 'scopes' must have at most {len(key_models._GRANTED)} items.",
        ),
    ],
)
def test_400_says_what_a_name_and_a_list_must_have(
    workspace: Workspace, wrong: dict[str, Any], told: str
) -> None:
    answer = make(workspace, **wrong)
    assert (answer.status, answer.error["message"]) == (400, told)


@pytest.mark.parametrize("role", ["admin", "owner"])
def test_400_for_scopes_beyond_the_role(workspace: Workspace, role: str) -> None:
    client = workspace.client_with(sorted(auth.SCOPES), role)
    for scope in sorted(auth.SCOPES):
        answer = make(client, scopes=[scope])
        if scope in auth.ROLES[role]:
            assert answer.status == 201
            assert whoami(answer.json["token"]).json["scopes"] == [scope]
            assert revoke(client, answer.json["id"]).status == 204
        else:
            assert_error(answer, 400, "validation_failed", "scopes")


@pytest.mark.parametrize("wanted", ["calls:write", "*:read", "*:write", "emails:approve"])
def test_400_for_scopes_beyond_those_of_the_key_that_asks(
    workspace: Workspace, wanted: str
) -> None:
    client = workspace.client_with(["keys:manage", "calls:read"])
    assert_error(make(client, scopes=[wanted]), 400, "validation_failed", "scopes")
    assert make(client, scopes=["calls:read", "keys:manage"]).status == 201


def test_a_key_made_by_a_key_has_its_role_and_no_more(workspace: Workspace) -> None:
    admin = workspace.client_with(["*:read", "keys:manage"], "admin")
    made = Client(make(admin, scopes=["*:read", "keys:manage"]).json["token"])
    assert made.get("/v1/whoami").json["role"] == "admin"
    assert_error(make(made, scopes=["byok:manage"]), 400, "validation_failed", "scopes")


# ---- modes ---------------------------------------------------------------------------------------


def test_a_test_key_makes_sees_and_touches_test_keys_alone(workspace: Workspace) -> None:
    live = make(workspace).json["id"]
    test = Client(make(workspace, mode="test", scopes=["keys:manage", "*:read"]).json["token"])
    with nothing_written():
        assert_error(make(test, scopes=["calls:read"]), 400, "validation_failed", "mode")
    own = make(test, mode="test").json["id"]
    assert {key["mode"] for key in shown(test)} == {"test"}
    assert own in {key["id"] for key in shown(test)}
    for one in (live, MISSING):
        for answer in (test.get(f"/v1/keys/{one}"), roll(test, one), revoke(test, one)):
            assert_error(answer, 404, "resource_not_found")
    assert {live, own} < {key["id"] for key in shown(workspace.client)}
    assert revoke(workspace.client, own).status == 204


def test_404_for_what_lies_beside_the_keys(workspace: Workspace) -> None:
    make(workspace)
    for name in ("RING", "META", "%00", "key_", "..", "key_~"):
        assert_error(workspace.client.get(f"/v1/keys/{name}"), 404, "resource_not_found")
        assert_error(roll(workspace.client, name), 404, "resource_not_found")
        assert_error(revoke(workspace.client, name), 404, "resource_not_found")
    assert make(workspace).status == 201


# ---- revoked and rolled --------------------------------------------------------------------------


def test_401_for_a_revoked_key_on_its_next_request(workspace: Workspace) -> None:
    made = make(workspace).json
    assert whoami(made["token"]).status == 200
    assert revoke(workspace.client, made["id"]).status == 204
    assert_error(whoami(made["token"]), 401, "invalid_token")
    assert_error(revoke(workspace.client, made["id"]), 404, "resource_not_found")
    assert_error(workspace.client.get(f"/v1/keys/{made['id']}"), 404, "resource_not_found")
    assert made["id"] not in {key["id"] for key in shown(workspace.client)}


@pytest.mark.parametrize(
    ("overlap", "seconds"),
    [("0", 0), ("1h", 3600), ("24h", 86_400), ("7d", 604_800), ("30d", 2_592_000)],
)
def test_a_rolled_key_is_good_until_its_time_and_not_a_second_longer(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, overlap: str, seconds: int
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    old = make(workspace, name="CI", scopes=["*:read"]).json
    answer = roll(workspace.client, old["id"], overlap)
    new = answer.json
    assert (answer.status, new["rolled_from"], new["expires_at"]) == (201, old["id"], None)
    assert (new["name"], new["scopes"], new["mode"]) == ("CI", ["*:read"], "live")
    assert new["id"] != old["id"]
    end = NOW + timedelta(seconds=seconds)
    if seconds:
        found = workspace.client.get(f"/v1/keys/{old['id']}").json
        assert found["expires_at"] == clock.timestamp(end)
        assert whoami(old["token"]).json["credential"]["expires_at"] == clock.timestamp(end)
        monkeypatch.setattr(clock, "now", lambda: end - timedelta(seconds=1))
        assert whoami(old["token"]).status == 200
    monkeypatch.setattr(clock, "now", lambda: end)
    assert_error(whoami(old["token"]), 401, "invalid_token")
    assert_error(workspace.client.get(f"/v1/keys/{old['id']}"), 404, "resource_not_found")
    assert old["id"] not in {key["id"] for key in shown(workspace.client)}
    assert whoami(new["token"]).status == 200


def test_a_second_roll_lengthens_no_life(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    old = make(workspace).json["id"]
    for overlap, hours in (("24h", 24), ("30d", 24), ("1h", 1)):
        assert roll(workspace.client, old, overlap).status == 201
        end = workspace.client.get(f"/v1/keys/{old}").json["expires_at"]
        assert end == clock.timestamp(NOW + timedelta(hours=hours))


def test_201_a_key_rolls_itself(workspace: Workspace) -> None:
    made = make(workspace, scopes=["keys:manage", "calls:read"]).json
    new = roll(Client(made["token"]), made["id"], "0").json
    assert_error(whoami(made["token"]), 401, "invalid_token")
    assert whoami(new["token"]).json["scopes"] == ["calls:read", "keys:manage"]


@pytest.mark.parametrize("overlap", [None, "", "2h", 0, "24H", "forever"])
def test_400_for_an_overlap_that_is_none(workspace: Workspace, overlap: object) -> None:
    made = make(workspace).json["id"]
    answer = workspace.client.post(f"/v1/keys/{made}/roll", json={"overlap": overlap})
    assert_error(answer, 400, "validation_failed", "overlap")


def test_401_who_rolls_gets_no_scope_that_they_lack(workspace: Workspace) -> None:
    owners = make(workspace, scopes=["byok:manage", "calls:read"]).json
    admin = workspace.client_with(sorted(auth.SCOPES), "admin")
    with nothing_written():
        answer = roll(admin, owners["id"])
    assert_error(answer, 401, "missing_scope")
    assert 'scope="byok:manage"' in answer.headers["WWW-Authenticate"]
    assert whoami(owners["token"]).status == 200


# ---- how many ------------------------------------------------------------------------------------


def _filled(workspace: Workspace) -> list[str]:
    """The ids of keys of theirs, of 25 that the workspace then has."""
    return [make(workspace).json["id"] for _ in range(LIMIT - len(shown(workspace.client)))]


def assert_full(answer: Answer) -> None:
    assert_error(answer, 409, "conflict")
    assert answer.error["reason"] == "key_limit"


def test_409_for_the_26th_key(workspace: Workspace) -> None:
    assert LIMIT == 25
    made = _filled(workspace)
    assert len(shown(workspace.client)) == 25
    assert_full(make(workspace))
    assert_full(make(workspace, mode="test"))
    assert_full(roll(workspace.client, made[0], "1h"))
    assert roll(workspace.client, made[0], "0").status == 201
    assert_full(make(workspace))
    assert revoke(workspace.client, made[1]).status == 204
    assert make(workspace).status == 201
    assert_full(make(workspace))


def test_201_expired_keys_do_not_count_and_leave_nothing(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    made = _filled(workspace)
    assert revoke(workspace.client, made.pop()).status == 204
    assert roll(workspace.client, made[0], "1h").status == 201
    old = get(Table.ACCESS, keys.pointer(workspace.id, made[0]))
    assert old
    assert_full(make(workspace))
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(hours=1))
    assert make(workspace).status == 201
    assert get(Table.ACCESS, keys.pointer(workspace.id, made[0])) is None
    assert get(Table.ACCESS, keys.credential(old)) is None


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.slow
def test_409_for_the_26th_key_however_many_ask_at_once(stack: Stack, attempt: int) -> None:
    workspace = make_workspace("enterprise")
    first = workspace.key()

    def ask(number: int) -> Answer:
        for _ in range(100):
            answer = (
                roll(workspace.client, first, "30d", f"k{number}")
                if number % 5 == 0
                else make(workspace, f"k{number}")
            )
            if answer.status != 503:
                return answer
        return answer

    answers = at_once(30, ask)
    assert sorted({answer.status for answer in answers}) == [201, 409]
    refused = [answer for answer in answers if answer.status == 409]
    assert {answer.error["reason"] for answer in refused} == {"key_limit"}
    assert len(shown(workspace.client)) == 25
    assert len(answers) - len(refused) == 23, "besides the client's and the first one"


# ---- who loses a role meanwhile ------------------------------------------------------------------


def _while_it_is_made(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:  # noqa: ANN401
    """Do it once, after the request has read and before it writes."""
    found = workspaces.existing
    done: list[bool] = []

    def existing(workspace_id: str) -> Item:
        workspace = found(workspace_id)
        if not done:
            done.append(True)
            rights.by_a_test(change)()
        return workspace

    monkeypatch.setattr(workspaces, "existing", existing)


def test_503_and_no_key_for_who_lost_the_role_meanwhile(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = workspace.client_with(sorted(auth.SCOPES))
    assert client.token
    place = auth.api_key(client.token)
    before = len(keys.of(workspace.id).keys)
    _while_it_is_made(
        monkeypatch,
        lambda: update(Table.ACCESS, place, "SET #role = :r", values={"r": "viewer"}),
    )
    assert make(client, "k").status == 503
    assert len(keys.of(workspace.id).keys) == before
    assert_error(make(client, "k"), 401, "missing_scope")


@pytest.mark.parametrize("news", [{"plan": "business"}, {"name": "Acme Health"}], ids=str)
def test_201_a_key_that_is_made_while_the_workspace_changes_knows_it(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, news: dict[str, str]
) -> None:
    def change() -> None:
        tx = Transaction(workspace.id, "req")
        facts.change(tx, workspaces.existing(workspace.id), news)
        tx.commit()

    _while_it_is_made(monkeypatch, change)
    answer = make(workspace)
    assert answer.status == 201
    told = whoami(answer.json["token"]).json
    assert {"plan": told["plan"], "name": told["workspace"]["name"]}.items() >= news.items()


def test_503_where_others_are_always_first(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = workspaces.existing

    def existing(workspace_id: str) -> Item:
        tx = Transaction(workspace_id, "req")
        keys.bump(tx, workspace_id)
        tx.commit()
        return found(workspace_id)

    monkeypatch.setattr(workspaces, "existing", existing)
    answer = make(workspace)
    assert_error(answer, 503, "server_error")
    assert answer.headers["Retry-After"] == "1"


# ---- a person's keys -----------------------------------------------------------------------------


def _by(workspace: Workspace, subject: str, name: str, *scopes: str) -> str:
    """The token of a key that a person made, an administrator."""
    tx = Transaction(workspace.id, "req", audit.OPERATOR)
    facts: dict[str, Any] = {"mode": "live", "role": "admin", "scopes": [*scopes, "calls:write"]}
    keys.bump(tx, workspace.id)
    _, token = keys.make(workspace.item, **facts, name=name, tx=tx, maker=subject)
    tx.commit()
    return token


def test_a_lowered_role_lowers_all_keys_of_the_person_on_their_next_request(
    workspace: Workspace,
) -> None:
    tokens = [_by(workspace, "user_1", name) for name in ("a", "b")]
    other = _by(workspace, "user_2", "c")
    ring = keys.of_maker(workspace.id, "user_1")
    assert {key["view"]["name"] for key in ring.keys} == {"a", "b"}
    tx = Transaction(workspace.id, "req")
    for key in ring.keys:
        keys.set_role(key, "viewer", tx)
    keys.bump(tx, workspace.id, ring.seen)
    tx.commit()
    assert [whoami(token).json["scopes"] for token in tokens] == [[], []]
    assert whoami(other).json["scopes"] == ["calls:write"]


def test_a_key_that_is_made_meanwhile_is_seen_by_who_changes_the_persons_keys(
    workspace: Workspace,
) -> None:
    _by(workspace, "user_1", "a")
    ring = keys.of_maker(workspace.id, "user_1")
    _by(workspace, "user_1", "b")
    tx = Transaction(workspace.id, "req")
    keys.bump(tx, workspace.id, ring.seen)
    with pytest.raises(Outrun):
        tx.commit()


def test_401_for_all_keys_of_who_is_removed_those_they_had_made_by_keys_too(
    workspace: Workspace,
) -> None:
    first = Client(_by(workspace, "user_1", "a", "keys:manage"))
    second = make(first, scopes=["calls:write"]).json["token"]
    ring = keys.of_maker(workspace.id, "user_1")
    assert len(ring.keys) == 2
    tx = Transaction(workspace.id, "req")
    for key in ring.keys:
        keys.remove(key, tx)
    keys.bump(tx, workspace.id, ring.seen)
    tx.commit()
    for token in (str(first.token), second):
        assert_error(whoami(token), 401, "invalid_token")


# ---- replies that hold a secret ------------------------------------------------------------------


def test_201_replayed_with_the_same_token_that_nothing_keeps(
    stack: Stack, workspace: Workspace
) -> None:
    first = make(workspace, "k")
    second = roll(workspace.client, first.json["id"], "1h", "k2")
    third = make(workspace)
    assert_replayed(make(workspace, "k"), first)
    assert_replayed(roll(workspace.client, first.json["id"], "1h", "k2"), second)
    names = [f"{one.capitalize()}Table" for one in Table]
    kept = repr([stack.rows(name, workspace.id) for name in names])
    assert kept.count(first.json["id"]) > 1
    for answer in (first, second, third):
        assert answer.json["token"] not in kept
        assert answer.json["token"][8:30] not in kept


def test_409_for_another_body_under_the_key_of_a_secret(workspace: Workspace) -> None:
    assert make(workspace, "k").status == 201
    answer = make(workspace, "k", name="other")
    assert_error(answer, 409, "conflict")
    assert answer.error["reason"] == "idempotency_key_reused"


def test_500_and_no_secret_for_a_reply_that_was_tampered_with(
    stack: Stack, workspace: Workspace
) -> None:
    made = make(workspace, "k")
    (row,) = stack.rows("IdemTable", workspace.id)
    body = row["body"]
    changed = body[:40] + ("A" if body[40] != "A" else "B") + body[41:]
    place = Key(row["pk"], row["sk"])
    update(Table.IDEM, place, "SET #body = :b", values={"b": changed})
    answer = make(workspace, "k")
    assert_error(answer, 500, "server_error")
    assert made.json["token"] not in answer.raw


def test_no_log_line_holds_a_token(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make(workspace, "k").json
    tokens = [made["token"], roll(workspace.client, made["id"], "0").json["token"]]
    said = capsys.readouterr()
    assert "/v1/keys" in said.out
    for token in tokens:
        assert token not in said.out + said.err


def test_an_id_tells_nothing_of_its_token(workspace: Workspace) -> None:
    made = make(workspace).json
    pointer = get(Table.ACCESS, keys.pointer(workspace.id, made["id"])) or {}
    assert keys.credential(pointer) == auth.api_key(made["token"])
    assert json.dumps(pointer["view"]).count(pointer["hash"]) == 0
    assert ids.matches("key", made["id"])
