"""Links that are to be looked at: what a scan finds of a workspace without reading its links."""

from datetime import timedelta
from typing import Any

import pytest

from linkwright import audit, clock, table
from linkwright.links import blocks, candidates
from linkwright.links.candidates import EXPIRING, NEAR_CAP, UNTRACKED
from linkwright.links.metrics import noticing
from linkwright.table import Item, Table
from linkwright.transaction import Outrun, Transaction
from tests import clicks, shortlinks
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.stack import Stack


def found(workspace: Workspace) -> set[tuple[str, str]]:
    rows, _ = candidates.find(workspace.partition)
    return {(one.reason, one.link) for one in rows}


def changed(workspace: Workspace, link: Item, **wanted: Any) -> Item:
    answer = workspace.client.request(
        *("PATCH", f"/api/links/{link['id']}"),
        json=wanted,
        headers={"If-Match": str(link["version"])},
    )
    assert answer.status == 200, answer.raw
    return dict(answer.json)


def deleted(workspace: Workspace, link: Item) -> None:
    assert workspace.client.request("DELETE", f"/api/links/{link['id']}").status == 204


def within(**time: float) -> str:
    return clock.timestamp(clock.now() + timedelta(**time))


def blocked(workspace: Workspace, link: Item, *, so: bool) -> None:
    tx = Transaction(workspace.partition, "req_test", audit.OPERATOR)
    assert blocks.block(link["id"], workspace.partition, tx, blocked=so)
    tx.commit()


def rows(workspace: Workspace) -> list[Item]:
    """All that lies there, also what is not to be looked at yet."""
    found, _ = table.query(
        Table.CORE, candidates.key(workspace.partition, "").pk, limit=1000, strong=True
    )
    return found


def followed(stack: Stack, workspace: Workspace, link: Item, times: int, **more: Any) -> None:
    made = [clicks.click(workspace, link["id"], **more) for _ in range(times)]
    for item in made:
        stack.put("ClicksTable", item)
    assert clicks.count(made) == {"batchItemFailures": []}


# ---- those that are over soon --------------------------------------------------------------------


def test_a_link_that_is_over_within_a_week_is_found_and_no_other(workspace: Workspace) -> None:
    soon = workspace.link(expires_at=within(days=6, hours=23))
    workspace.link(expires_at=within(days=7, hours=1))
    workspace.link()
    assert found(workspace) == {(EXPIRING, soon["id"])}


def test_one_that_is_over_is_found_no_more(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = workspace.link(expires_at=within(days=3))
    then = clock.parse(link["expires_at"])
    for at, wanted in ((-1, {(EXPIRING, link["id"])}), (0, set()), (1, set())):
        now = then + timedelta(seconds=at)
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        assert found(workspace) == wanted
    [row] = rows(workspace)
    assert row["ttl"] == int(then.timestamp()) + 24 * 3600


def test_each_change_of_the_end_is_followed(workspace: Workspace) -> None:
    link = workspace.link()
    wanted = {(EXPIRING, link["id"])}
    for end, is_found in [(2, True), (30, False), (3, True), (4, True)]:
        link = changed(workspace, link, expires_at=within(days=end))
        assert found(workspace) == (wanted if is_found else set())
        assert len(rows(workspace)) == 1
    link = changed(workspace, link, title="No other end")
    assert len(rows(workspace)) == 1
    changed(workspace, link, expires_at=None)
    assert rows(workspace) == []


@pytest.mark.parametrize("way", ["bulk", "upsert"])
def test_by_whatever_way_it_is_made_and_changed(workspace: Workspace, way: str) -> None:
    wanted = {"url": shortlinks.TARGET, "expires_at": within(days=1), "external_id": "mine"}
    if way == "bulk":
        body = {"links": [wanted, {"url": shortlinks.TARGET}]}
        made = workspace.client.post("/api/links/bulk", json=body).json["results"][0]["link"]
    else:
        made = workspace.client.request("PUT", "/api/links/upsert", json=wanted).json
    assert found(workspace) == {(EXPIRING, made["id"])}
    later = {**wanted, "expires_at": within(days=40)}
    assert workspace.client.request("PUT", "/api/links/upsert", json=later).status == 200
    assert found(workspace) == set()
    assert len(rows(workspace)) == 1


def test_a_hundred_that_end_are_made_at_once(workspace: Workspace) -> None:
    one = {"url": shortlinks.TARGET, "expires_at": within(days=1), "tags": ["a", "b", "c"]}
    answer = workspace.client.post("/api/links/bulk", json={"links": [one] * 100})
    assert {result["status"] for result in answer.json["results"]} == {201}
    seen, behind = candidates.find(workspace.partition, limit=30)
    while behind is not None:
        page, behind = candidates.find(workspace.partition, behind=behind, limit=30)
        seen += page
    assert {one.link for one in seen} == {one["link"]["id"] for one in answer.json["results"]}
    assert len(seen) == 100


# ---- what leads nowhere --------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["archived", "blocked", "deleted"])
def test_what_leads_nowhere_is_not_looked_at(stack: Stack, workspace: Workspace, how: str) -> None:
    link = workspace.link(expires_at=within(days=1), click_cap=3)
    shortlinks.ask(f"/{link['alias']}")
    shortlinks.ask(f"/{link['alias']}", address="192.0.2.2")
    assert clicks.count(shortlinks.clicks_of(stack, link["id"])) == {"batchItemFailures": []}
    everything = {(EXPIRING, link["id"]), (NEAR_CAP, link["id"])}
    assert found(workspace) == everything
    if how == "archived":
        link = changed(workspace, link, archived=True)
    elif how == "blocked":
        blocked(workspace, link, so=True)
    else:
        deleted(workspace, link)
    assert rows(workspace) == []
    if how == "archived":
        changed(workspace, link, archived=False)
    elif how == "blocked":
        blocked(workspace, link, so=False)
    else:
        # The worker may hear of its clicks only now.
        assert clicks.count(shortlinks.clicks_of(stack, link["id"])) == {"batchItemFailures": []}
        assert rows(workspace) == []
        return
    # That it is followed often is not known: it is to be looked at.
    assert found(workspace) == {*everything, (UNTRACKED, link["id"])}


# ---- those whose cap is nearly used up -----------------------------------------------------------


def test_a_cap_is_near_from_nine_tenths_of_it(stack: Stack, workspace: Workspace) -> None:
    link = workspace.link(click_cap=10)
    for passed in range(1, 11):
        shortlinks.ask(f"/{link['alias']}", address=f"192.0.2.{passed}")
        clicks.count(shortlinks.clicks_of(stack, link["id"]))
        # What was noted stays until somebody looks.
        wanted = {(NEAR_CAP, link["id"])} if passed >= 9 else set()
        assert found(workspace) == wanted, passed


def test_another_cap_is_looked_at_and_none_is_not(stack: Stack, workspace: Workspace) -> None:
    link = workspace.link(click_cap=1000)
    assert found(workspace) == set()
    link = changed(workspace, link, click_cap=1)
    assert found(workspace) == {(NEAR_CAP, link["id"])}
    changed(workspace, link, click_cap=None)
    assert rows(workspace) == []


# ---- those that are followed often, untracked ----------------------------------------------------


def test_a_hundred_clicks_within_a_week_of_whom_nobody_is_told(
    stack: Stack, workspace: Workspace
) -> None:
    link, tracked = workspace.link(), workspace.link(track_conversion=True)
    today = clock.now()
    followed(stack, workspace, link, 30, at=today - timedelta(days=7))
    followed(stack, workspace, link, 60, at=today - timedelta(days=6))
    followed(stack, workspace, link, 39, at=today)
    followed(stack, workspace, link, 9, at=today, bot="head")
    followed(stack, workspace, tracked, 120, at=today, tracks=True)
    assert found(workspace) == set()
    followed(stack, workspace, link, 1, at=today)
    assert found(workspace) == {(UNTRACKED, link["id"])}
    link = changed(workspace, link, track_conversion=True)
    assert rows(workspace) == []
    # How many followed it nobody counts again.
    changed(workspace, link, track_conversion=False)
    assert found(workspace) == {(UNTRACKED, link["id"])}


def test_what_was_counted_and_not_looked_at_is_delivered_again(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = workspace.link()
    made = [clicks.click(workspace, link["id"]) for _ in range(100)]
    for item in made:
        stack.put("ClicksTable", item)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(noticing, "_note", dies)
        with pytest.raises(KeyboardInterrupt):
            clicks.count(made)
    assert found(workspace) == set()
    assert clicks.count(made) == {"batchItemFailures": []}
    assert found(workspace) == {(UNTRACKED, link["id"])}


# ---- who reads -----------------------------------------------------------------------------------


def test_a_workspace_has_its_own(workspace: Workspace) -> None:
    workspace.link(expires_at=within(days=1))
    assert found(make_workspace()) == set()


def test_what_was_noted_again_is_not_dismissed(workspace: Workspace, hand: Hand) -> None:
    link = workspace.link(click_cap=9)
    link = changed(workspace, link, click_cap=8)
    [seen], _ = candidates.find(workspace.partition)
    # In memory both fall into one millisecond.
    hand.move(1)
    changed(workspace, link, click_cap=7)
    tx = Transaction(workspace.partition, "req_test")
    candidates.dismiss(tx, seen)
    with pytest.raises(Outrun):
        tx.commit()
    [again], _ = candidates.find(workspace.partition)
    tx = Transaction(workspace.partition, "req_test")
    candidates.dismiss(tx, again)
    tx.commit()
    assert rows(workspace) == []
