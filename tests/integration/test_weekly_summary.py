"""The weekly summary: what the last week that is over came to, in the workspace's zone."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from linkwright import clock
from linkwright.links import items
from tests import insight, models
from tests.credits import balance
from tests.factories import Workspace
from tests.insight import texts, usual
from tests.models import Writer
from tests.stack import Stack

# A Wednesday.
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
WEEK = "2026-11-16/2026-11-22"


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a second later each time that anybody looks."""
    seconds = count()
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(seconds=next(seconds)))


def _link(workspace: Workspace, title: str = "Sale", **wanted: Any) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOW - timedelta(days=200))
        tagged = {"track_conversion": True, "utm_source": "mail"}
        return str(workspace.link(title=title, **tagged | wanted)["id"])


def _counted(stack: Stack, workspace: Workspace, link: str, clicks: list[int]) -> None:
    insight.put(stack, items.link_rows(workspace.partition, link), clicks)
    insight.put(stack, items.workspace_rows(workspace.partition), clicks)


def _told(workspace: Workspace, query: str = "") -> dict[str, Any]:
    answer = workspace.client.get(f"/api/ai/weekly-summary{query}")
    assert answer.status == 200, answer.raw
    return dict(answer.json)


def _live(workspace: Workspace, **settings: Any) -> None:
    version = workspace.client.get("/v1/workspace/settings").json["version"]
    answer = workspace.client.request(
        *("PATCH", "/v1/workspace/settings"), json=settings, headers={"If-Match": str(version)}
    )
    assert answer.status == 200, answer.raw


def test_200_tells_the_closed_week_and_nothing_of_the_days_behind_it(
    stack: Stack, workspace: Workspace
) -> None:
    """Sunday is three days ago."""
    clicks = [10] * 92
    clicks[-10:-3] = [20] * 7
    clicks[-3:] = [1000, 1000, 1000]
    _counted(stack, workspace, _link(workspace), clicks)
    shown = _told(workspace)
    assert shown["week"] == "2026-W47"
    facts = shown["data"]["facts"]
    assert (facts["clicks"]["value"], facts["clicks"]["window"]) == (140, WEEK)
    assert facts["before"]["value"] == 70
    assert facts["before"]["window"] == "2026-11-09/2026-11-15"
    assert shown["summary"].startswith(
        "140 clicks came from 16 November 2026 to 22 November 2026,"
        " 100% more than 70 clicks in the week before"
    )
    assert "1,000" not in " ".join(texts(shown))
    assert set(shown) == {
        *("summary", "why", "anomalies", "recommendations", "data", "generated_by", "week")
    }


def test_200_in_hebrew(stack: Stack, workspace: Workspace) -> None:
    clicks = [10] * 92
    clicks[-10:-3] = [20] * 7
    _counted(stack, workspace, _link(workspace), clicks)
    summary = _told(workspace, "?language=he")["summary"]
    assert summary.startswith("140 קליקים הגיעו מ-16 בנובמבר 2026 עד 22 בנובמבר 2026, 100% יותר")


def test_200_a_day_of_the_week_that_stands_out_is_told_of_its_link(
    stack: Stack, workspace: Workspace
) -> None:
    clicks = usual(50)
    clicks[-5] = 500
    _counted(stack, workspace, _link(workspace), clicks)
    (spike,) = _told(workspace)["anomalies"]
    assert spike["text"].startswith("“Sale”: 500 clicks came on 21 November 2026")


@pytest.mark.parametrize("ago", [1, 2, 11, 30])
def test_200_a_day_of_another_week_is_no_news(stack: Stack, workspace: Workspace, ago: int) -> None:
    clicks = usual(50)
    clicks[-1 - ago] = 500
    _counted(stack, workspace, _link(workspace), clicks)
    assert _told(workspace)["anomalies"] == []


@pytest.mark.parametrize(("since", "is_told"), [(18, True), (60, False)])
def test_200_a_link_that_died_is_told_for_some_weeks(
    stack: Stack, workspace: Workspace, since: int, is_told: bool
) -> None:
    dead, lives = _link(workspace, "Dead"), _link(workspace, "Lives")
    gone = [*usual(50, 92 - since), *[0] * since]
    insight.put(stack, items.link_rows(workspace.partition, dead), gone)
    _counted(stack, workspace, lives, usual(50, seed=2))
    assert ("“Dead”" in " ".join(texts(_told(workspace)))) is is_told


def test_200_a_week_in_which_nobody_came_after_one_with_many(
    stack: Stack, workspace: Workspace
) -> None:
    clicks = [10] * 92
    clicks[-10:] = [0] * 10
    _counted(stack, workspace, _link(workspace), clicks)
    summary = _told(workspace)["summary"]
    assert "100% fewer than 70 clicks in the week before" in summary
    assert "nothing" not in summary


@pytest.mark.parametrize(
    ("came", "said"), [(0, "there is nothing to tell yet"), (5, "too few to tell anything")]
)
def test_200_of_few_clicks_only_that(
    stack: Stack, workspace: Workspace, came: int, said: str
) -> None:
    link = _link(workspace)
    _counted(stack, workspace, link, [came, 0, 0, 0])
    shown = _told(workspace)
    assert texts(shown) == [shown["summary"]]
    assert shown["summary"].endswith(f"{said}.")
    assert shown["data"]["facts"]["clicks"]["value"] == came


@pytest.mark.parametrize(
    ("at", "zone", "week"),
    [
        ("2026-11-23T03:00:00", "America/New_York", "2026-W46"),
        ("2026-11-23T03:00:00", "Asia/Jerusalem", "2026-W47"),
        # The clocks of Jerusalem are turned back on the 25th of October.
        ("2026-10-25T21:30:00", "Asia/Jerusalem", "2026-W42"),
        ("2026-10-25T22:30:00", "Asia/Jerusalem", "2026-W43"),
        ("2027-01-04T12:00:00", "UTC", "2026-W53"),
    ],
)
def test_200_which_week_is_over_the_zone_says(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, at: str, zone: str, week: str
) -> None:
    _live(workspace, time_zone=zone)
    monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat(f"{at}+00:00"))
    assert _told(workspace)["week"] == week


def test_200_kept_for_a_day_and_for_its_week(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(hours: int) -> str:
        monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(hours=hours))
        return str(workspace.client.get("/api/ai/weekly-summary").headers["X-Cache"])

    assert [at(1), at(2), at(24)] == ["miss", "hit", "hit"]
    assert at(26) == "miss"
    # From a Sunday evening to Monday another week is over.
    assert [at(4 * 24 + 11), at(4 * 24 + 13)] == ["miss", "miss"]
    assert workspace.client.get("/api/ai/weekly-summary?language=he").headers["X-Cache"] == "miss"
    left = balance(workspace).remaining
    forced = workspace.client.get("/api/ai/weekly-summary?force=true")
    assert (forced.headers["X-Cache"], forced.headers["X-AI-Credits-Charged"]) == ("miss", "3")
    assert balance(workspace).remaining == left - 3
    _live(workspace, time_zone="Asia/Jerusalem")
    assert workspace.client.get("/api/ai/weekly-summary").headers["X-Cache"] == "miss"


@pytest.mark.parametrize("query", ["?language=fr", "?force=maybe", "?week=2026-W47"])
def test_400_of_a_query_that_means_nothing(workspace: Workspace, query: str) -> None:
    assert workspace.client.get(f"/api/ai/weekly-summary{query}").status == 400


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "1,120 clicks came in the 28 days to 22 November 2026, 100% more than 560 clicks"),
        ("he", "ב-28 ימים עד 22 בנובמבר 2026 הגיעו 1,120 קליקים, 100% יותר לעומת 560 קליקים"),
    ],
)
def test_200_what_lasted_is_told_with_the_day_on_which_its_days_end(
    stack: Stack, workspace: Workspace, language: str, said: str
) -> None:
    clicks = [*[20] * 61, *[40] * 28, *[40] * 3]
    _counted(stack, workspace, _link(workspace), clicks)
    shown = _told(workspace, f"?language={language}")
    of_trend = [one for one in shown["why"] if any("span" in fact for fact in one["facts"])]
    assert {said in one["text"] for one in of_trend} == {True}, texts(shown)
    assert shown["data"]["facts"]["growth_until"]["value"] == "2026-11-22/2026-11-22"


@pytest.mark.parametrize(
    ("span", "is_shown"), [("in the last {}", False), ("in the {} to {{growth_until}}", True)]
)
def test_200_a_model_that_leaves_that_day_out_is_not_shown(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, span: str, is_shown: bool
) -> None:
    within = span.format("{growth_span}")
    words = [
        {"finding": "growth", "text": f"{{growth_clicks}} came {within}."},
        {
            "finding": "growth_2",
            "text": "{growth_2_link}: {growth_2_clicks} in {growth_2_span} to {growth_2_until}.",
        },
    ]
    said = {"summary": "{clicks} came from {week}.", "findings": words}
    models.use(monkeypatch, Writer(said))
    _counted(stack, workspace, _link(workspace), [*[20] * 61, *[40] * 28, *[40] * 3])
    assert (_told(workspace)["generated_by"] != "deterministic") is is_shown


@pytest.mark.parametrize("days", range(5))
def test_200_with_a_link_that_was_made_since_the_week_was_over(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=days))
    workspace.link()
    assert _told(workspace)["data"]["facts"]["clicks"]["value"] == 0
