"""Links when many ask at once. Judged by MiniStack: in memory one asks after another."""

from collections import Counter

import pytest

from linkwright.links import items
from linkwright.table import Item, Table, get
from linkwright.usage import standing
from tests.client import Answer
from tests.factories import TARGET, Workspace, make_workspace
from tests.integration.test_concurrency import at_once
from tests.stack import Stack

AT_ONCE = 20


def _upsert(workspace: Workspace, title: str) -> Answer:
    body = {"url": TARGET, "external_id": "mine", "title": title}
    return workspace.client.request("PUT", "/api/links/upsert", json=body)


def _counted(workspace: Workspace) -> int:
    return int((get(Table.CORE, standing(workspace.partition, "links")) or {}).get("committed", 0))


def _rows(stack: Stack, workspace: Workspace) -> list[Item]:
    return stack.rows("CoreTable", workspace.id)


def test_200_one_link_for_twenty_upserts_of_one_external_id(stack: Stack) -> None:
    workspace = make_workspace("enterprise")
    answers = at_once(AT_ONCE, lambda _: _upsert(workspace, "the same"))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.raw for answer in answers}) == 1
    told = Counter(row["type"] for row in _rows(stack, workspace) if "sequence" in row)
    assert told == {"link.created": 1}
    assert _counted(workspace) == 1


def test_200_each_change_once_for_twenty_upserts_that_differ(stack: Stack) -> None:
    """Who met others three times is told to try again, and has changed nothing."""
    workspace = make_workspace("enterprise")
    answers = at_once(AT_ONCE, lambda at: _upsert(workspace, str(at)))
    done = [answer.json for answer in answers if answer.status == 200]
    assert {answer.status for answer in answers} <= {200, 503}
    assert len({link["id"] for link in done}) == 1
    assert sorted(link["version"] for link in done) == list(range(1, len(done) + 1))
    last = max(done, key=lambda link: link["version"])
    assert workspace.client.get(f"/api/links/{last['id']}").json == last
    links = [row for row in _rows(stack, workspace) if row["pk"].endswith("#LNK")]
    assert len(links) == _counted(workspace) == 1


def test_200_one_link_for_twenty_upserts_that_name_an_alias_too(stack: Stack) -> None:
    workspace = make_workspace("enterprise")
    body = {"url": TARGET, "external_id": "mine", "alias": "named"}
    path = "/api/links/upsert"
    answers = at_once(AT_ONCE, lambda _: workspace.client.request("PUT", path, json=body))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.raw for answer in answers}) == 1


def test_201_once_for_twenty_who_want_one_alias(stack: Stack) -> None:
    workspaces = [make_workspace() for _ in range(AT_ONCE)]
    body = {"url": TARGET, "alias": "wanted"}
    answers = at_once(AT_ONCE, lambda at: workspaces[at].client.post("/api/links", json=body))
    assert Counter(answer.status for answer in answers) == {201: 1, 409: AT_ONCE - 1}
    (link,) = [answer.json for answer in answers if answer.status == 201]
    assert (get(Table.CORE, items.alias_key("-", "wanted")) or {})["link"] == link["id"]
    assert sum(_counted(workspace) for workspace in workspaces) == 1


def test_402_no_link_more_than_the_plan_has(stack: Stack) -> None:
    workspace = make_workspace("free")
    where = standing(workspace.partition, "links").attributes()
    stack.put("CoreTable", {**where, "committed": workspace_limit(workspace) - 5})
    body = {"url": TARGET}
    answers = at_once(AT_ONCE, lambda _: workspace.client.post("/api/links", json=body))
    assert Counter(answer.status for answer in answers) == {201: 5, 402: AT_ONCE - 5}


def workspace_limit(workspace: Workspace) -> int:
    limit: int = workspace.client.get("/v1/whoami").json["limits"]["links"]
    return limit


@pytest.mark.slow
def test_200_one_set_of_links_for_five_pushes_under_one_key(stack: Stack) -> None:
    """One is at work at a time, and each of the sixty links is made by one of them."""
    workspace = make_workspace("enterprise")
    body = {"links": [{"url": TARGET, "title": str(at), "tags": ["t"]} for at in range(60)]}

    def push(_: int) -> Answer:
        headers = {"Idempotency-Key": "push"}
        return workspace.client.post("/api/links/bulk", json=body, headers=headers)

    answers = at_once(5, push)
    assert {answer.status for answer in answers} <= {200, 409, 503}
    last = push(0)
    assert [row["status"] for row in last.json["results"]] == [201] * 60
    assert {answer.raw for answer in answers if answer.status == 200} <= {last.raw}
    links = [row for row in _rows(stack, workspace) if row["pk"].endswith("#LNK")]
    assert sorted(row["sk"] for row in links) == sorted(
        row["link"]["id"] for row in last.json["results"]
    )
    assert _counted(workspace) == 60
