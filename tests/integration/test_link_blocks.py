"""What the operator blocks: links and hosts, by hand."""

from typing import Any

import pytest

from linkwright.links import blocks, items
from linkwright.table import Table, get
from tests.clocks import Hand
from tests.factories import Workspace
from tests.stack import Stack
from tools import links as commands


def _events(stack: Stack, workspace: Workspace) -> list[tuple[str, int, bool]]:
    rows = [row for row in stack.rows("CoreTable", workspace.id) if "sequence" in row]
    told = sorted(rows, key=lambda row: int(row["sequence"]))
    return [(row["type"], int(row["sequence"]), row["object"]["blocked"]) for row in told]


def test_a_link_is_blocked_by_its_address_and_let_on_again(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    link = workspace.link(alias="Harm-1")
    for named in (link["short_url"], link["alias"], "HARM-1"):
        hand.move(0.001)  # two of one millisecond have no order
        assert commands.set_blocked(named, None, blocked=True)
        hand.move(0.001)
        assert not commands.set_blocked(named, None, blocked=True)
        assert commands.set_blocked(link["id"], workspace.partition, blocked=False)
    hand.move(0.001)
    assert commands.set_blocked(link["short_url"], None, blocked=True)
    shown = workspace.client.get(f"/api/links/{link['id']}").json
    assert (shown["blocked"], shown["version"]) == (True, 8)
    assert (get(Table.CORE, items.alias_key("-", "harm-1")) or {})["blocked"] is True
    assert _events(stack, workspace)[:3] == [
        *(("link.created", 1, False), ("link.blocked", 2, True), ("link.blocked", 3, False))
    ]
    log = workspace.client.get(f"/v1/workspace/audit?object={link['id']}").json["data"]
    assert [entry["action"] for entry in log[-2:]] == ["link.unblocked", "link.blocked"]
    assert {entry["actor"]["type"] for entry in log} == {"operator"}


def test_a_change_of_its_owner_leaves_it_blocked(workspace: Workspace) -> None:
    link = workspace.link()
    commands.set_blocked(link["id"], workspace.partition, blocked=True)
    changed = workspace.client.request(
        "PATCH",
        f"/api/links/{link['id']}",
        json={"url": "https://example.com/else"},
        headers={"If-Match": "2"},
    )
    assert (changed.status, changed.json["blocked"]) == (200, True)
    alias = get(Table.CORE, items.alias_key("-", link["alias"])) or {}
    assert alias["blocked"] is True


def test_a_link_of_another_host_is_none_of_the_same_alias_at_ours(workspace: Workspace) -> None:
    link = workspace.link(alias="sale-77")
    workspace.proven("go.customer.example")
    with pytest.raises(LookupError):
        commands.set_blocked("https://go.customer.example/sale-77", None, blocked=True)
    assert not workspace.client.get(f"/api/links/{link['id']}").json["blocked"]
    assert commands.set_blocked(f"{link['short_url']}/?qr=1#x", None, blocked=True)


def test_one_that_its_owner_changes_at_that_moment_is_blocked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, block = workspace.link(), blocks.block
    left = ["once"]

    def meanwhile(*args: Any, **how: Any) -> bool:
        is_changed = block(*args, **how)
        if left:
            left.clear()
            path, seen = f"/api/links/{link['id']}", {"If-Match": "1"}
            wanted = {"title": "New"}
            answer = workspace.client.request("PATCH", path, json=wanted, headers=seen)
            assert answer.status == 200, answer.raw
        return is_changed

    monkeypatch.setattr(blocks, "block", meanwhile)
    assert commands.set_blocked(link["id"], workspace.partition, blocked=True)
    shown = workspace.client.get(f"/api/links/{link['id']}").json
    assert (shown["blocked"], shown["title"]) == (True, "New")


def test_what_is_no_link_is_not_blocked(workspace: Workspace) -> None:
    gone = workspace.link()
    assert workspace.client.request("DELETE", f"/api/links/{gone['id']}").status == 204
    for named in (gone["short_url"], "https://go.example.com/", "nothing", ""):
        with pytest.raises(LookupError):
            commands.set_blocked(named, None, blocked=True)
    for link_id in (gone["id"], "lnk_nothing", "agt_1"):
        with pytest.raises(LookupError):
            commands.set_blocked(link_id, workspace.partition, blocked=True)


def test_hosts_are_blocked_listed_and_let_on_again(stack: Stack) -> None:
    for name in ("evil.example", "b.example", "evil.example"):
        commands.block_host(name, "phishing")
    assert [(row["sk"], row["reason"]) for row in blocks.hosts()] == [
        *(("b.example", "phishing"), ("evil.example", "phishing"))
    ]
    for name in ("evil.example", "b.example"):
        commands.unblock_host(name)
    assert blocks.hosts() == []
    with pytest.raises(LookupError):
        commands.unblock_host("evil.example")


def test_a_host_is_named_as_dns_names_it() -> None:
    for text in ("Bücher.Example", "https://bücher.example/x?y", "xn--bcher-kva.example"):
        assert blocks.named(text) == "xn--bcher-kva.example"
    for text in ("", "a b", "user@evil.example", "javascript:x"):
        with pytest.raises(ValueError, match=r".*"):
            blocks.named(text)
