"""A short link over HTTP: made, followed at the address that was told, counted, converted."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests import drawings
from tests.system.conftest import Api
from tools.local_cloud.cloud import Cloud

TARGET = "https://example.com/sale?from=us"
PERSON = {
    "User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.4 Safari/605.1.15",
    "Referer": "https://news.example/today",
}
BOT = {"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}
COUNTED_WITHIN_S = 60.0


def _wait_for(seen: Callable[[], dict[str, Any]], wanted: dict[str, Any]) -> dict[str, Any]:
    """What is shown once it is as wanted; the last that was, if that never is."""
    until = time.monotonic() + COUNTED_WITHIN_S
    while True:
        shown = seen()
        if {name: shown[name] for name in wanted} == wanted or time.monotonic() > until:
            return shown
        time.sleep(0.5)


def test_a_link_is_followed_where_it_is_said_to_be_and_each_click_counts_once(
    api: Api, cloud: Cloud
) -> None:
    campaign = api.send("POST", "/api/campaigns", json={"name": "Spring"}).json()["id"]
    wanted = {"url": TARGET, "track_conversion": True, "utm_source": "mail", "campaign": campaign}
    link = api.send("POST", "/api/links", json=wanted).json()
    assert link["short_url"] == f"{cloud.base_url}/{link['alias']}"

    code = api.send("GET", f"/api/links/{link['id']}/qr?format=png")
    assert code.headers["Content-Type"] == "image/png"
    text, _ = drawings.read(drawings.of_png(code.content))
    assert text == f"{link['short_url']}?qr=1"

    def ask(agent: dict[str, str], query: str = "") -> httpx.Response:
        return httpx.get(link["short_url"] + query, headers=agent, timeout=60)

    hours = {time.gmtime().tm_hour}
    led = [ask(PERSON, text.removeprefix(link["short_url"])), ask(PERSON), ask(BOT)]
    hours.add(time.gmtime().tm_hour)
    assert {answer.status_code for answer in led} == {302}
    asked = [parse_qs(urlsplit(answer.headers["Location"]).query) for answer in led]
    assert [one.get("from") for one in asked] == [["us"]] * 3
    # The same person within the hour is the same click, and a bot is none.
    clicks, of_a_bot = [one["lk_click"][0] for one in asked[:2]], asked[2].get("lk_click")
    assert (len(set(clicks)) <= len(hours), of_a_bot) == (True, None)
    told = {"click_id": clicks[0], "event": "order", "value": 4900, "currency": "ILS"}
    assert api.send("POST", "/api/conversions", json=told).status_code == 201
    counted = {"clicks": len(set(clicks)), "bot_clicks": 1, "qr": 1}
    counted |= {"conversions": 1, "values": {"ILS": 4900}}
    at = f"/api/links/{link['id']}/analytics"
    shown = _wait_for(lambda: dict(api.send("GET", at).json()), counted)
    assert {name: shown[name] for name in counted} == counted
    assert api.send("DELETE", f"/api/campaigns/{campaign}").status_code == 409
    assert api.send("DELETE", f"/api/links/{link['id']}").status_code == 204
    assert ask(PERSON).status_code == 404
    assert api.send("DELETE", f"/api/campaigns/{campaign}").status_code == 204
