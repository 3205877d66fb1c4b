"""A link's numbers: what is shown of the rows that clicks were counted into, and its price."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.aws_calls import Meter
from linkwright import clock, table
from linkwright.links import items
from tests import clicks
from tests.client import Answer
from tests.factories import Workspace, make_workspace
from tests.stack import Stack

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
(WINDOWS, IPHONE, *_) = clicks.AGENTS


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def analytics(workspace: Workspace, link_id: str, query: str = "") -> Answer:
    return workspace.client.get(f"/api/links/{link_id}/analytics?{query.removeprefix('?')}")


def shown(workspace: Workspace, link: str, query: str = "") -> dict[str, Any]:
    answer = analytics(workspace, link, query)
    assert answer.status == 200, answer.raw
    return dict(answer.json)


def followed(stack: Stack, workspace: Workspace, link: str, at: str, **more: Any) -> Any:
    item = clicks.click(workspace, link, clock.parse(at), **more)
    stack.put("ClicksTable", item)
    assert clicks.count([item]) == {"batchItemFailures": []}
    return item


def points(told: dict[str, Any]) -> dict[str, int]:
    """Where there are clicks."""
    return {point["start"]: point["clicks"] for point in told["series"] if point["clicks"]}


@pytest.mark.slow
def test_200_numbers_of_a_link_with_all_that_is_known(stack: Stack, workspace: Workspace) -> None:
    link = workspace.link()["id"]
    seen = {"ua": IPHONE, "country": "IL", "referrer": "news.example"}
    first = followed(stack, workspace, link, "2026-11-09T10:00:00Z", **seen, qr=True)
    followed(stack, workspace, link, "2026-11-10T11:00:00Z", **seen)
    followed(stack, workspace, link, "2026-11-10T11:30:00Z", ua=WINDOWS)
    followed(stack, workspace, link, "2026-11-10T11:30:00Z", bot="head")
    followed(stack, workspace, link, "2026-11-10T11:30:00Z", bot="known_agent", kind="preview")
    done = clicks.conversion(first, "order", NOW, 1990, "USD")
    stack.put("ClicksTable", done)
    clicks.count([done])
    told = shown(workspace, link)
    series = told.pop("series")
    assert told == {
        "link_id": link,
        "from": "2026-10-12",
        "to": "2026-11-10",
        "interval": "day",
        "timezone": "UTC",
        "clicks": 3,
        "bot_clicks": 2,
        "previews": 1,
        "qr": 1,
        "conversions": 1,
        "values": {"USD": 1990},
        "breakdowns": {
            "country": [{"name": "IL", "count": 2}, {"name": "unknown", "count": 1}],
            "device": [{"name": "mobile", "count": 2}, {"name": "desktop", "count": 1}],
            "browser": [{"name": "Safari", "count": 2}, {"name": "Chrome", "count": 1}],
            "referrer": [{"name": "news.example", "count": 2}, {"name": "direct", "count": 1}],
            "qr": [{"name": "link", "count": 2}, {"name": "qr", "count": 1}],
            "conversion": [{"name": "order", "count": 1}],
        },
    }
    assert len(series) == 30
    of_today = {"clicks": 2, "bot_clicks": 2, "qr": 0, "conversions": 1}
    assert series[-1] == {"start": "2026-11-10T00:00:00Z", **of_today}
    assert series[0]["clicks"] == 0


def test_200_of_a_link_that_nobody_followed(workspace: Workspace) -> None:
    told = shown(workspace, workspace.link()["id"])
    assert (told["clicks"], points(told), told["breakdowns"]["country"]) == (0, {}, [])


@pytest.mark.parametrize(
    ("interval", "starts"),
    [
        ("hour", {"2026-10-31T23:00:00Z": 1, "2026-11-09T10:00:00Z": 1}),
        ("day", {"2026-10-31T00:00:00Z": 1, "2026-11-09T00:00:00Z": 1}),
        ("week", {"2026-10-26T00:00:00Z": 1, "2026-11-09T00:00:00Z": 1}),
        ("month", {"2026-10-20T00:00:00Z": 1, "2026-11-01T00:00:00Z": 1}),
    ],
)
def test_200_by_interval_from_monday_and_from_the_first(
    stack: Stack, workspace: Workspace, interval: str, starts: dict[str, int]
) -> None:
    link = workspace.link()["id"]
    for at in ("2026-10-31T23:59:59Z", "2026-11-09T10:00:00Z"):
        followed(stack, workspace, link, at)
    query = f"?from=2026-10-20&to=2026-11-10&interval={interval}"
    assert points(shown(workspace, link, query)) == starts


def test_200_days_are_of_the_workspaces_zone(stack: Stack) -> None:
    workspace = make_workspace(settings={"time_zone": "Asia/Kathmandu"})
    link = workspace.link()["id"]
    followed(stack, workspace, link, "2026-11-09T18:14:00Z")
    followed(stack, workspace, link, "2026-11-09T18:15:00Z")
    told = shown(workspace, link)
    assert points(told) == {"2026-11-08T18:15:00Z": 1, "2026-11-09T18:15:00Z": 1}
    assert points(shown(workspace, link, "?from=2026-11-09&interval=hour")) == {
        "2026-11-09T17:15:00Z": 1,
        "2026-11-09T18:15:00Z": 1,
    }


def test_200_the_day_on_which_clocks_go_back_has_an_hour_twice_which_is_one(stack: Stack) -> None:
    workspace = make_workspace(settings={"time_zone": "Asia/Jerusalem"})
    link = workspace.link()["id"]
    # Both at half past one, by the clock.
    followed(stack, workspace, link, "2026-10-24T22:30:00Z")
    followed(stack, workspace, link, "2026-10-24T23:30:00Z")
    query = "?from=2026-10-25&to=2026-10-25"
    assert points(shown(workspace, link, query)) == {"2026-10-24T21:00:00Z": 2}
    by_hour = shown(workspace, link, f"{query}&interval=hour")
    assert (points(by_hour), len(by_hour["series"])) == ({"2026-10-24T22:00:00Z": 2}, 24)


def test_200_the_day_on_which_clocks_go_forward_has_23_hours(stack: Stack) -> None:
    workspace = make_workspace(settings={"time_zone": "America/New_York"})
    query = "?from=2026-03-08&to=2026-03-08&interval=hour"
    assert len(shown(workspace, workspace.link()["id"], query)["series"]) == 23


def test_200_in_another_zone_by_the_hours(stack: Stack, workspace: Workspace) -> None:
    link = workspace.link()["id"]
    followed(stack, workspace, link, "2026-11-09T22:30:00Z")
    followed(stack, workspace, link, "2026-11-09T21:30:00Z")
    told = shown(workspace, link, "?timezone=Asia/Jerusalem&from=2026-11-09")
    assert (told["timezone"], told["clicks"]) == ("Asia/Jerusalem", 2)
    assert points(told) == {"2026-11-08T22:00:00Z": 1, "2026-11-09T22:00:00Z": 1}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?from=2026-08-12&timezone=Asia/Jerusalem", "timezone"),
        ("?from=2026-11-01&timezone=Asia/Kathmandu", "timezone"),
        ("?timezone=Mars/Olympus", "timezone"),
        ("?from=2025-11-09", "from"),
        ("?from=2026-10-10&interval=hour", "from"),
        ("?from=2026-11-31", "from"),
        ("?from=2026-W48-6", "from"),
        ("?from=20261101", "from"),
        ("?to=1999-01-01", "to"),
        ("?interval=minute", "interval"),
    ],
)
def test_400_for_what_is_not_answered(workspace: Workspace, query: str, field: str) -> None:
    answer = analytics(workspace, workspace.link()["id"], query)
    assert (answer.status, answer.error["field"]) == (400, field)


def test_400_for_a_range_that_ends_before_it_begins(workspace: Workspace) -> None:
    answer = analytics(workspace, workspace.link()["id"], "?from=2026-11-05&to=2026-11-04")
    assert answer.status == 400


def test_200_for_the_earliest_day_of_another_zone(workspace: Workspace) -> None:
    query = "?from=2026-08-13&timezone=Asia/Jerusalem"
    assert analytics(workspace, workspace.link()["id"], query).status == 200


@pytest.mark.parametrize(
    ("own", "asked"), [("Asia/Kathmandu", "Asia/Katmandu"), ("Asia/Jerusalem", "Israel")]
)
def test_200_a_zone_by_another_name_is_the_workspace_s_own(own: str, asked: str) -> None:
    workspace = make_workspace(settings={"time_zone": own})
    query = f"?from=2026-08-01&to=2026-08-03&timezone={asked}"
    answer = analytics(workspace, workspace.link()["id"], query)
    assert (answer.status, answer.json["timezone"]) == (200, asked)


def test_404_for_a_link_that_was_deleted_and_for_anothers(
    stack: Stack, workspace: Workspace, other_workspace: Workspace
) -> None:
    link = workspace.link()["id"]
    followed(stack, workspace, link, "2026-11-09T10:00:00Z")
    assert analytics(other_workspace, link).status == 404
    assert workspace.client.request("DELETE", f"/api/links/{link}").status == 204
    assert analytics(workspace, link).status == 404


@pytest.mark.parametrize("query", ["", "?timezone=Asia/Jerusalem&from=2026-10-20"])
@pytest.mark.slow
def test_units_are_the_same_for_a_thousand_clicks_and_a_million(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    """The rows are as many, and numbers of more digits are hardly longer."""
    meter = Meter(table.driver())
    units = []
    for number in (1_111, 1_111_111):
        link = workspace.link()["id"]
        stack.put("MetricsTable", *rows_of(workspace, link, number))
        with monkeypatch.context() as patch:
            patch.setattr(table, "driver", lambda: meter)
            meter.reset()
            shown(workspace, link, query)
        units.append(meter.read_units)
    assert 0 < units[0] <= units[1] <= units[0] * 1.25


def rows_of(workspace: Workspace, link: str, each: int) -> list[dict[str, Any]]:
    """Of 30 days and their hours, with all that a row has room for."""
    name = items.link_rows(workspace.partition, link)
    shares = {f"referrer#site-{at}.example": each for at in range(50)}
    shares |= {f"country#{a}{b}": each for a in "ABCDEFG" for b in "ABCDEFG"}
    counted = {"clicks": each, "bot_clicks": each, **shares}
    found = []
    for hour in range(30 * 24):
        at = NOW - timedelta(hours=hour)
        day, of_hour = at.strftime("%Y%m%d"), at.hour
        found.append({**items.hour_row(name, day, of_hour).attributes(), **counted})
        if of_hour == 0:
            found.append({**items.day_row(name, day).attributes(), **counted})
    return found
