"""Rules that are suggested for a link, by who followed it."""

import re
from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock
from linkwright.ai.create.routing import least_share
from linkwright.links import items
from linkwright.providers.llm import Failure, ModelFailed
from tests import models
from tests.client import Answer
from tests.credits import balance
from tests.factories import TARGET, Workspace
from tests.insight import another_model, change_zone
from tests.models import Writer
from tests.stack import Stack

# What was clicked today is of that day, which does not end meanwhile.
pytestmark = pytest.mark.usefixtures("hand")


def counted(stack: Stack, workspace: Workspace, link: str, days_ago: int = 0, **row: int) -> None:
    """A row of a day, as clicks are counted into it; `country_SE` stands for `country#SE`."""
    day = clock.now() - timedelta(days=days_ago)
    key = items.day_row(items.link_rows(workspace.partition, link), f"{day:%Y%m%d}")
    named = {re.sub("^(country|device)_", r"\1#", name): n for name, n in row.items()}
    stack.put("MetricsTable", {**key.attributes(), **named})


def ask(workspace: Workspace, link: str, query: str = "") -> Answer:
    return workspace.client.get(f"/api/ai/routing-suggest/{link}{query}")


def charged(answer: Answer) -> int:
    return int(answer.headers["X-AI-Credits-Charged"])


@pytest.fixture
def link(stack: Stack, workspace: Workspace) -> str:
    """It is followed from two countries, and by phones."""
    link = str(workspace.link()["id"])
    seen = {"country_IL": 90, "country_SE": 30, "country_unknown": 30, "country_NP": 2}
    counted(stack, workspace, link, 1, clicks=152, device_desktop=52, device_mobile=100, **seen)
    return link


def test_200_each_rule_is_one_that_a_link_takes(workspace: Workspace, link: str) -> None:
    answer = ask(workspace, link)
    assert (answer.status, charged(answer), list(answer.json)) == (
        200,
        2,
        ["recommendations", "data"],
    )
    country, phones = answer.json["recommendations"]
    assert country == {
        "text": "25 % of 122 clicks came from SE: lead them to a page of their own.",
        "facts": ["share_SE"],
        "rule": {"geo": {"SE": TARGET}},
        "destination": "localized_page",
        "evidence": [{"dimension": "country", "value": "SE", "clicks": 30, "of": 122}],
    }
    assert phones["rule"] == {"ios": TARGET, "android": TARGET}
    assert [row["value"] for row in phones["evidence"]] == ["mobile"]
    for version, rule in enumerate((country["rule"], phones["rule"]), 1):
        path, headers = f"/api/links/{link}", {"If-Match": str(version)}
        changed = workspace.client.request("PATCH", path, json=rule, headers=headers)
        assert changed.status == 200
        assert changed.json["version"] == version + 1


def test_200_every_number_is_of_the_rows(workspace: Workspace, link: str) -> None:
    answer = ask(workspace, link).json
    facts = answer["data"]["facts"]
    assert facts["clicks"]["value"] == 152
    today = clock.now().date()
    assert facts["clicks"]["window"] == f"{today - timedelta(days=89)}/{today}"
    assert facts["share_SE"]["n"] == 122
    assert facts["share_SE"]["value"] == round(30 / 122, 4)
    assert set(facts["share_SE"]) == {"value", "unit", "window", "compared_with", "n"}
    for one in answer["recommendations"]:
        assert set(one["facts"]) <= set(facts)


def test_200_a_rule_that_a_link_has_is_not_recommended(workspace: Workspace, link: str) -> None:
    assert len(ask(workspace, link).json["recommendations"]) == 2
    rules = {"geo": {"SE": TARGET, "DE": TARGET}, "ios": TARGET}
    path = f"/api/links/{link}"
    workspace.client.request("PATCH", path, json=rules, headers={"If-Match": "1"})
    answer = ask(workspace, link)
    assert answer.headers["X-Cache"] == "miss"
    assert [one["rule"] for one in answer.json["recommendations"]] == [{"android": TARGET}]


def test_200_a_country_s_rule_keeps_those_of_others(stack: Stack, workspace: Workspace) -> None:
    link = workspace.link(geo={"DE": TARGET})["id"]
    counted(stack, workspace, link, clicks=200, country_IL=100, country_SE=100)
    (one,) = ask(workspace, link).json["recommendations"]
    assert one["rule"] == {"geo": {"DE": TARGET, "SE": TARGET}}


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"clicks": 99, "country_IL": 50, "country_SE": 49, "device_mobile": 99},
        # Enough of them, but of nobody is known whence or with what.
        {"clicks": 500, "country_unknown": 450, "country_SE": 50, "device_unknown": 500},
        {"clicks": 500, "country_other": 400, "country_XX": 100, "device_other": 500},
        {"bot_clicks": 500},
    ],
    ids=str,
)
def test_200_none_and_for_nothing_with_fewer_than_100_clicks(
    stack: Stack, workspace: Workspace, row: dict[str, int]
) -> None:
    link = workspace.link()["id"]
    counted(stack, workspace, link, **row)
    answer = ask(workspace, link)
    assert (answer.status, answer.json["recommendations"], charged(answer)) == (200, [], 0)
    assert answer.json["data"]["facts"]["clicks"]["value"] == row.get("clicks", 0)


def test_200_none_of_what_was_counted_long_ago(stack: Stack, workspace: Workspace) -> None:
    link = workspace.link()["id"]
    counted(stack, workspace, link, 90, clicks=500, device_mobile=500)
    assert ask(workspace, link).json["recommendations"] == []
    counted(stack, workspace, link, 89, clicks=500, device_mobile=500)
    assert ask(workspace, link, "?force=true").json["recommendations"]


def test_200_at_most_three_and_none_of_a_share_that_may_be_chance(
    stack: Stack, workspace: Workspace
) -> None:
    link = workspace.link()["id"]
    seen = {"country_IL": 400, "country_SE": 120, "country_DE": 110, "country_NP": 75}
    counted(stack, workspace, link, clicks=705, device_tablet=400, device_desktop=305, **seen)
    found = ask(workspace, link).json["recommendations"]
    assert [one["facts"] for one in found] == [["share_SE"], ["share_DE"], ["share_tablet"]]


def test_200_of_another_zone_or_model_is_another_answer(
    workspace: Workspace, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(workspace, link)
    change_zone(workspace)
    assert [ask(workspace, link).headers["X-Cache"] for _ in range(2)] == ["miss", "hit"]
    another_model(monkeypatch)
    assert ask(workspace, link).headers["X-Cache"] == "miss"


def test_200_of_a_repetition_is_kept_and_free(workspace: Workspace, link: str) -> None:
    first, second = ask(workspace, link), ask(workspace, link)
    assert (second.raw, charged(second), second.headers["X-Cache"]) == (first.raw, 0, "hit")
    assert charged(ask(workspace, link, "?force=true")) == 2


def test_404_for_another_workspace_s_link(workspace: Workspace, stack: Stack) -> None:
    assert ask(workspace, "lnk_01M3V7ME00EXAMP1EEXAMP1E02").status == 404
    assert stack.rows("LedgerTable", workspace.id) == []


def test_the_lower_end_of_a_share_is_wilson_s() -> None:
    assert round(least_share(10, 100), 4) == 0.0552
    assert round(least_share(30, 122), 4) == 0.178
    assert least_share(0, 100) == 0


# ---- models that are not to be trusted -----------------------------------------------------------


def test_200_a_model_chooses_among_rules_and_where_they_lead(
    workspace: Workspace, link: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    picks = [{"number": 2, "destination": "app_store"}]
    writer = models.use(monkeypatch, Writer({"picks": picks}))
    answer = ask(workspace, link)
    (one,) = answer.json["recommendations"]
    assert (one["destination"], one["rule"]) == ("app_store", {"ios": TARGET, "android": TARGET})
    assert charged(answer) == 2
    assert [rule["clicks"] for rule in writer.prompts[0].data["rules"]] == [30, 100]


@pytest.mark.parametrize(
    "said",
    [
        {"picks": [{"number": 3, "destination": "app_store"}]},
        {"picks": [{"number": 0, "destination": "localized_page"}]},
        {"picks": [{"number": 1, "destination": "app_store"}]},
        {"picks": [{"number": 1, "destination": "https://evil.example"}]},
        {"picks": []},
        '{"picks": [',
        ModelFailed(Failure.TOO_SLOW, "no answer in time"),
    ],
    ids=str,
)
def test_200_computed_and_free_where_a_model_lies_or_fails(
    workspace: Workspace, link: str, monkeypatch: pytest.MonkeyPatch, said: Any
) -> None:
    expected = ask(workspace, link).json
    before = balance(workspace).spent
    models.use(monkeypatch, Writer(said))
    answer = ask(workspace, link, "?force=true")
    assert (answer.json, charged(answer)) == (expected, 0)
    assert (balance(workspace).spent, balance(workspace).reserved) == (before, 0)
