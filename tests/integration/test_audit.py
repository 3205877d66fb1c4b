"""The audit log: who changed what, in which request, and by each filter."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkwright import clock
from linkwright.table import Item
from tests import pump
from tests.clocks import Hand
from tests.factories import Workspace
from tests.integration.every_route import assert_error, nothing_written
from tests.stack import Stack

START = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)


def _log(workspace: Workspace, query: str = "") -> list[Item]:
    answer = workspace.client.get(f"/v1/workspace/audit?limit=100{query}")
    assert answer.status == 200, answer.raw
    rows: list[Item] = answer.json["data"]
    return rows


def _own_id(workspace: Workspace) -> str:
    return str(workspace.client.get("/v1/whoami").json["credential"]["id"])


def _make(workspace: Workspace) -> Any:  # noqa: ANN401
    body = {"name": "CI", "scopes": ["calls:read"], "mode": workspace.mode}
    return workspace.client.post("/v1/keys", json=body)


def _settings(workspace: Workspace, version: int, **changes: Any) -> Any:  # noqa: ANN401
    headers = {"If-Match": str(version)}
    return workspace.client.request(
        "PATCH", "/v1/workspace/settings", json=changes, headers=headers
    )


def test_200_says_who_made_rolled_and_revoked_a_key(workspace: Workspace) -> None:
    made = _make(workspace)
    key = made.json["id"]
    rolled = workspace.client.post(f"/v1/keys/{key}/roll", json={"overlap": "1h"})
    revoked = workspace.client.request("DELETE", f"/v1/keys/{key}")
    by = {"type": "api_key", "id": _own_id(workspace)}
    entries = {entry["action"]: entry for entry in _log(workspace, f"&object={key}")}
    assert set(entries) == {"key.created", "key.rolled", "key.revoked"}
    for action, answer in (
        ("key.created", made),
        ("key.rolled", rolled),
        ("key.revoked", revoked),
    ):
        assert entries[action]["request_id"] == answer.headers["Request-Id"]
        assert entries[action]["actor"] == by
    assert entries["key.created"]["details"] == {
        **{"name": "CI", "mode": "live", "scopes": ["calls:read"]}
    }
    assert entries["key.rolled"]["details"]["rolled_to"] == rolled.json["id"]
    (new,) = _log(workspace, f"&object={rolled.json['id']}")
    assert (new["action"], new["actor"]) == ("key.created", by)


def test_200_says_which_settings_changed(workspace: Workspace) -> None:
    answer = _settings(workspace, 1, calls="off", consent="off", calls_per_day=7)
    (entry,) = _log(workspace, "&action=settings.changed")
    assert (entry["object"], entry["request_id"]) == (workspace.id, answer.headers["Request-Id"])
    changed = {"calls": "off", "calls_per_day": 7}
    assert entry["details"] == {"mode": "live", "version": 2, "changed": changed}
    assert _settings(workspace, 2, calls="off").status == 200
    assert _settings(workspace, 1, calls="on").status == 409
    assert len(_log(workspace, "&action=settings.changed")) == 1, "nothing else was changed"


def test_200_says_once_who_erased_a_call(stack: Stack, workspace: Workspace) -> None:
    call = workspace.placed()
    pump.settle(stack, workspace.id)
    answers = [workspace.client.request("DELETE", f"/v1/voice/calls/{call}") for _ in range(2)]
    (entry,) = _log(workspace, f"&object={call}")
    assert [answer.status for answer in answers] == [204, 204]
    assert (entry["action"], entry["details"]) == ("call.erased", {})
    assert entry["request_id"] == answers[0].headers["Request-Id"]
    assert entry["actor"] == {"type": "api_key", "id": _own_id(workspace)}


def test_200_each_filter_answers_just_what_it_names(workspace: Workspace) -> None:
    other = workspace.key()
    key = _make(workspace).json["id"]
    _settings(workspace, 1, calls="off")
    everything, own = _log(workspace), _own_id(workspace)
    for query, kept in {
        f"object={key}": lambda e: e["object"] == key,
        f"object={other}": lambda e: e["object"] == other,
        f"actor={own}": lambda e: e["actor"]["id"] == own,
        "actor=operator": lambda e: e["actor"]["id"] == "operator",
        "action=key.created": lambda e: e["action"] == "key.created",
        "action=settings.changed": lambda e: e["action"] == "settings.changed",
    }.items():
        expected = [entry for entry in everything if kept(entry)]
        assert expected
        assert _log(workspace, f"&{query}") == expected
    assert _log(workspace, "&action=key.nothing") == _log(workspace, "&object=BY%23operator") == []


def test_200_between_two_times(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for hour in range(3):
        moment = START + timedelta(hours=hour)
        monkeypatch.setattr(clock, "now", lambda moment=moment: moment)
        made.append(_make(workspace).json["id"])
    window = "&created_after=2027-03-04T06:06:07Z&created_before=2027-03-04T07:06:07Z"
    for filters in ("", f"&actor={_own_id(workspace)}", "&action=key.created"):
        assert [entry["object"] for entry in _log(workspace, window + filters)] == [made[1]]


@pytest.mark.parametrize(
    "query",
    ["action=a&object=b", "object=a&actor=b", "action=a&actor=b", "action=a&object=b&actor=c"],
)
def test_400_for_filters_that_have_no_list(workspace: Workspace, query: str) -> None:
    with nothing_written():
        answer = workspace.client.get(f"/v1/workspace/audit?{query}")
    assert_error(answer, 400, "validation_failed", answer.error.get("field"))
    assert "one of action, object and actor" in answer.error["message"]


def test_200_settings_of_the_mode_of_who_asks_alone(workspace: Workspace) -> None:
    test = Workspace(workspace.item, "test")
    assert _settings(workspace, 1, calls="off").status == 200
    assert _settings(test, 1, calls_per_day=7).status == 200
    told = [_log(of, "&action=settings.changed") for of in (workspace, test)]
    assert [[entry["details"]["mode"] for entry in log] for log in told] == [["live"], ["test"]]


@pytest.mark.parametrize("by", ["live", "test"])
def test_200_live_mode_tells_all_that_was_done_with_a_test_key(
    workspace: Workspace, by: str, hand: Hand
) -> None:
    asking = Workspace(workspace.item, by)
    hand.move(0.001)  # two of one millisecond have no order
    body = {"name": "CI", "scopes": ["calls:read"], "mode": "test"}
    key = asking.client.post("/v1/keys", json=body).json["id"]
    new = asking.client.post(f"/v1/keys/{key}/roll", json={"overlap": "1h"}).json["id"]
    for one in (key, new):
        hand.move(0.001)
        assert asking.client.request("DELETE", f"/v1/keys/{one}").status == 204
    told = [(entry["action"], entry["object"]) for entry in _log(workspace)][:5]
    revoked = [("key.revoked", new), ("key.revoked", key)]
    assert told[:2] == revoked
    assert set(told[2:]) == {("key.created", new), ("key.rolled", key), ("key.created", key)}
    for entry in _log(workspace, f"&object={key}"):
        assert entry["actor"] == {"type": "api_key", "id": _own_id(asking)}
    test = Workspace(workspace.item, "test")
    assert [entry for entry in _log(test) if entry["action"].startswith("key.")] == []


def test_nothing_is_told_of_what_was_refused(workspace: Workspace) -> None:
    before = _log(workspace)
    body = {"name": "x", "scopes": ["root"], "mode": "live"}
    assert workspace.client.post("/v1/keys", json=body).status == 400
    assert workspace.client.request("DELETE", "/v1/keys/key_01ARZ3NDEKTSV4RRFF").status == 404
    assert _log(workspace) == before
