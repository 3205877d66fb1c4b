"""Notifications: what a workspace's people are told where they look."""

import pytest

from linkwright import ids
from linkwright.notifications.operations import notify
from linkwright.transaction import Transaction
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.integration.every_route import assert_error
from tests.stack import Stack


@pytest.fixture
def workspace(stack: Stack) -> Workspace:
    return make_workspace("business")


def _shown(workspace: Workspace, query: str = "") -> list[dict[str, object]]:
    return list(workspace.client.get(f"/api/notifications{query}").json["data"])


@pytest.fixture
def told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Two, one after the other."""
    first = workspace.notification("One.")
    Hand(monkeypatch).move(1)
    return first, workspace.notification("Two.")


def test_200_lists_what_is_told_the_newest_first(
    workspace: Workspace, told: tuple[str, str]
) -> None:
    first, second = told
    shown = _shown(workspace)
    assert [row["id"] for row in shown] == [second, first]
    assert shown[1] == {
        "id": first,
        "type": "usage.threshold",
        "message": "One.",
        "link_id": None,
        "data": {"percent": 80},
        "read_at": None,
        "created_at": shown[1]["created_at"],
    }


def test_200_what_was_read_is_so_once_and_for_all(
    workspace: Workspace, told: tuple[str, str]
) -> None:
    first, second = told
    read = workspace.client.post(f"/api/notifications/{first}/read")
    assert (read.status, read.json["id"]) == (200, first)
    assert read.json["read_at"] is not None
    assert [row["id"] for row in _shown(workspace, "?unread=true")] == [second]
    assert [row["id"] for row in _shown(workspace, "?unread=false")] == [second, first]
    assert workspace.client.post(f"/api/notifications/{first}/read").json == read.json


def test_404_for_what_was_never_told(workspace: Workspace) -> None:
    for one in (ids.new("ntf"), ids.new("lnk"), "x"):
        answer = workspace.client.post(f"/api/notifications/{one}/read")
        assert_error(answer, 404, "resource_not_found")


def test_what_a_change_tells_is_told_if_it_is_made(workspace: Workspace) -> None:
    tx = Transaction(workspace.partition, "req_test")
    notify(tx, "usage.threshold", "Told.", {"percent": 80})
    assert _shown(workspace) == []
    tx.commit()
    assert [row["message"] for row in _shown(workspace)] == ["Told."]
