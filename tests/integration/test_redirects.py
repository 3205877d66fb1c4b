"""Following a short link: where it leads whom, in which order all is asked, and what is counted."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkwright import clock, table, transaction
from linkwright.client import core
from linkwright.links import items
from linkwright.links.redirect import blocked, bots
from tests import shortlinks
from tests.agents import BOTS, BROWSERS, IN_APPS, PREVIEWS
from tests.client import Answer, Client, Context, http_event, invoke, load
from tests.factories import Workspace, make_workspace
from tests.integration.every_route import same_but_request_id
from tests.shortlinks import TARGET, ask, clicks_of, location, passed, stored
from tests.stack import MAIL_FROM, Stack

# Visitors are counted by the hour, which does not end meanwhile.
pytestmark = pytest.mark.usefixtures("hand")

IPHONE, ANDROID = IN_APPS[0], IN_APPS[1]
PAST, FUTURE = "2020-01-01T00:00:00Z", "2100-01-01T00:00:00Z"


@pytest.fixture(autouse=True)
def _nothing_blocked() -> None:
    blocked.forget()


# ---- Where it leads ------------------------------------------------------------------------------


def test_302_leads_to_the_target_and_is_not_kept(workspace: Workspace) -> None:
    alias, _ = stored(workspace)
    answer = ask(f"/{alias}")
    assert (answer.status, answer.raw, location(answer)) == (302, "", TARGET)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


def test_302_whatever_the_case_of_the_alias(workspace: Workspace) -> None:
    alias, _ = stored(workspace, "summer-sale_26")
    assert location(ask("/Summer-SALE_26")) == location(ask(f"/{alias}")) == TARGET


def test_302_the_country_comes_before_the_device_and_both_before_the_link(
    workspace: Workspace, trusted: dict[str, str]
) -> None:
    alias, _ = stored(
        workspace,
        geo={"IL": "https://il.example.com/"},
        devices={"ios": "https://apps.example.com/ios", "android": "https://play.example.com/"},
    )

    def led(agent: str, country: str | None) -> str:
        headers = trusted | ({"CloudFront-Viewer-Country": country} if country else {})
        return location(ask(f"/{alias}", agent=agent, headers=headers))

    assert led(IPHONE, "IL") == led(BROWSERS[0], "IL") == "https://il.example.com/"
    assert led(IPHONE, "US") == led(IPHONE, None) == "https://apps.example.com/ios"
    assert led(ANDROID, "US") == "https://play.example.com/"
    assert led(BROWSERS[0], "US") == led(BROWSERS[0], "il") == TARGET


# ---- What is no link -----------------------------------------------------------------------------

NO_LINK = ["v1", "api", "docs", "console", "health", "robots.txt", "favicon.ico", ".well-known"]
NO_LINK += [
    "v1%2Fwhoami",
    "openapi.json",
    "callbacks",
    "nosuch",
    "-a",
    "a",
    "%D7%A9",
    "a.b",
    "a" * 65,
    "K2a",
]


# The pages of the reference have routes of their own, but for POST.
PAGES = {"docs", "openapi.json"}
ASKED = [
    (method, path)
    for path in NO_LINK
    for method in ("GET", "HEAD", "POST")
    if method == "POST" or path not in PAGES
]


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_404_reserved_and_unknown_words_as_any_path_that_no_route_takes(
    stack: Stack, path: str, method: str
) -> None:
    """Also 405, where the path has other methods."""
    headers = {"Origin": "https://app.example.com"}
    event, function = http_event(method, f"/{path}", headers, None, is_base64=False)
    assert function.folder != "console"
    here = load(function).handler(event, Context())
    there = invoke("answer_unmatched", event | {"routeKey": "$default"})
    ids = [answer["headers"].pop("Request-Id") for answer in (here, there)]
    for answer, request_id in zip((here, there), ids, strict=True):
        answer["body"] = answer["body"].replace(request_id, "")
    assert here == there
    is_other = path in PAGES or (path == "v1%2Fwhoami" and method != "GET")
    assert here["statusCode"] == (405 if is_other else 404)


def test_404_a_deleted_and_an_archived_link_are_not_there(
    workspace: Workspace, stack: Stack
) -> None:
    gone = items.alias_key(items.OWN_HOST, "gone-1").attributes()
    shortlinks.put(gone | {"gone_at": PAST, "free_at": 1})
    archived, link = stored(workspace, archived=True, expires_at=PAST, password="x")
    unknown = ask("/never-there")
    for path in ("/gone-1", f"/{archived}"):
        assert same_but_request_id(ask(path), unknown)
        assert same_but_request_id(ask(path, "POST", body="password=x"), unknown)
    assert clicks_of(stack, link) == []


def test_404_other_methods_say_nothing_about_a_link(workspace: Workspace) -> None:
    alias, _ = stored(workspace)
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        there = Client().request(method, "/never-there")
        assert same_but_request_id(Client().request(method, f"/{alias}"), there)
        assert there.status == 404


def test_head_of_what_has_a_route_stays_what_it_is(stack: Stack) -> None:
    for path in ("/docs", "/openapi.json"):
        got, asked = Client().get(path), Client().request("HEAD", path)
        assert (asked.status, asked.raw) == (200, "")
        assert asked.headers["content-type"] == got.headers["content-type"]


# ---- Closed, and in which order ------------------------------------------------------------------


def test_410_what_the_operator_blocked_names_whom_to_write_to(workspace: Workspace) -> None:
    alias, _ = stored(workspace, blocked=True, expires_at=PAST, expired_url="https://e.example/")
    answer = ask(f"/{alias}")
    assert answer.status == 410
    assert "is blocked" in answer.raw
    assert f'<a href="mailto:{MAIL_FROM}">{MAIL_FROM}</a>' in answer.raw
    assert_page(answer)


@pytest.mark.parametrize(
    "where",
    [
        {"url": "https://evil.example/x"},
        {"url": "https://EVIL.example:8443/"},
        {"url": "https://deep.sub.evil.example/"},
        {"geo": {"IL": "https://evil.example/"}},
        {"devices": {"ios": "https://evil.example/"}},
        {"expired_url": "https://evil.example/"},
    ],
)
def test_410_a_blocked_host_and_all_below_it_wherever_the_link_leads_there(
    workspace: Workspace, stack: Stack, where: dict[str, Any]
) -> None:
    alias, link = stored(workspace, password="secret", **where)
    other, _ = stored(workspace, url="https://notevil.example/")
    assert ask(f"/{alias}").status == 200
    shortlinks.block("evil.example")
    try:
        # Known to a process for half a minute.
        assert ask(f"/{alias}").status == 200
        blocked.forget()
        assert ask(f"/{alias}").status == 410
        assert ask(f"/{alias}", "POST", body="password=secret").status == 410
        assert ask(f"/{other}").status == 302
    finally:
        stack.delete("CoreTable", items.blocked_host_key("evil.example"))
    assert clicks_of(stack, link) == []


def test_blocks_are_known_within_half_a_minute(
    workspace: Workspace, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias, _ = stored(workspace, url="https://late.example/")
    assert ask(f"/{alias}").status == 302
    shortlinks.block("late.example")
    later = clock.now() + timedelta(seconds=blocked.KEPT_S + 1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert ask(f"/{alias}").status == 410
    stack.delete("CoreTable", items.blocked_host_key("late.example"))


def test_410_or_the_other_target_once_it_has_expired(workspace: Workspace, stack: Stack) -> None:
    over, link = stored(workspace, expires_at=PAST, password="x", click_cap=1)
    instead, _ = stored(workspace, expires_at=PAST, expired_url="https://example.com/over?a=1#b")
    running, _ = stored(workspace, expires_at=FUTURE)
    answer = ask(f"/{over}")
    assert answer.status == 410
    assert "mailto:" not in answer.raw
    assert_page(answer)
    found = ask(f"/{instead}?c=2&lk_click=x")
    assert (found.status, location(found)) == (302, "https://example.com/over?a=1#b")
    assert ask(f"/{running}").status == 302
    assert (clicks_of(stack, link), passed(link)) == ([], 0)


def test_a_link_expires_at_its_second(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias, _ = stored(workspace, expires_at="2026-11-28T10:00:00Z")
    at = datetime(2026, 11, 28, 9, 59, 59, 999_000, UTC)
    monkeypatch.setattr(clock, "now", lambda: at)
    assert ask(f"/{alias}").status == 302
    monkeypatch.setattr(clock, "now", lambda: at + timedelta(milliseconds=1))
    assert ask(f"/{alias}").status == 410


# ---- The cap -------------------------------------------------------------------------------------


def test_a_cap_lets_so_many_visitors_pass_and_then_nobody(
    workspace: Workspace, stack: Stack
) -> None:
    alias, link = stored(workspace, click_cap=3)
    instead, _ = stored(workspace, click_cap=1, expired_url="https://example.com/full")
    statuses = [ask(f"/{alias}", address=f"198.51.100.{n}").status for n in range(5)]
    assert statuses == [302, 302, 302, 410, 410]
    assert (passed(link), len(clicks_of(stack, link))) == (3, 3)
    ask(f"/{instead}")
    assert location(ask(f"/{instead}", address="198.51.100.1")) == "https://example.com/full"


def test_a_used_up_cap_closes_for_everybody(workspace: Workspace, stack: Stack) -> None:
    """For who passed before, too, and for what would have taken nothing of it."""
    alias, link = stored(workspace, click_cap=1, og_title="Shown")
    for _ in range(2):
        for other in _OTHERS_THAN_PEOPLE:
            assert ask(f"/{alias}", **other).status in {200, 302}
    before = len(clicks_of(stack, link))
    assert (before, passed(link)) == (2 * len(_OTHERS_THAN_PEOPLE), 0)
    assert ask(f"/{alias}").status == 302
    assert [ask(f"/{alias}", **other).status for other in [{}, *_OTHERS_THAN_PEOPLE]] == [
        410 for _ in range(len(_OTHERS_THAN_PEOPLE) + 1)
    ]
    assert (len(clicks_of(stack, link)), passed(link)) == (before + 1, 1)


def test_a_cap_counts_while_it_is_there_and_goes_on_where_it_was(workspace: Workspace) -> None:
    """As docs/links.md says: neither another cap, nor none for a while, begins anew."""
    made = workspace.link()
    alias, link = made["alias"], made["id"]
    visitors = (f"198.51.100.{n}" for n in range(1, 100))

    def follow(clicks: int) -> list[int]:
        return [ask(f"/{alias}", address=next(visitors)).status for _ in range(clicks)]

    def cap(clicks: int | None) -> None:
        path = f"/api/links/{link}"
        headers = {"If-Match": str(workspace.client.get(path).json["version"])}
        json = {"click_cap": clicks}
        assert workspace.client.request("PATCH", path, json=json, headers=headers).status == 200

    # Before there is one, none is counted.
    assert follow(3) == [302] * 3
    cap(2)
    assert follow(3) == [302, 302, 410]
    cap(None)
    assert follow(3) == [302] * 3
    cap(4)
    assert follow(3) == [302, 302, 410]
    assert passed(link) == 4
    cap(3)
    assert follow(1) == [410]


_OTHERS_THAN_PEOPLE: list[dict[str, Any]] = [
    {"method": "HEAD"},
    {"headers": {"Sec-Purpose": "prefetch;prerender"}},
    {"headers": {"Purpose": "prefetch"}},
    {"agent": None},
    {"agent": PREVIEWS[0]},
    {"agent": BOTS[0]},
]


# ---- Who is counted ------------------------------------------------------------------------------


def test_a_visitor_is_counted_once_an_hour(
    workspace: Workspace, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime(2026, 11, 28, 10, 0, 0, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: at)
    alias, link = stored(workspace, click_cap=100)
    other, _ = stored(workspace)

    def follow(moment: datetime, **who: Any) -> int:
        monkeypatch.setattr(clock, "now", lambda: moment)
        assert ask(f"/{alias}", **who).status == 302
        return len(clicks_of(stack, link))

    assert follow(at) == follow(at + timedelta(minutes=59, seconds=59)) == 1
    ask(f"/{other}")
    assert follow(at, agent=BROWSERS[1]) == 2
    assert follow(at, address="198.51.100.7") == 3
    assert follow(at + timedelta(hours=1)) == 4
    assert follow(at + timedelta(days=1)) == 5
    # A bot each time.
    assert [follow(at, agent=BOTS[0]) for _ in range(2)] == [6, 7]
    assert passed(link) == 5


@pytest.mark.parametrize("agent", IN_APPS)
def test_302_browsers_in_apps_count(workspace: Workspace, stack: Stack, agent: str) -> None:
    alias, link = stored(workspace, click_cap=1)
    assert ask(f"/{alias}", agent=agent).status == 302
    [click] = clicks_of(stack, link)
    assert ("bot" in click, "kind" in click, passed(link)) == (False, False, 1)


@pytest.mark.parametrize("agent", BOTS + PREVIEWS)
def test_302_bots_do_not(workspace: Workspace, stack: Stack, agent: str) -> None:
    alias, link = stored(workspace, click_cap=1)
    assert ask(f"/{alias}", agent=agent).status == 302
    [click] = clicks_of(stack, link)
    kind = "preview" if agent in PREVIEWS else None
    assert (click["bot"], click.get("kind"), passed(link)) == (bots.KNOWN_AGENT, kind, 0)


def test_what_is_kept_of_a_click(workspace: Workspace, stack: Stack) -> None:
    """Neither an address nor what would know the visitor again."""
    alias, link = stored(workspace, campaign="lcmp_1", domain="dom_1", host="go.example.org")
    referrer = {"Referer": "https://News.example:8443/a/b?secret=1#c"}
    agent = BROWSERS[0] + "x" * 500
    asked = {"headers": referrer, "domain": "GO.example.org", "agent": agent}
    ask(f"/{alias}?qr=1&utm_source=x", **asked)
    [click] = clicks_of(stack, link)
    assert items.click_key(click["sk"]) == (click["pk"], click["sk"])
    at = clock.parse(click["at"])
    assert abs(clock.now() - at) < timedelta(seconds=60)
    assert click["ttl"] - int(at.timestamp()) == 90 * 24 * 3600
    del click["pk"], click["sk"], click["at"], click["ttl"]
    assert click == {
        "partition": workspace.partition,
        "link": link,
        "host": "go.example.org",
        "domain": "dom_1",
        "campaign": "lcmp_1",
        "ua": agent[:400],
        "referrer": "news.example",
        "qr": True,
        "count": 1,
    }


@pytest.mark.parametrize(
    "referrer", ["", "about:blank", "https://", "http://[", "https://a b/", "x"]
)
def test_what_is_no_referrer_is_none(workspace: Workspace, stack: Stack, referrer: str) -> None:
    alias, link = stored(workspace)
    assert ask(f"/{alias}", headers={"Referer": referrer}).status == 302
    assert "referrer" not in clicks_of(stack, link)[0]


def test_links_of_test_mode_lead_and_count_there(stack: Stack) -> None:
    workspace = make_workspace(mode="test")
    alias, link = stored(workspace)
    assert ask(f"/{alias}").status == 302
    assert clicks_of(stack, link)[0]["partition"] == workspace.partition == f"{workspace.id}.test"


# ---- Tracking ------------------------------------------------------------------------------------


def test_a_tracked_redirect_names_its_click_and_again_the_same(
    workspace: Workspace, stack: Stack
) -> None:
    alias, link = stored(workspace, track_conversion=True, url="https://example.com/?lk_click=own")
    first = location(ask(f"/{alias}?lk_click=clk_forged"))
    [click] = clicks_of(stack, link)
    assert first == f"https://example.com/?lk_click={click['sk']}"
    assert location(ask(f"/{alias}")) == first
    assert location(ask(f"/{alias}", address="198.51.100.1")) != first


def test_only_people_are_tracked(workspace: Workspace) -> None:
    alias, _ = stored(workspace, track_conversion=True)
    plain, _ = stored(workspace)
    for other in _OTHERS_THAN_PEOPLE:
        assert location(ask(f"/{alias}", **other)) == TARGET
    assert location(ask(f"/{plain}?lk_click=clk_forged")) == TARGET


# ---- Previews ------------------------------------------------------------------------------------


def test_200_an_agent_that_shows_previews_is_shown_what_the_owner_says(
    workspace: Workspace, stack: Stack
) -> None:
    said = {
        "og_title": "Sale <b>",
        "og_description": 'a "b" & c',
        "og_image": "https://e.example/i?a&b",
    }
    alias, link = stored(workspace, **said)
    answer = ask(f"/{alias}", agent=PREVIEWS[2])
    assert answer.status == 200
    assert '<meta property="og:title" content="Sale &lt;b&gt;">' in answer.raw
    assert '<meta property="og:description" content="a &quot;b&quot; &amp; c">' in answer.raw
    assert '<meta property="og:image" content="https://e.example/i?a&amp;b">' in answer.raw
    assert_page(answer)
    head = ask(f"/{alias}", "HEAD", agent=PREVIEWS[2])
    assert (head.status, head.raw) == (200, "")
    assert [click["kind"] for click in clicks_of(stack, link)] == ["preview", "preview"]
    for agent in (BOTS[0], BROWSERS[0]):
        assert location(ask(f"/{alias}", agent=agent)) == TARGET


def assert_page(answer: Answer) -> None:
    """No script, nothing from elsewhere, no frame around it, and not kept."""
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    [style] = re.findall(r"<style>(.*?)</style>", answer.raw, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert not re.search(r"<script|\son\w+=|style=|javascript:", answer.raw, re.IGNORECASE)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Robots-Tag"] == "noindex"


# ---- When DynamoDB is away -----------------------------------------------------------------------


class _Away:
    """The client, without writes to the table of clicks."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def sync_transact_write(self, *_: Any, **__: Any) -> None:
        raise core.ConnectionException("away")


def test_a_person_gets_on_without_being_counted_but_not_past_a_cap(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(clock, "sleep", lambda _: None)
    open_, _ = stored(workspace)
    tracked, _ = stored(workspace, track_conversion=True)
    capped, link = stored(workspace, click_cap=10)
    locked, _ = stored(workspace, password="secret")
    away = _Away(table.driver())
    monkeypatch.setattr(transaction, "driver", lambda: away)
    assert [location(ask(f"/{alias}")) for alias in (open_, tracked)] == [TARGET, TARGET]
    assert capsys.readouterr().out.count('"clicks_lost":[1.0]') == 2
    assert [ask(f"/{capped}", **who).status for who in ({}, {"agent": BOTS[0]})] == [503, 503]
    for password in ("secret", "wrong"):
        assert ask(f"/{locked}", "POST", body=f"password={password}").status == 503
    assert passed(link) == 0
