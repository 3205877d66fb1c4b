"""A digest over HTTP: asked for, mailed to the mail host by its worker, and ended by one click."""

import time
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.system.conftest import Api
from tools.local_cloud.cloud import Cloud

PATIENCE_S = 60


def _arrived(cloud: Cloud, to: str, about: str) -> dict[str, Any]:
    """The newest with that in its subject: the same person is told of other things too."""
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        of_all = httpx.get(f"{cloud.mail.url}/messages", params={"to": to}).json()["messages"]
        found: list[dict[str, Any]] = [one for one in of_all if about in one["subject"]]
        if found:
            return found[0]
        time.sleep(0.2)
    raise AssertionError(f"nothing arrived within {PATIENCE_S} s")


def test_a_digest_arrives_once_and_is_ended_by_its_click(api: Api, cloud: Cloud) -> None:
    first = api.send("POST", "/api/ai/weekly-digest/send", json={})
    assert first.status_code == 200, first.text
    member = api.demo["MEMBER_ID"]
    assert member in first.json()["sent"]
    again = api.send("POST", "/api/ai/weekly-digest/send", json={})
    assert (again.json()["sent"], again.headers["X-AI-Credits-Charged"]) == ([], "0")
    letter = _arrived(cloud, "alex@example.com", first.json()["week"])
    assert "<table" in letter["html"]
    link = letter["headers"]["List-Unsubscribe"].strip("<>")
    assert letter["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith(str(api.http.base_url).rstrip("/"))
    path = urlsplit(link).path
    assert api.http.get(path).headers["Content-Type"] == "text/html; charset=utf-8"
    ended = api.http.post(path, data={"List-Unsubscribe": "One-Click"})
    assert ended.status_code == 200
    members = api.send("GET", "/v1/workspace/members").json()["data"]
    assert {one["id"]: one["weekly_digest"] for one in members}[member] == "off"
    wanted = {"weekly_digest": "on"}
    back = api.send("PATCH", f"/v1/workspace/members/{member}", json=wanted)
    assert back.json()["weekly_digest"] == "on"
