"""The demo data: made once, and of it only what is missing."""

from pathlib import Path
from typing import Any

import pytest

from linkwright import auth, tokens
from linkwright.table import Table, get, update
from linkwright.transaction import Transaction
from linkwright.workspace import members
from tests.client import Client
from tests.stack import Stack
from tools import demo
from tools.local_cloud import clerk, demo_data


@pytest.mark.slow
def test_tokens_are_kept_and_only_one_that_is_no_longer_good_is_replaced(stack: Stack) -> None:
    first = demo.ensure_all({})
    assert demo.ensure_all(first) == first
    revoked = auth.api_key(first["TOKEN_READ"])
    update(Table.ACCESS, revoked, "SET #revoked_at = :at", values={"at": "2026-01-01T00:00:00Z"})
    again = demo.ensure_all(first | {"TOKEN_OTHER": tokens.new("live")})
    changed = {name for name in first if again[name] != first[name]}
    assert changed == {"TOKEN_READ", "TOKEN_OTHER"}
    # One that was mixed up with another is as good as none.
    mixed = demo.ensure_all(again | {"TOKEN": again["TOKEN_FREE"], "TOKEN_READ": again["TOKEN"]})
    assert mixed["TOKEN"] not in again.values()
    assert mixed["TOKEN_READ"] not in again.values()
    assert mixed["TOKEN_FREE"] == again["TOKEN_FREE"]


@pytest.mark.slow
def test_every_token_has_what_its_name_says(stack: Stack) -> None:
    made = demo.ensure_all({})
    shown = {name: get(Table.ACCESS, auth.api_key(made[name])) for name in made if "TOKEN" in name}
    told = {
        name: (item["workspace_id"], item["mode"], item["plan"], item["scopes"] == ["*:read"])
        for name, item in shown.items()
        if item
    }
    assert told == {
        "TOKEN": ("ws_demo", "live", "pro", False),
        "TOKEN_READ": ("ws_demo", "live", "pro", True),
        "TOKEN_TEST": ("ws_demo", "test", "pro", False),
        "TOKEN_OTHER": ("ws_other", "live", "pro", False),
        "TOKEN_FREE": ("ws_free", "live", "free", False),
        "TOKEN_ENTERPRISE": ("ws_enterprise", "live", "enterprise", False),
    }


def test_four_members_keys_of_several_scopes_and_what_was_used(stack: Stack) -> None:
    first = demo.ensure_all({})
    client = Client(first["TOKEN"])

    def shown() -> list[Any]:
        paths = ("members", "usage", "audit")
        told = [client.get(f"/v1/workspace/{path}").json for path in paths]
        return [*told, client.get("/v1/keys?limit=100").json]

    before = shown()
    listed, usage, _, keys = before
    assert [(row["id"], row["role"]) for row in listed["data"]] == [
        (demo.MEMBER_ID, "owner"),
        *((member_id, role) for role, (member_id, *_) in demo.PEOPLE.items()),
    ]
    assert all(row["email"] and row["name"] for row in listed["data"])
    assert usage["call_minutes"]["used"] == demo.USED < usage["call_minutes"]["limit"]
    named = {row["name"]: (row["id"], row["mode"], row["scopes"]) for row in keys["data"]}
    assert {name: named[name][1:] for name in demo.KEYS} == demo.KEYS
    assert named["Call centre"][0] == first["KEY_ID"]
    # At the next start nothing is made or counted again, but what was revoked.
    assert demo.ensure_all(first) == first
    assert shown() == before
    assert client.request("DELETE", f"/v1/keys/{first['KEY_ID']}").status == 204
    again = demo.ensure_all(first)
    assert {name for name in first if again[name] != first[name]} == {"KEY_ID"}


def test_who_was_a_member_before_there_was_a_list_is_listed(stack: Stack) -> None:
    workspace = demo.ensure_demo("ws_demo", "Demo", "pro")
    tx = Transaction("ws_demo", "req")
    old = auth.membership(clerk.ORGANISATION, clerk.USER).attributes()
    scopes = {"scopes": sorted(auth.SCOPES), "gsi1pk": "W#ws_demo#MBR", "gsi1sk": "usr_1"}
    facts = {"id": "usr_1", "type": "session", "role": "owner", **auth.workspace_facts(workspace)}
    tx.put(Table.ACCESS, old | scopes | facts, condition="")
    tx.delete(Table.ACCESS, members.row("ws_demo", demo.MEMBER_ID), condition="")
    tx.commit()
    demo.ensure_all({})
    found = members.find(clerk.ORGANISATION, clerk.USER) or {}
    assert found["id"] == demo.MEMBER_ID
    assert "scopes" not in found


def test_the_file_of_the_run_before_is_read_and_none_is_no_trouble(tmp_path: Path) -> None:
    assert demo_data.read(tmp_path) == {}
    demo_data.write(tmp_path, {"TOKEN": "a=b", "AGENT_ID": "agt_1"})
    assert demo_data.read(tmp_path) == {"TOKEN": "a=b", "AGENT_ID": "agt_1"}
    assert (tmp_path / demo_data.FILE).stat().st_mode & 0o777 == 0o600


def test_a_mail_campaign_with_leads_that_takes_the_sample_of_the_reference(stack: Stack) -> None:
    made = demo.ensure_all({})
    client, path = Client(made["TOKEN"]), f"/v1/mailer/campaigns/{made['CAMPAIGN_ID']}"
    assert made["CAMPAIGN_ID"] == "cmp_8fa21b09"
    before = client.get(path).json
    counted = {name: count for name, count in before["lead_counts"].items() if count}
    assert counted == dict.fromkeys(("finished", "replied", "bounced", "unsubscribed", "failed"), 1)
    rows = client.get(f"{path}/leads").json["data"]
    assert made["LEAD_ID"] in {row["id"] for row in rows}
    assert client.get(f"/v1/mailer/leads/{made['LEAD_ID']}").json["first_name"] == "נועה"
    assert client.get(f"{path}/leads?status=replied").json["data"][0]["reply"]["intent"]
    replied = client.get(f"{path}/leads?status=replied").json["data"][0]["reply"]
    assert replied["state"] == "replied"
    # Who can be mailed no more is on the list, and what failed says why as docs/research.md does.
    listed = client.get("/v1/mailer/suppressions").json["data"]
    assert {row["email"]: row["source"] for row in listed} == {
        "yusuf@clinic.example": "unsubscribed",
        "info@vets.example": "bounced",
    }
    failed = client.get(f"{path}/leads?status=failed").json["data"][0]["research"]
    assert (failed["status"], failed["reason"]) == ("failed", "gave_up")
    pushed = client.post(f"{path}/leads", json={"email": "dana@florist.example"}).json["id"]
    newest = [row["id"] for row in client.get(f"{path}/leads").json["data"]]
    assert newest[0] == pushed
    assert newest[-1] == made["LEAD_ID"]
    assert demo.ensure_all(made)["LEAD_ID"] == made["LEAD_ID"]
    assert [row["id"] for row in client.get(f"{path}/leads").json["data"]] == newest
