"""Clerk tells of a member, over HTTP: they, and the keys they make, are what it told last."""

import json
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt

from tests import webhooks
from tests.clerk import membership, organisation
from tests.system.conftest import Api


class _Organisation:
    """A new one, with its maker, and another member, of whom Clerk tells."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.id, self.maker, self.member = (f"{kind}_{uuid4().hex}" for kind in ("org", "m", "n"))

    def tell(self, kind: str, data: dict[str, Any]) -> None:
        now = time.time()
        told = {"type": kind, "timestamp": int(now * 1000), "data": data}
        body, moment = json.dumps(told), int(now)
        secret = self.api.demo["CLERK_WEBHOOK_SECRET"]
        signed = webhooks.sign(secret, "msg_1", moment, body.encode())
        headers = {
            **{"Content-Type": "application/json", "svix-id": "msg_1"},
            **{"svix-timestamp": str(moment), "svix-signature": signed},
        }
        path = "/callbacks/clerk"
        answer = self.api.send("POST", path, token=None, content=body, headers=headers)
        assert answer.status_code == 200, answer.text

    def tell_of_member(self, what: str, role: str = "org:admin") -> None:
        self.tell(f"organizationMembership.{what}", membership(self.id, self.member, role))

    def ask(self, method: str, path: str, bearer: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {bearer}"}
        return self.api.send(method, path, token=None, headers=headers, **options)

    def session(self, subject: str) -> str:
        demo, now = self.api.demo, int(time.time())
        claims = {
            **{"v": 2, "iss": demo["CLERK_ISSUER"], "azp": demo["CLERK_AUTHORIZED_PARTY"]},
            **{"sub": subject, "iat": now, "nbf": now, "exp": now + 600, "o": {"id": self.id}},
        }
        key = Path(demo["CLERK_PRIVATE_KEY_FILE"]).read_text()
        return jwt.encode(claims, key, "RS256", headers={"kid": demo["CLERK_KEY_ID"]})


def test_a_lowered_and_a_removed_member_and_their_keys_are_that_on_the_next_request(
    api: Api,
) -> None:
    org = _Organisation(api)
    org.tell("organization.created", organisation(org.id, org.maker))
    org.tell("organizationMembership.created", membership(org.id, org.maker, "org:admin"))
    org.tell_of_member("created")
    session = org.session(org.member)
    wanted = {"name": "Theirs", "scopes": ["settings:manage"], "mode": "live"}
    made = org.ask("POST", "/v1/keys", session, json=wanted)
    assert made.status_code == 201, made.text
    key = made.json()["token"]

    def both() -> list[int]:
        path = "/v1/workspace/settings"
        return [org.ask("GET", path, bearer).status_code for bearer in (session, key)]

    def roles() -> list[Any]:
        path = "/v1/workspace/members"
        listed = org.ask("GET", path, org.session(org.maker)).json()["data"]
        return [row["role"] for row in listed]

    assert (both(), roles()) == ([200, 200], ["owner", "admin"])
    org.tell_of_member("updated", "org:viewer")
    who = [org.ask("GET", "/v1/whoami", bearer).json()["role"] for bearer in (session, key)]
    assert (both(), roles(), who) == ([401, 401], ["owner", "viewer"], ["viewer", "viewer"])
    org.tell_of_member("deleted")
    answers = [org.ask("GET", "/v1/whoami", bearer) for bearer in (session, key)]
    assert [answer.json()["error"]["code"] for answer in answers] == ["invalid_token"] * 2
    assert roles() == ["owner"]


def test_the_demo_has_members_a_key_and_usage(api: Api) -> None:
    members = api.send("GET", "/v1/workspace/members").json()["data"]
    assert [row["role"] for row in members] == ["owner", "admin", "member", "viewer"]
    assert members[0]["id"] == api.demo["MEMBER_ID"]
    assert api.send("GET", f"/v1/keys/{api.demo['KEY_ID']}").status_code == 200
    assert api.send("GET", "/v1/workspace/usage").json()["call_minutes"]["used"] > 0
