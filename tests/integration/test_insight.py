"""Insight into links, scans, campaigns and the workspace, as the model that computes words it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from linkwright import clock
from linkwright.links import items
from tests import insight
from tests.credits import balance
from tests.factories import Workspace
from tests.insight import another_model, change_zone, texts, told, usual
from tests.stack import Stack

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 5, 12, tzinfo=UTC)
COUNTRIES = {"country#IL": 0.5, "country#US": 0.5}


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """And a second later each time that anybody looks."""
    seconds = count()
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(seconds=next(seconds)))


class Told:
    """A workspace whose links are old, and the days that are counted of them."""

    def __init__(self, stack: Stack, workspace: Workspace, patch: pytest.MonkeyPatch) -> None:
        self.stack, self.workspace, self._patch = stack, workspace, patch
        self.partition = workspace.partition

    def link(self, title: str = "Sale", **wanted: Any) -> str:
        tagged = {"track_conversion": True, "utm_source": "mail"}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: LONG_AGO)
            return str(self.workspace.link(title=title, **tagged | wanted)["id"])

    def counted(
        self, link: str, clicks: Sequence[int], scanned: bool = False, **parts: float
    ) -> None:
        rows = items.link_rows(self.partition, link, scanned=scanned)
        insight.put(self.stack, rows, clicks, COUNTRIES | parts)

    def count_all(self, *series: Sequence[int]) -> None:
        insight.put(
            self.stack,
            items.workspace_rows(self.partition),
            [sum(day) for day in zip(*series, strict=True)],
            COUNTRIES,
        )

    def count_campaign(self, campaign: str, clicks: Sequence[int]) -> None:
        insight.put(self.stack, items.campaign_rows(self.partition, campaign), clicks, COUNTRIES)


@pytest.fixture
def of(stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Told:
    return Told(stack, workspace, monkeypatch)


def kinds(shown: dict[str, Any]) -> set[str]:
    """Of its findings, by the facts that they rest on."""
    sections = ("anomalies", "why", "recommendations")
    return {one["facts"][0].rpartition("_")[0] for name in sections for one in shown[name]}


# ---- what a link's insight is --------------------------------------------------------------------


def test_200_each_sentence_names_the_facts_it_rests_on(of: Told) -> None:
    link = of.link()
    clicks = usual(50)
    clicks[60] = 0
    of.counted(link, clicks)
    of.count_all(clicks, usual(40, seed=2))
    shown = told(of.workspace, f"link/{link}")
    fields = {"summary", "why", "anomalies", "recommendations", "data", "generated_by", "actions"}
    assert set(shown) == fields
    assert shown["generated_by"] == "deterministic"
    (drop,) = shown["anomalies"]
    day = f"{(NOW - timedelta(days=31)):%Y-%m-%d}"
    usual_ = shown["data"]["facts"]["drop_usual"]["value"]
    assert drop["text"] == (
        f"0 clicks came on 10 October 2026, 100% fewer than the usual {usual_} clicks."
    )
    assert shown["data"]["facts"]["drop_day"]["value"] == f"{day}/{day}"
    for one in [*shown["anomalies"], *shown["why"], *shown["recommendations"]]:
        assert one["facts"]
        for name in one["facts"]:
            fact = shown["data"]["facts"][name]
            assert set(fact) == {"value", "unit", "window", "compared_with", "n"}


def test_200_nothing_unusual_is_one_sentence(of: Told) -> None:
    link = of.link()
    clicks = usual(10)
    of.counted(link, clicks)
    of.count_all(clicks)
    shown = told(of.workspace, f"link/{link}")
    assert (shown["anomalies"], shown["why"], shown["recommendations"]) == ([], [], [])
    assert shown["summary"] == (
        f"{sum(clicks):,} clicks came in the last 92 days: nothing stands out."
    )


@pytest.mark.parametrize("clicks", [0, 5])
@pytest.mark.parametrize(
    ("language", "none", "little"),
    [
        ("en", "there is nothing to tell yet", "too few to tell anything"),
        ("he", "אין עדיין מה לספר", "מעט מכדי לספר משהו"),
    ],
)
@pytest.mark.parametrize(
    "kind", ["link/{link}", "qr/{link}", "campaign/{campaign}", "domain/{domain}", "account"]
)
def test_200_of_few_clicks_only_that(
    of: Told, clicks: int, language: str, none: str, little: str, kind: str
) -> None:
    campaign, domain = of.workspace.link_campaign(), of.workspace.domain()
    link = of.link(campaign=campaign, track_conversion=False)
    counted = [0, clicks, 0]
    of.counted(link, counted)
    of.counted(link, counted, scanned=True)
    of.count_campaign(campaign, counted)
    insight.put(of.stack, items.domain_rows(of.partition, domain), counted)
    of.count_all(counted)
    path = kind.format(link=link, campaign=campaign, domain=domain)
    shown = told(of.workspace, f"{path}?language={language}")
    assert texts(shown) == [shown["summary"]]
    assert (little if clicks else none) in shown["summary"]
    assert shown["data"]["facts"]["clicks"]["value"] == clicks
    assert {name for name in shown["data"]["facts"] if name.startswith("top_")} == set()
    assert shown.get("actions", []) == []


def test_200_a_link_that_died_is_told_with_its_day_in_both_languages(of: Told) -> None:
    link = of.link()
    clicks = [*usual(50)[:-10], *[0] * 10]
    of.counted(link, clicks)
    of.count_all(clicks)
    for language, said in (("en", "since 1 November 2026"), ("he", "מאז 1 בנובמבר 2026")):
        shown = told(of.workspace, f"link/{link}?language={language}")
        assert [said in one["text"] for one in shown["anomalies"]] == [True]
        assert shown["data"]["facts"]["dead_since"]["value"] == "2026-11-01/2026-11-01"


def test_200_what_is_told_is_at_most_three_the_largest(of: Told) -> None:
    link = of.link(track_conversion=False, utm_source=None)
    clicks = usual(50)
    for at, clicked in ((30, 0), (40, 400), (50, 700), (60, 900)):
        clicks[at] = clicked
    of.counted(link, clicks)
    of.count_all(clicks)
    shown = told(of.workspace, f"link/{link}")
    assert len(texts(shown)) == 1 + 3
    assert kinds(shown) == {"spike", "spike_2", "spike_3"}
    values = [shown["data"]["facts"][f"{name}_clicks"]["value"] for name in ("spike", "spike_2")]
    assert values == [900, 700]


def test_200_a_change_of_the_link_is_told_beside_the_day_and_no_cause_without(of: Told) -> None:
    link = of.link()
    clicks = usual(50)
    clicks[-3] = 400
    of.counted(link, clicks)
    of.count_all(clicks)
    (before,) = told(of.workspace, f"link/{link}")["anomalies"]
    assert "changed" not in before["text"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOW - timedelta(days=2))
        current = of.workspace.client.get(f"/api/links/{link}").json["version"]
        headers = {"If-Match": str(current)}
        changed = of.workspace.client.request(
            "PATCH", f"/api/links/{link}", json={"title": "New"}, headers=headers
        )
        assert changed.status == 200
    (after,) = told(of.workspace, f"link/{link}?force=true")["anomalies"]
    assert "It was changed on 8 November 2026." in after["text"]


def test_200_a_day_on_which_all_fell_is_told_as_a_gap(of: Told) -> None:
    link, clicks, others = of.link(), usual(50), usual(500, seed=3)
    clicks[60] = others[60] = 0
    of.counted(link, clicks)
    of.count_all(clicks, others)
    shown = told(of.workspace, f"link/{link}")
    assert kinds(shown) == {"gap_with_rest"}
    assert "rest of the workspace had 100% fewer" in shown["anomalies"][0]["text"]


def test_200_a_flood_of_bots_counts_as_no_click(of: Told) -> None:
    link, clicks = of.link(), usual(10)
    of.counted(link, clicks, bot_clicks=3.0)
    of.count_all(clicks)
    shown = told(of.workspace, f"link/{link}")
    assert kinds(shown) == {"bots"}
    assert shown["data"]["facts"]["clicks"]["value"] == sum(clicks)
    assert shown["data"]["facts"]["bots_bots"]["value"] == 3 * sum(clicks)


def test_200_what_ends_soon_and_a_cap_that_is_nearly_taken(of: Told) -> None:
    soon = clock.timestamp(NOW + timedelta(days=3))
    link, clicks = of.link(expires_at=soon, click_cap=1000), usual(10)
    of.counted(link, clicks)
    of.count_all(clicks)
    of.stack.put("ClicksTable", {**items.cap_key(link).attributes(), "passed": 930})
    shown = told(of.workspace, f"link/{link}")
    said = {one["text"] for one in shown["recommendations"]}
    assert said == {
        "It expires on 13 November 2026: extend that to keep it open.",
        "93% of its cap is taken: raise the cap to keep it open.",
    }


def test_200_scans_are_told_of_scans_alone(of: Told) -> None:
    link, clicks = of.link(), usual(50)
    scans = [*[10] * 64, *[30] * 28]
    of.counted(link, clicks, qr=0.2)
    of.counted(link, scans, scanned=True)
    of.count_all(clicks)
    by_link, by_qr = (told(of.workspace, f"{kind}/{link}") for kind in ("link", "qr"))
    assert by_link["data"]["facts"]["clicks"]["value"] == sum(clicks)
    assert by_qr["data"]["facts"]["clicks"] == {
        "value": sum(scans),
        "unit": "scans",
        "window": "2026-08-11/2026-11-10",
        "compared_with": None,
        "n": sum(scans),
    }
    assert kinds(by_qr) == {"growth"}
    assert all("click" not in text for text in texts(by_qr)), texts(by_qr)


def test_200_more_that_convert_than_elsewhere_of_clicks_old_enough(of: Told) -> None:
    link, clicks, others = of.link(), [100] * 92, [100] * 92
    of.counted(link, clicks, conversions=0.3, tracked=1)
    rows = items.workspace_rows(of.partition)
    both = [mine + theirs for mine, theirs in zip(clicks, others, strict=True)]
    insight.put(of.stack, rows, both, {"conversions": 0.2, "tracked": 1})
    shown = told(of.workspace, f"link/{link}")
    assert "converts_more" in kinds(shown)
    facts = shown["data"]["facts"]
    assert facts["conversion_rate"] == {
        "value": 30.0,
        "unit": "percent",
        "window": "2026-08-11/2026-11-03",
        "compared_with": None,
        "n": 85 * 100,
    }
    assert facts["converts_more_rest"]["value"] == 10.0
    windows = {facts[f"converts_more_{name}"]["window"] for name in ("rate", "rest")}
    assert windows == {"2026-08-11/2026-11-03"}


def test_200_no_rate_of_what_is_not_tracked(of: Told) -> None:
    """Neither of the link, nor of what the others are compared with."""
    untracked, tracked, clicks = of.link(track_conversion=False), of.link(), [100] * 92
    of.counted(untracked, clicks)
    of.counted(tracked, clicks, conversions=0.1, tracked=1)
    rows = items.workspace_rows(of.partition)
    all_ = [3 * count for count in clicks]
    insight.put(of.stack, rows, all_, {"conversions": 0.2 / 3, "tracked": 2 / 3})
    for link in (untracked, tracked):
        shown = told(of.workspace, f"link/{link}")
        assert not {"converts_more", "converts_less"} & kinds(shown), texts(shown)


@pytest.mark.parametrize(
    ("language", "said", "reason"),
    [
        (
            "en",
            [
                "280 clicks in the last 28 days are untracked:",
                "280 clicks in the last 28 days are untagged:",
                "of all clicks of the workspace in the last 28 days, with 280 clicks of its own.",
            ],
            "920 clicks came in the last 92 days, and they are untagged.",
        ),
        (
            "he",
            [
                "280 קליקים הגיעו ב-28 ימים האחרונים בלי מעקב:",
                "280 קליקים הגיעו ב-28 ימים האחרונים בלי פרמטרים של UTM:",
                "מכל הקליקים של סביבת העבודה ב-28 ימים האחרונים, 280 קליקים.",
            ],
            "920 קליקים הגיעו ב-92 ימים האחרונים בלי פרמטרים של UTM.",
        ),
    ],
)
def test_200_what_is_of_other_days_than_the_summary_says_of_which(
    of: Told, language: str, said: list[str], reason: str
) -> None:
    link, clicks = of.link(track_conversion=False, utm_source=None), [*[10] * 91, 10]
    of.counted(link, clicks)
    of.count_all(clicks, [5] * 92)
    shown = told(of.workspace, f"link/{link}?language={language}")
    for one in said:
        assert any(one in text for text in texts(shown)), texts(shown)
    assert shown["actions"][0]["reason"] == reason
    assert shown["data"]["facts"]["ahead_span"]["window"] == "2026-10-13/2026-11-09"


def test_200_the_hour_and_the_weekday_are_told_of_four_weeks(of: Told) -> None:
    link = of.link()
    clicks = [100 if at % 7 == 0 else 10 for at in range(92)]
    of.counted(link, clicks, h17=0.5)
    of.count_all(clicks)
    said = [one["text"] for one in told(of.workspace, f"link/{link}")["why"]]
    assert len(said) == 2
    assert all(text.endswith("of all clicks in the last 28 days.") for text in said), said


def test_200_of_one_day_that_day_is_told(of: Told) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOW - timedelta(days=1))
        link = str(of.workspace.link()["id"])
    of.counted(link, [50, 5])
    said = " ".join(texts(told(of.workspace, f"link/{link}")))
    assert "50 clicks on 9 November 2026 are untracked" in said, said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "1 click came on 10 November 2026: too few to tell anything."),
        ("he", "קליק אחד הגיע ב-10 בנובמבר 2026: מעט מכדי לספר משהו."),
    ],
)
def test_200_one_click_of_a_link_of_today(of: Told, language: str, said: str) -> None:
    link = str(of.workspace.link()["id"])
    of.counted(link, [1])
    assert told(of.workspace, f"link/{link}?language={language}")["summary"] == said


# ---- actions -------------------------------------------------------------------------------------


def test_200_actions_that_may_be_posted_as_they_are(of: Told) -> None:
    link = of.link(track_conversion=False, utm_source=None, alias="summer")
    of.counted(link, usual(10))
    tag, track = told(of.workspace, f"link/{link}")["actions"]
    assert track["action"] == {
        "type": "enable_conversion_tracking",
        "link_id": link,
        "params": {},
        "expected_version": None,
    }
    assert track["preview"] == {
        "before": {"track_conversion": False},
        "after": {"track_conversion": True},
    }
    wanted = {"utm_source": "short_link", "utm_medium": "link", "utm_campaign": "summer"}
    set_utm = {"type": "set_utm", "link_id": link, "params": wanted, "expected_version": 1}
    assert tag["action"] == set_utm
    assert tag["preview"] == {"before": dict.fromkeys(wanted), "after": wanted}
    assert all(one["reason"] for one in (track, tag))
    assert told(of.workspace, f"qr/{link}")["actions"] == []


def test_200_each_action_is_applied_in_the_order_in_which_they_stand(of: Told) -> None:
    link = of.link(track_conversion=False, utm_source=None)
    of.counted(link, usual(10))
    for one in told(of.workspace, f"link/{link}")["actions"]:
        applied = of.workspace.client.post("/api/ai/actions/apply", json=one["action"])
        assert applied.status == 200
    shown = of.workspace.client.get(f"/api/links/{link}").json
    assert (shown["utm_source"], shown["track_conversion"]) == ("short_link", True)


def test_409_what_a_kept_insight_would_write_over_what_was_set_since(of: Told) -> None:
    link = of.link(utm_source=None)
    of.counted(link, usual(10))
    told(of.workspace, f"link/{link}")
    own = {"utm_source": "newsletter", "utm_campaign": "mine"}
    path, match = f"/api/links/{link}", {"If-Match": "1"}
    assert of.workspace.client.request("PATCH", path, json=own, headers=match).status == 200
    (kept,) = told(of.workspace, f"link/{link}")["actions"]
    assert kept["preview"]["before"] == dict.fromkeys(("utm_source", "utm_medium", "utm_campaign"))
    refused = of.workspace.client.post("/api/ai/actions/apply", json=kept["action"])
    assert (refused.status, refused.json["reason"]) == (409, "version_mismatch")
    shown = of.workspace.client.get(path).json
    assert {name: shown[name] for name in own} == own


def test_200_no_action_for_what_a_link_has(of: Told) -> None:
    link = of.link()
    of.counted(link, usual(10))
    assert told(of.workspace, f"link/{link}")["actions"] == []


@pytest.mark.parametrize(
    "leads",
    [
        {"url": "https://shop.example.com/?utm_source=mail&utm_medium=email"},
        {"url": "https://shop.example.com/?size=4&UTM%5FCampaign=spring#top"},
        {"geo": {"IL": "https://shop.example.com/he?utm_source=mail"}},
        {"ios": "https://shop.example.com/app?utm_source=mail"},
        {"android": "https://shop.example.com/app?utm_source=mail"},
    ],
)
def test_200_tags_of_a_target_are_tags_that_no_action_writes_over(
    of: Told, leads: dict[str, Any]
) -> None:
    campaign = of.workspace.link_campaign()
    link, clicks = of.link(utm_source=None, campaign=campaign, **leads), usual(10)
    of.counted(link, clicks)
    of.count_campaign(campaign, clicks)
    of.count_all(clicks)
    for path in (f"link/{link}", f"campaign/{campaign}", "account"):
        shown = told(of.workspace, path)
        assert "untagged" not in kinds(shown), path
        assert shown.get("actions", []) == [], path


def test_200_what_only_looks_like_a_tag_is_none(of: Told) -> None:
    link = of.link(
        utm_source=None, url="https://shop.example.com/utm_source=a?x_utm_source=b#utm_source=c"
    )
    of.counted(link, usual(10))
    (tag,) = told(of.workspace, f"link/{link}")["actions"]
    assert tag["action"]["type"] == "set_utm"


# ---- several links -------------------------------------------------------------------------------


def test_200_the_account_names_the_three_largest_of_its_links(of: Told) -> None:
    dead, tripled, quiet, small = (
        of.link(title) for title in ("Dead", "Tripled", "Quiet", "Small")
    )
    days = {
        dead: [*usual(200)[:-20], *[0] * 20],
        tripled: usual(100, seed=2),
        quiet: usual(100, seed=3),
        small: [*usual(12, seed=4)[:-10], *[0] * 10],
    }
    days[tripled][70] = 900
    for link, clicks in days.items():
        of.counted(link, clicks)
    of.count_all(*days.values())
    for language in ("en", "he"):
        shown = told(of.workspace, f"account?language={language}")
        assert "actions" not in shown
        said = " ".join(texts(shown)[1:])
        assert len(texts(shown)) == 1 + 3
        assert all(name in said for name in ("Dead", "Tripled"))
        assert "Quiet" not in said
        assert kinds(shown) >= {"dead", "spike"}


def test_200_a_gap_is_told_once_and_of_no_link(of: Told) -> None:
    all_ = {of.link(f"Link {n}"): usual(60, seed=10 + n) for n in range(4)}
    for clicks in all_.values():
        clicks[60] = 0
    for link, clicks in all_.items():
        of.counted(link, clicks)
    of.count_all(*all_.values())
    shown = told(of.workspace, "account")
    assert kinds(shown) == {"collection_gap"}
    assert "100% of the links" in shown["anomalies"][0]["text"]


def test_200_a_campaign_far_ahead_of_the_rest(of: Told) -> None:
    campaign = of.workspace.link_campaign(name="Big Launch")
    link = of.link(campaign=campaign, utm_source=None)
    clicks, others = usual(100), usual(20, seed=2)
    of.counted(link, clicks)
    of.count_campaign(campaign, clicks)
    of.count_all(clicks, others)
    shown = told(of.workspace, f"campaign/{campaign}")
    assert "ahead" in kinds(shown)
    assert shown["data"]["facts"]["ahead_share"]["value"] > 80
    (tag,) = shown["actions"]
    assert tag["action"]["params"]["utm_campaign"] == "big-launch"


def test_200_a_domain_tells_of_the_links_on_it_alone(of: Told) -> None:
    domain = of.workspace.proven()
    link, other = of.link("Here", domain=domain), of.link("Elsewhere")
    clicks, others = usual(100), usual(100, seed=2)
    clicks[70] = others[60] = 900
    of.counted(link, clicks)
    of.counted(other, others)
    insight.put(of.stack, items.domain_rows(of.partition, domain), clicks, COUNTRIES)
    of.count_all(clicks, others)
    shown = told(of.workspace, f"domain/{domain}")
    assert "“Here”: 900 clicks came on" in shown["anomalies"][0]["text"]
    assert "Elsewhere" not in " ".join(texts(shown))


# ---- keeping, and whose it is --------------------------------------------------------------------


def test_200_kept_for_six_hours_by_language(of: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    link = of.link()
    path = f"/api/ai/insight/link/{link}"
    first = of.workspace.client.get(path)
    left = balance(of.workspace).remaining
    again = of.workspace.client.get(path)
    assert (again.json, again.headers["X-Cache"]) == (first.json, "hit")
    assert balance(of.workspace).remaining == left
    assert of.workspace.client.get(f"{path}?language=he").headers["X-Cache"] == "miss"
    assert of.workspace.client.get(f"{path}?force=true").headers["X-Cache"] == "miss"
    assert balance(of.workspace).remaining == left - 4
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(hours=7))
    assert of.workspace.client.get(path).headers["X-Cache"] == "miss"


def test_200_of_another_zone_or_model_is_another_insight(
    of: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/ai/insight/link/{of.link()}"
    of.workspace.client.get(path)
    change_zone(of.workspace)
    assert of.workspace.client.get(path).headers["X-Cache"] == "miss"
    assert of.workspace.client.get(path).headers["X-Cache"] == "hit"
    another_model(monkeypatch)
    assert of.workspace.client.get(path).headers["X-Cache"] == "miss"


def test_200_each_costs_what_is_printed(of: Told) -> None:
    link, campaign, domain = of.link(), of.workspace.link_campaign(), of.workspace.domain()
    client = of.workspace.client
    charged = [
        answer.headers["X-AI-Credits-Charged"]
        for answer in (
            client.get(f"/api/ai/insight/link/{link}"),
            client.get(f"/api/ai/insight/qr/{link}"),
            client.get(f"/api/ai/insight/campaign/{campaign}"),
            client.get(f"/api/ai/insight/domain/{domain}"),
            client.get("/api/ai/insight/account"),
        )
    ]
    assert charged == ["2", "2", "3", "5", "5"]


@pytest.mark.parametrize(
    "path", ["link/lnk_01M3V7ME00EXAMP1EEXAMP1E02", "qr/nope", "campaign/lnk", "domain/x"]
)
def test_404_of_what_is_not_there_costs_nothing(workspace: Workspace, path: str) -> None:
    answer = workspace.client.get(f"/api/ai/insight/{path}")
    assert (answer.status, answer.headers.get("X-AI-Credits-Charged")) == (404, None)


@pytest.mark.parametrize("query", ["language=fr", "force=maybe", "range=7d"])
def test_400_of_a_query_that_means_nothing(of: Told, query: str) -> None:
    assert of.workspace.client.get(f"/api/ai/insight/account?{query}").status == 400
