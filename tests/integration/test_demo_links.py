"""The demo's links: what is told of each that has a story, anew at each start; no click is lost."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkwright import clock, table
from linkwright.errors import Unavailable
from linkwright.links import candidates, items
from linkwright.table import Item, Table
from linkwright.transaction import Transaction
from tests import clicks
from tests.client import Client
from tests.stack import Stack
from tools import demo, demo_link_rows, demo_links
from tools.demo_links import CAMPAIGN_AHEAD, CAMPAIGNS, LINKS, STORIES

NOW = datetime(2026, 11, 10, 12, tzinfo=UTC)
WORKSPACE = "ws_demo"
# Of a first start, and of each on a new day: what a start of the local cloud can wait for.
MOST_WRITES = 120


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, 0)


@pytest.fixture
def client(stack: Stack) -> Client:
    return Client(demo.ensure_all({})["TOKEN"])


def later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=days))


def told(client: Client, story: str, days: int = 90) -> dict[str, Any]:
    """Of so many days up to yesterday, the latest first in `series`."""
    first, last = (f"{clock.now() - timedelta(days=ago):%Y-%m-%d}" for ago in (days, 1))
    answer = client.get(f"/api/links/{STORIES[story]}/analytics?from={first}&to={last}")
    assert answer.status == 200, answer.raw
    return {**answer.json, "series": answer.json["series"][::-1]}


def link(client: Client, story: str) -> dict[str, Any]:
    return dict(client.get(f"/api/links/{STORIES[story]}").json)


def noted() -> set[tuple[str, str]]:
    found, _ = candidates.find(WORKSPACE)
    return {(one.reason, one.link) for one in found}


def days_of(partition: str) -> dict[str, Counter[str]]:
    """The numbers of each day that has some."""
    rows, _ = table.query(
        Table.METRICS, partition, between=("2", "3"), limit=1000, newest_first=False
    )
    numbers = (
        (row["sk"], Counter({name: int(n) for name, n in row.items() if _is_number(n) and n}))
        for row in rows
    )
    return {day: counts for day, counts in numbers if counts}


def _is_number(value: object) -> bool:
    return not isinstance(value, str | set | frozenset)


def summed(partitions: Iterator[str]) -> dict[str, Counter[str]]:
    total: dict[str, Counter[str]] = {}
    for partition in partitions:
        for day, counts in days_of(partition).items():
            total.setdefault(day, Counter()).update(counts)
    return total


def of_links(campaign: str | None = None) -> dict[str, Counter[str]]:
    wanted = [one for one in LINKS if campaign is None or one.campaign == campaign]
    return summed(items.link_rows(WORKSPACE, one.id) for one in wanted)


def require_agreement() -> None:
    whole = days_of(items.workspace_rows(WORKSPACE))
    assert whole == of_links()
    hosts = None, demo_links.DOMAIN_ID
    assert whole == summed(items.domain_rows(WORKSPACE, host) for host in hosts)
    for campaign in CAMPAIGNS:
        assert days_of(items.campaign_rows(WORKSPACE, campaign)) == of_links(campaign)
    scanned = days_of(items.link_rows(WORKSPACE, STORIES["qr_heavy"], scanned=True))
    every = days_of(items.link_rows(WORKSPACE, STORIES["qr_heavy"]))
    assert {day: row["clicks"] for day, row in scanned.items()} == {
        day: row["qr"] for day, row in every.items()
    }
    for row in whole.values():
        for prefix in ("country#", "device#", "browser#", "referrer#", "h"):
            assert sum(n for name, n in row.items() if name.startswith(prefix)) == row["clicks"]
        assert all(n > 0 for n in row.values())


def require_listed(client: Client) -> None:
    """Each once, beside what else the workspace has."""
    listed = [one["id"] for one in client.get("/api/links?limit=100").json["data"]]
    wanted = sorted(one.id for one in LINKS)
    assert sorted(one for one in listed if one in wanted) == wanted


@pytest.mark.slow
def test_200_each_story_is_told_by_its_link(client: Client) -> None:
    assert len(LINKS) == 40 == len({one.id for one in LINKS})
    require_listed(client)
    soon = clock.parse(link(client, "expiring")["expires_at"]) - NOW
    assert soon == timedelta(days=demo_links.EXPIRES_IN_DAYS)
    near = table.get(Table.CLICKS, items.cap_key(STORIES["near_cap"])) or {}
    assert near["passed"] == told(client, "near_cap")["clicks"] == demo_links.PASSED
    assert near["passed"] / link(client, "near_cap")["click_cap"] == 0.93
    weeks = {one.id: sum(one.days[ago].clicks for ago in one.days if ago <= 7) for one in LINKS}
    winner = told(client, "untracked_winner", 7)
    assert winner["clicks"] == weeks[winner["link_id"]] >= 100
    assert winner["link_id"] in sorted(weeks, key=lambda one: -weeks[one])[: len(LINKS) // 10]
    assert not link(client, "untracked_winner")["track_conversion"]
    flood = [point["bot_clicks"] for point in told(client, "bot_flood")["series"]]
    assert {ago for ago, bots in enumerate(flood, 1) if bots > 10} == set(demo_links.FLOOD_DAYS)
    dead = [point["clicks"] for point in told(client, "dead")["series"]]
    assert not any(dead[: demo_links.DEAD_SINCE - 1])
    assert all(dead[demo_links.DEAD_SINCE - 1 :])
    scanned = told(client, "qr_heavy")
    assert scanned["qr"] > 0.7 * scanned["clicks"]
    quiet = told(client, "quiet")["series"]
    assert all(5 <= point["clicks"] <= 20 and point["bot_clicks"] <= 1 for point in quiet)
    of_campaigns = {
        campaign: sum(row["clicks"] for row in of_links(campaign).values())
        for campaign in CAMPAIGNS
    }
    ahead = of_campaigns.pop(CAMPAIGN_AHEAD)
    assert ahead > 5 * max(of_campaigns.values())


@pytest.mark.slow
def test_noticed_are_those_links_that_clicks_would_have_noted(client: Client) -> None:
    assert noted() == {
        (candidates.EXPIRING, STORIES["expiring"]),
        (candidates.NEAR_CAP, STORIES["near_cap"]),
        (candidates.UNTRACKED, STORIES["untracked_winner"]),
    }


@pytest.mark.slow
def test_200_what_demo_env_names_is_there_and_nothing_is_wrong_with_it(client: Client) -> None:
    made = demo.ensure_all({"BASE_URL": "http://127.0.0.1:9000"})
    shown = client.get(f"/api/links/{made['LINK_ID']}").json
    assert shown["alias"] == made["ALIAS"]
    assert shown["short_url"] == f"http://127.0.0.1:9000/{made['ALIAS']}"
    domain = client.get(f"/api/domains/{made['DOMAIN_ID']}").json
    assert (domain["status"], domain["last_error"]) == ("verified", None)
    assert client.get(f"/api/campaigns/{made['LINK_CAMPAIGN_ID']}").json["name"]
    assert made["LINK_ID"] not in {one for _, one in noted()}
    # As one on which a link can be made, beside those that are there.
    grouped = {"domain": made["DOMAIN_ID"], "campaign": made["LINK_CAMPAIGN_ID"]}
    wanted = {"url": "https://example.com/", **grouped}
    assert client.post("/api/links", json=wanted).status == 201
    alias = table.get(Table.CORE, items.alias_key(items.OWN_HOST, made["ALIAS"])) or {}
    assert (alias["link"], alias["url"]) == (made["LINK_ID"], shown["url"])


@pytest.mark.slow
def test_rows_of_each_day_agree_today_and_after_days(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_agreement()
    # All but the one that is followed by others.
    links = [one.id for one in LINKS if one.id != demo_links.LINK_ID]
    before = [days_of(items.link_rows(WORKSPACE, one)) for one in links]
    later(monkeypatch, 3)
    demo_link_rows.ensure(WORKSPACE)
    require_agreement()
    moved = [
        {
            f"{datetime.strptime(day + '+0000', '%Y%m%d%z') + timedelta(days=3):%Y%m%d}": row
            for day, row in days.items()
        }
        for days in before
    ]
    assert [days_of(items.link_rows(WORKSPACE, one)) for one in links] == moved
    soon = clock.parse(link(client, "expiring")["expires_at"]) - clock.now()
    assert soon == timedelta(days=demo_links.EXPIRES_IN_DAYS)
    test_noticed_are_those_links_that_clicks_would_have_noted(client)
    require_listed(client)


@pytest.mark.slow
def test_what_somebody_clicked_and_changed_stays(
    stack: Stack, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = clock.parse("2026-11-10T10:00:00Z")
    owner = type("Owner", (), {"partition": WORKSPACE})()
    item = clicks.click(owner, demo_links.LINK_ID, at, country="FR", ua="")
    stack.put("ClicksTable", item)
    assert clicks.count([item]) == {"batchItemFailures": []}
    path = f"/api/links/{demo_links.LINK_ID}"
    seen = {"If-Match": str(client.get(path).json["version"])}
    changed = client.request("PATCH", path, json={"title": "Mine"}, headers=seen)
    assert changed.status == 200
    later(monkeypatch, 2)
    demo_link_rows.ensure(WORKSPACE)
    shown = client.get(path).json
    assert (shown["title"], shown["version"]) == ("Mine", changed.json["version"])
    require_agreement()
    assert days_of(items.workspace_rows(WORKSPACE))["20261110"]["country#FR"] == 1


@pytest.mark.slow
def test_one_that_was_deleted_is_made_again(client: Client) -> None:
    assert client.request("DELETE", f"/api/links/{demo_links.LINK_ID}").status == 204
    demo_link_rows.ensure(WORKSPACE)
    assert client.get(f"/api/links/{demo_links.LINK_ID}").status == 200
    alias = table.get(Table.CORE, items.alias_key(items.OWN_HOST, demo_links.ALIAS)) or {}
    assert alias["link"] == demo_links.LINK_ID


@pytest.mark.slow
def test_a_start_that_is_stopped_is_gone_on_with(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, left = Transaction.commit, [10]

    def stopping(tx: Transaction) -> None:
        left[0] -= 1
        if not left[0]:
            raise Unavailable
        commit(tx)

    for days in (1, 2):
        # Stopped on one day and gone on with on the next.
        later(monkeypatch, days)
        left[0] = 12
        with monkeypatch.context() as patch:
            patch.setattr(Transaction, "commit", stopping)
            with pytest.raises(Unavailable):
                demo_link_rows.ensure(WORKSPACE)
    demo_link_rows.ensure(WORKSPACE)
    require_agreement()
    assert told(client, "near_cap")["clicks"] == demo_links.PASSED


@pytest.mark.slow
def test_a_first_start_is_quick(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    demo.ensure_demo(WORKSPACE, "Demo", "pro")
    written: list[Item] = []
    commit = Transaction.commit

    def counted(tx: Transaction) -> None:
        written.append({})
        commit(tx)

    monkeypatch.setattr(Transaction, "commit", counted)
    for days in (20, 21):
        later(monkeypatch, days)
        written.clear()
        demo_link_rows.ensure(WORKSPACE)
        assert 40 < len(written) <= MOST_WRITES
    written.clear()
    demo_link_rows.ensure(WORKSPACE)
    assert not written


TOLD_BY = {
    demo_links.EXPIRING: "expiring_expires",
    demo_links.NEAR_CAP: "near_cap_taken",
    demo_links.UNTRACKED_WINNER: "untracked_clicks",
    demo_links.BOT_FLOOD: "bots_bots",
    demo_links.DEAD: "dead_since",
    demo_links.QR_HEAVY: "scanned_scans",
}


def _findings(shown: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for name in ("anomalies", "why", "recommendations") for one in shown[name]]


@pytest.mark.parametrize("language", ["en", "he"])
@pytest.mark.slow
def test_200_each_story_is_told_by_the_insight_of_its_link(client: Client, language: str) -> None:
    for story, fact in TOLD_BY.items():
        path = f"/api/ai/insight/link/{STORIES[story]}?language={language}"
        found = [one for one in _findings(client.get(path).json) if fact in one["facts"]]
        assert len(found) == 1, story
        assert any("א" <= letter <= "ת" for letter in found[0]["text"]) == (language == "he")
    ahead = client.get(f"/api/ai/insight/campaign/{CAMPAIGN_AHEAD}?language={language}").json
    assert "ahead_share" in _findings(ahead)[0]["facts"]


def test_200_the_account_s_insight_names_the_three_largest_stories(client: Client) -> None:
    told_of = " ".join(one["text"] for one in _findings(client.get("/api/ai/insight/account").json))
    for title in ("Prices", "Webinar", "The offer of the month"):
        assert f"“{title}”" in told_of
