"""What campaigns and domains know of their links: whoever deletes one leaves no link behind."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from linkwright.transaction import Transaction
from tests.client import Answer
from tests.factories import TARGET, Workspace


class Group(NamedTuple):
    """What links are in by a field, and another one of its kind."""

    field: str
    path: str
    id: str
    other: str
    workspace: Workspace

    def delete(self) -> Answer:
        return self.workspace.client.request("DELETE", f"{self.path}/{self.id}")

    def link(self, **wanted: Any) -> dict[str, Any]:
        return self.workspace.link(**{self.field: self.id}, **wanted)

    def drop(self, link: str) -> None:
        assert self.workspace.client.request("DELETE", f"/api/links/{link}").status == 204


@pytest.fixture(params=["campaign", "domain"])
def group(request: pytest.FixtureRequest, workspace: Workspace, name: str) -> Group:
    if request.param == "campaign":
        ids = (workspace.link_campaign(), workspace.link_campaign())
    else:
        ids = (workspace.proven(name), workspace.proven())
    return Group(request.param, f"/api/{request.param}s", *ids, workspace)


def _change(workspace: Workspace, link: str, **fields: Any) -> None:
    path = f"/api/links/{link}"
    headers = {"If-Match": str(workspace.client.get(path).json["version"])}
    assert workspace.client.request("PATCH", path, json=fields, headers=headers).status == 200


def _meanwhile(patch: pytest.MonkeyPatch, do: Callable[[], Any]) -> list[Any]:
    """Done once, by another one, just before anything is written; the list has what came of it."""
    commit, found = Transaction.commit, list[Any]()

    def first(tx: Transaction) -> None:
        patch.setattr(Transaction, "commit", commit)
        found.append(do())
        commit(tx)

    patch.setattr(Transaction, "commit", first)
    return found


def test_409_until_the_last_of_its_links_is_gone(group: Group) -> None:
    workspace = group.workspace
    wanted = {"url": TARGET, group.field: group.id}
    done = workspace.client.post("/api/links/bulk", json={"links": [wanted] * 3}).json["results"]
    links = [group.link()["id"], *(one["link"]["id"] for one in done)]
    upsert = workspace.client.request(
        "PUT", "/api/links/upsert", json=wanted | {"external_id": "mine"}
    )
    assert upsert.status == 200
    links.append(upsert.json["id"])
    moved = workspace.link(**{group.field: group.other})["id"]
    _change(workspace, moved, **{group.field: group.id})
    # A change of anything else is none of where it is.
    _change(workspace, moved, title="Moved")
    ways: list[Callable[[str], None]] = [
        lambda link: _change(workspace, link, **{group.field: group.other}),
        lambda link: _change(workspace, link, **{group.field: None, "alias": f"at-{link}"}),
        group.drop,
    ]
    for at, link in enumerate([*links, moved]):
        refused = group.delete()
        assert (refused.status, refused.error["reason"]) == (409, f"{group.field}_in_use")
        ways[min(at, 2)](link)
    assert group.delete().status == 204
    assert group.delete().status == 404


def test_409_a_link_that_is_made_while_it_is_deleted(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No index has to learn of the link for that."""
    made = _meanwhile(monkeypatch, group.link)
    refused = group.delete()
    assert (refused.status, refused.error["reason"]) == (409, f"{group.field}_in_use")
    group.drop(made[0]["id"])
    assert group.delete().status == 204


def test_404_a_link_of_what_is_deleted_while_it_is_made(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted = _meanwhile(monkeypatch, group.delete)
    wanted = {"url": TARGET, group.field: group.id}
    refused = group.workspace.client.post("/api/links", json=wanted)
    assert [one.status for one in deleted] == [204]
    assert (refused.status, refused.json["field"]) == (404, group.field)
