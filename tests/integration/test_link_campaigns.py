"""Link campaigns: what links are grouped by."""

from typing import Any

import pytest

from linkwright import ids
from tests.client import Answer
from tests.factories import Workspace, make_workspace
from tests.integration.every_route import assert_error
from tests.stack import Stack


@pytest.fixture
def workspace(stack: Stack) -> Workspace:
    return make_workspace("business")


def _change(workspace: Workspace, campaign: str, **fields: Any) -> Answer:
    return workspace.client.request("PATCH", f"/api/campaigns/{campaign}", json=fields)


def _delete(workspace: Workspace, campaign: str) -> Answer:
    return workspace.client.request("DELETE", f"/api/campaigns/{campaign}")


def test_201_makes_a_campaign(workspace: Workspace) -> None:
    wanted = {"name": "מבצע", "description": "All of it", "metadata": {"shop": "12"}}
    made = workspace.client.post("/api/campaigns", json=wanted)
    assert made.status == 201
    assert made.headers["Location"].endswith(f"/api/campaigns/{made.json['id']}")
    assert {name: made.json[name] for name in wanted} == wanted
    assert made.json["version"] == 1
    assert workspace.client.get(f"/api/campaigns/{made.json['id']}").json == made.json
    assert workspace.client.get("/api/campaigns").json["data"] == [made.json]


def test_200_changes_what_is_sent_and_nothing_else(workspace: Workspace) -> None:
    made = workspace.client.post(
        "/api/campaigns", json={"name": "Spring", "description": "All", "metadata": {"a": "b"}}
    ).json
    at = f"/api/campaigns/{made['id']}"
    changed = _change(workspace, made["id"], description=None).json
    assert changed == made | {
        "description": None,
        "version": 2,
        "updated_at": changed["updated_at"],
    }
    assert _change(workspace, made["id"], description=None).json == changed
    assert workspace.client.get(at).json == changed


def test_400_a_name_that_is_taken_away(workspace: Workspace) -> None:
    campaign = workspace.link_campaign()
    for name in (None, ""):
        answer = _change(workspace, campaign, name=name)
        assert_error(answer, 400, "validation_failed", "name")


def test_204_deletes_a_campaign(workspace: Workspace) -> None:
    campaign = workspace.link_campaign()
    assert _delete(workspace, campaign).status == 204
    assert _delete(workspace, campaign).status == 404
    assert workspace.client.get(f"/api/campaigns/{campaign}").status == 404
    assert workspace.client.get("/api/campaigns").json["data"] == []


def test_409_a_campaign_that_links_are_in(workspace: Workspace) -> None:
    campaign = workspace.link_campaign()
    link = workspace.link(campaign=campaign)
    answer = _delete(workspace, campaign)
    assert_error(answer, 409, "conflict")
    assert answer.error["reason"] == "campaign_in_use"
    assert workspace.client.get(f"/api/campaigns/{campaign}").status == 200
    assert workspace.client.request("DELETE", f"/api/links/{link['id']}").status == 204
    assert _delete(workspace, campaign).status == 204


def test_404_for_a_link_of_a_campaign_that_was_deleted(workspace: Workspace) -> None:
    campaign = workspace.link_campaign()
    _delete(workspace, campaign)
    wanted = {"url": "https://example.com/a", "campaign": campaign}
    assert_error(
        workspace.client.post("/api/links", json=wanted), 404, "resource_not_found", "campaign"
    )


def test_404_for_what_is_no_campaign(workspace: Workspace) -> None:
    for campaign in (ids.new("lcmp"), ids.new("cmp"), "x"):
        answer = workspace.client.get(f"/api/campaigns/{campaign}")
        assert_error(answer, 404, "resource_not_found")
