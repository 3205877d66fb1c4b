"""Conversions: what somebody did who followed a link, once for each click and event."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from linkwright import clock
from linkwright.links import items
from linkwright.table import Item, Table, get
from tests import clicks, shortlinks
from tests.client import Answer
from tests.factories import Workspace, make_workspace
from tests.stack import Stack


@pytest.fixture
def click(stack: Stack, workspace: Workspace) -> Item:
    return followed(stack, workspace)


def followed(stack: Stack, workspace: Workspace, *, tracked: bool = True, **more: Any) -> Item:
    link = workspace.link(track_conversion=tracked)["id"]
    item = clicks.click(workspace, link, **more)
    stack.put("ClicksTable", item)
    return item


def convert(workspace: Workspace, click: Item, event: str = "order", **more: Any) -> Answer:
    body = {"click_id": click["sk"], "event": event, **more}
    return workspace.client.post("/api/conversions", json=body)


def stored(stack: Stack, click: Item) -> list[Item]:
    return [row for row in stack.rows("ClicksTable") if row.get("click") == click["sk"]]


def test_201_a_conversion_is_counted_with_what_is_known_of_its_click(
    stack: Stack, workspace: Workspace
) -> None:
    click = followed(stack, workspace, qr=True, campaign="lcmp_1", country="IL")
    answer = convert(workspace, click, value=1990, currency="USD")
    assert answer.status == 201
    assert answer.json == {
        "click_id": click["sk"],
        "link_id": click["link"],
        "event": "order",
        "value": 1990,
        "currency": "USD",
        "created_at": answer.json["created_at"],
    }
    (item,) = stored(stack, click)
    assert clicks.count([item]) == {"batchItemFailures": []}
    day = clock.parse(item["at"]).strftime("%Y%m%d")
    for rows in (
        items.link_rows(workspace.partition, click["link"]),
        items.link_rows(workspace.partition, click["link"], scanned=True),
        items.campaign_rows(workspace.partition, "lcmp_1"),
        items.workspace_rows(workspace.partition),
    ):
        found = get(Table.METRICS, items.day_row(rows, day)) or {}
        assert (found["conversions"], found["value#USD"], found["conversion#order"]) == (1, 1990, 1)


def test_201_of_a_click_an_event_counts_once_and_the_first_stays(
    stack: Stack, workspace: Workspace, click: Item
) -> None:
    first = convert(workspace, click, value=5, currency="USD")
    again = convert(workspace, click, value=9, currency="EUR")
    other = convert(workspace, click, "signup")
    assert (first.status, again.status, again.json) == (201, 201, first.json)
    assert (other.status, len(stored(stack, click))) == (201, 2)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"event": ""}, "event"),
        ({"event": "a b"}, "event"),
        ({"event": "a#b"}, "event"),
        ({"value": -1, "currency": "USD"}, "value"),
        ({"value": 19.9, "currency": "USD"}, "value"),
        ({"value": "19", "currency": "USD"}, "value"),
        ({"value": 10**13, "currency": "USD"}, "value"),
        ({"value": 1, "currency": "usd"}, "currency"),
    ],
)
def test_400_for_what_is_no_event_and_no_amount(
    workspace: Workspace, click: Item, more: dict[str, Any], field: str
) -> None:
    answer = convert(workspace, click, **more)
    assert (answer.status, answer.error["field"]) == (400, field)


@pytest.mark.parametrize("more", [{"value": 1}, {"currency": "USD"}])
def test_400_for_a_value_without_a_currency_and_the_other_way_round(
    workspace: Workspace, click: Item, more: dict[str, Any]
) -> None:
    assert convert(workspace, click, **more).status == 400


@pytest.mark.parametrize("named", ["clk_1", "", "clk_01JQ8XW3M5T7Y9BDFHKNPR2S4V_0001", "x" * 90])
def test_404_or_400_for_a_click_that_is_none(workspace: Workspace, named: str) -> None:
    answer = convert(workspace, {"sk": named})
    assert answer.status == (404 if named else 400)
    assert answer.error["field"] == "click_id"


def test_404_for_another_workspaces_click_and_for_one_of_test_mode(
    stack: Stack, workspace: Workspace, other_workspace: Workspace
) -> None:
    for owner in (other_workspace, Workspace(workspace.item, "test")):
        answer = convert(workspace, followed(stack, owner))
        assert (answer.status, answer.error["field"]) == (404, "click_id")


def test_404_for_a_bots_click(stack: Stack, workspace: Workspace) -> None:
    assert convert(workspace, followed(stack, workspace, bot="known_agent")).status == 404


@pytest.mark.parametrize(("minutes", "status"), [(-1, 201), (1, 404)])
def test_404_after_90_days(stack: Stack, workspace: Workspace, minutes: int, status: int) -> None:
    at = clock.now() - timedelta(days=90, minutes=minutes)
    assert convert(workspace, followed(stack, workspace, at=at)).status == status


@pytest.mark.parametrize("days", [1, 7, 90])
@pytest.mark.parametrize(("minutes", "status"), [(-1, 201), (1, 404)])
def test_404_after_as_many_days_as_the_workspace_says_in_that_mode(
    stack: Stack, days: int, minutes: int, status: int
) -> None:
    workspace = make_workspace("pro", "live", {"conversion_window_days": days})
    at = clock.now() - timedelta(days=days, minutes=minutes)
    assert convert(workspace, followed(stack, workspace, at=at)).status == status
    in_test_mode = Workspace(workspace.item, "test")
    late = clock.now() - timedelta(days=89)
    assert convert(in_test_mode, followed(stack, in_test_mode, at=late)).status == 201


def test_404_for_a_link_that_was_deleted(workspace: Workspace, click: Item) -> None:
    assert workspace.client.request("DELETE", f"/api/links/{click['link']}").status == 204
    answer = convert(workspace, click)
    assert (answer.status, answer.error["field"]) == (404, "click_id")


def test_409_while_conversions_are_not_tracked(stack: Stack, workspace: Workspace) -> None:
    answer = convert(workspace, followed(stack, workspace, tracked=False))
    assert (answer.status, answer.error["reason"]) == (409, "not_tracked")


def test_a_redirect_tells_the_target_the_click_that_a_conversion_names(
    stack: Stack, workspace: Workspace
) -> None:
    link = workspace.link(track_conversion=True)
    answer = shortlinks.ask(f"/{link['alias']}")
    told = parse_qs(urlsplit(shortlinks.location(answer)).query)["lk_click"]
    assert convert(workspace, {"sk": told[0]}).status == 201
