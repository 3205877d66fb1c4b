"""The days that insight and the weekly summary tell of are those of the workspace's zone."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from linkwright import clock
from linkwright.links import items
from tests import insight
from tests.factories import Workspace
from tests.insight import texts, usual
from tests.stack import Stack

# A Monday, and the morning of it in New York.
NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
# There it is the evening of the 20th.
EVENING = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)
BY_ITSELF = "insight/link/{link}"
TOLD = pytest.mark.parametrize("path", [BY_ITSELF, "insight/account", "weekly-summary"])


@pytest.fixture(autouse=True)
def _at_nine(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a second later each time that anybody looks."""
    seconds = count()
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(seconds=next(seconds)))


@pytest.fixture
def new_york(workspace: Workspace) -> Workspace:
    insight.change_zone(workspace, "America/New_York")
    return workspace


def _made(workspace: Workspace, moment: datetime, **wanted: Any) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        return str(workspace.link(title="Sale", **wanted)["id"])


def _counted(stack: Stack, workspace: Workspace, link: str, clicks: list[int]) -> None:
    link_rows = items.link_rows
    for rows in (link_rows(workspace.partition, link), items.workspace_rows(workspace.partition)):
        insight.put(stack, rows, clicks)


def _told(workspace: Workspace, link: str, path: str) -> dict[str, Any]:
    answer = workspace.client.get(f"/api/ai/{path.format(link=link)}?force=true")
    assert answer.status == 200, answer.raw
    return dict(answer.json)


@TOLD
def test_200_the_evening_on_which_a_link_was_made_counts(
    stack: Stack, new_york: Workspace, path: str
) -> None:
    link = _made(new_york, EVENING)
    _counted(stack, new_york, link, [500, 30, 20, 0])
    facts = _told(new_york, link, path)["data"]["facts"]
    assert facts["untracked_clicks"]["value"] == 550
    assert facts["untracked_clicks"]["window"] == "2026-11-20/2026-11-22"


def test_200_so_does_that_of_its_first_scans(stack: Stack, new_york: Workspace) -> None:
    link = _made(new_york, EVENING)
    insight.put(stack, items.link_rows(new_york.partition, link, scanned=True), [500, 30, 20, 0])
    facts = _told(new_york, link, "insight/qr/{link}")["data"]["facts"]
    assert facts["clicks"]["value"] == 550
    assert facts["clicks"]["window"] == "2026-11-20/2026-11-23"


@pytest.mark.parametrize("path", [BY_ITSELF, "insight/account"])
def test_200_what_was_counted_in_another_zone_counts_where_days_begin_later(
    stack: Stack, new_york: Workspace, path: str
) -> None:
    link = _made(new_york, EVENING)
    _counted(stack, new_york, link, [500, 30, 20, 0])
    insight.change_zone(new_york, "Pacific/Kiritimati")
    facts = _told(new_york, link, path)["data"]["facts"]
    assert facts["untracked_clicks"]["value"] == 550


@TOLD
def test_200_the_days_of_its_end_and_of_its_last_change(
    stack: Stack, new_york: Workspace, path: str
) -> None:
    ends = clock.timestamp(EVENING + timedelta(days=6))
    tagged = {"track_conversion": True, "utm_source": "mail"}
    link = _made(new_york, NOW - timedelta(days=200), expires_at=ends, **tagged)
    clicks = usual(30)
    clicks[-4] = 300
    _counted(stack, new_york, link, clicks)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: EVENING)
        changed = new_york.client.request(
            *("PATCH", f"/api/links/{link}"), json={"title": "Sale!"}, headers={"If-Match": "1"}
        )
    assert changed.status == 200
    said = " ".join(texts(_told(new_york, link, path)))
    assert "300 clicks came on 20 November 2026" in said
    assert "It was changed on 20 November 2026." in said
    assert "It expires on 26 November 2026" in said
