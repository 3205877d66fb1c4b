"""What the billing system says of plans: signed, at least once, in any order."""

import base64
import json
import threading
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from pydantic import SecretStr

from linkwright import auth, clock, inbound_webhooks, jobs, vault
from linkwright.jobs import Work
from linkwright.table import Item, Table, get
from linkwright.workspace import facts, workspaces
from tests import pump, webhooks
from tests.client import Answer, Client, invoke, queue_event
from tests.factories import Workspace
from tests.stack import Stack

OTHER = "whsec_" + base64.b64encode(b"what nobody signs by, or not any more").decode()


def _told(workspace: Workspace, plan: str = "business", version: object = 1) -> dict[str, object]:
    return {"workspace_id": workspace.id, "plan": plan, "version": version}


def _tell(workspace: Workspace, plan: str = "business", version: int = 1) -> Answer:
    return webhooks.send(webhooks.BILLING, _told(workspace, plan, version))


def _stored(workspace: Workspace) -> Item:
    return get(Table.CORE, workspaces.key(workspace.id)) or {}


def _plan(client: Client) -> str:
    return str(client.get("/v1/whoami").json["plan"])


def _work(workspace: Workspace) -> Any:
    message = Work(jobs.PLAN, *facts.key(workspace.id)).message()
    return invoke("update_workspace", queue_event([message]))


def test_200_changes_the_plan_of_every_key(stack: Stack, workspace: Workspace) -> None:
    test_key = Workspace(workspace.item, "test").client
    assert (_plan(workspace.client), _plan(test_key)) == ("pro", "pro")
    assert _tell(workspace).status == 200
    pump.settle(stack, workspace.id)
    assert (_plan(workspace.client), _plan(test_key)) == ("business", "business")
    assert not jobs.is_waiting(facts.key(workspace.id))
    limits = workspace.client.get("/v1/whoami").json["limits"]
    assert limits["concurrent_calls"] == 25


def test_200_in_any_order_the_highest_version_holds(stack: Stack, workspace: Workspace) -> None:
    for plan, version in (("business", 2), ("free", 1), ("enterprise", 3), ("business", 2)):
        assert _tell(workspace, plan, version).status == 200
        pump.settle(stack, workspace.id)
    assert (_stored(workspace)["plan"], _plan(workspace.client)) == ("enterprise", "enterprise")


def test_200_the_same_again_changes_nothing(stack: Stack, workspace: Workspace) -> None:
    _tell(workspace)
    pump.settle(stack, workspace.id)
    before = stack.rows("CoreTable", workspace.id)
    assert _tell(workspace).status == 200
    assert stack.rows("CoreTable", workspace.id) == before


def test_200_a_change_while_the_last_is_copied_is_copied_too(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tell(workspace, "business", 1)
    renew = facts._renew

    def meanwhile(*args: Any) -> None:
        renew(*args)
        monkeypatch.setattr(facts, "_renew", renew)
        assert _tell(workspace, "enterprise", 2).status == 200

    monkeypatch.setattr(facts, "_renew", meanwhile)
    _work(workspace)
    assert jobs.is_waiting(facts.key(workspace.id))
    pump.settle(stack, workspace.id)
    _work(workspace)
    assert _plan(workspace.client) == "enterprise"
    assert not jobs.is_waiting(facts.key(workspace.id))


def test_200_a_late_run_copies_nothing_older(workspace: Workspace) -> None:
    _tell(workspace, "business", 1)
    old = _stored(workspace)
    _tell(workspace, "enterprise", 2)
    _work(workspace)
    for credential in chain.from_iterable(page for page, _ in facts._pages(workspace.id)):
        facts._renew(credential, auth.workspace_facts(old))
    assert _plan(workspace.client) == "enterprise"


def test_200_also_where_the_workspace_was_restored_to_before_the_last_changes(
    stack: Stack, workspace: Workspace
) -> None:
    restored = _stored(workspace)
    for version, plan in enumerate(("business", "pro", "free"), start=1):
        _tell(workspace, plan, version)
        pump.settle(stack, workspace.id)
    stack.put("CoreTable", restored)
    stack.delete("CoreTable", facts.key(workspace.id))
    assert _tell(workspace, "enterprise", 1).status == 200
    pump.settle(stack, workspace.id)
    assert _plan(workspace.client) == "enterprise"


def test_200_is_written_into_the_audit_log(stack: Stack, workspace: Workspace) -> None:
    _tell(workspace, "business", 7)
    found = [
        row
        for row in stack.rows("CoreTable", workspace.id)
        if row["pk"] == f"W#{workspace.id}#AUD" and "plan.changed" in json.dumps(row, default=str)
    ]
    assert len(found) == 1
    assert '"billing"' in json.dumps(found, default=str)


def test_404_for_a_workspace_that_is_not_there(workspace: Workspace) -> None:
    told = _told(workspace) | {"workspace_id": "ws_01ARZ3NDEKTSV4RRFFQ69G5FAV"}
    assert webhooks.send(webhooks.BILLING, told).status == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"plan": "platinum"}, "plan"),
        ({"version": 0}, "version"),
        ({"version": 1.5}, "version"),
        ({"version": True}, "version"),
        ({"version": "1"}, "version"),
        ({"version": 10**20}, "version"),
        ({"workspace_id": 5}, "workspace_id"),
        ({"workspace_id": "w" * 101}, "workspace_id"),
        ({"more": 1}, "more"),
    ],
)
def test_400_for_what_is_no_change(
    workspace: Workspace, changed: dict[str, object], field: str
) -> None:
    answer = webhooks.send(webhooks.BILLING, _told(workspace) | changed)
    assert (answer.status, answer.error["code"]) == (400, "validation_failed")
    assert answer.error["field"] == field
    assert "plan_version" not in _stored(workspace)


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '{"a":1,"a":2}', "[" * 5000, "\x00"])
def test_400_for_what_is_no_object(body: str) -> None:
    assert webhooks.send(webhooks.BILLING, body).status == 400


def test_413_for_a_giant(workspace: Workspace) -> None:
    assert webhooks.send(webhooks.BILLING, "x" * (256 * 1024 + 1)).status == 413


# ---- signatures ---------------------------------------------------------------------------------


def _signed(
    workspace: Workspace,
    secret: str,
    *,
    late: int = 0,
    prefix: str = "webhook",
    beside: dict[str, str] | None = None,
) -> Answer:
    body, moment = json.dumps(_told(workspace)), clock.epoch() - late
    headers = {
        f"{prefix}-id": "msg_2",
        f"{prefix}-timestamp": str(moment),
        f"{prefix}-signature": webhooks.sign(secret, "msg_2", moment, body.encode()),
        **(beside or {}),
    }
    return Client().post(webhooks.BILLING, body=body, headers=headers)


SECRET = webhooks.secret_of(webhooks.BILLING)


@pytest.mark.parametrize("late", [0, 299, -299])
@pytest.mark.parametrize("prefix", ["webhook", "svix"])
def test_200_for_a_signature_of_just_now(workspace: Workspace, late: int, prefix: str) -> None:
    assert _signed(workspace, SECRET, late=late, prefix=prefix).status == 200


@pytest.mark.parametrize("present", ["id", "timestamp", "signature", "id timestamp"])
@pytest.mark.parametrize(("signs", "other"), [("svix", "webhook"), ("webhook", "svix")])
def test_200_whatever_of_the_other_names_is_there_too(
    workspace: Workspace, signs: str, other: str, present: str
) -> None:
    beside = {f"{other}-{name}": "1" for name in present.split()}
    assert _signed(workspace, SECRET, prefix=signs, beside=beside).status == 200


@pytest.mark.parametrize("missing", ["id", "timestamp", "signature"])
def test_403_for_headers_of_two_names_that_make_one(workspace: Workspace, missing: str) -> None:
    body, moment = json.dumps(_told(workspace)), clock.epoch()
    headers = webhooks.headers(webhooks.BILLING, body, moment=moment)
    headers[f"svix-{missing}"] = headers.pop(f"webhook-{missing}")
    assert Client().post(webhooks.BILLING, body=body, headers=headers).status == 403


@pytest.mark.parametrize("late", [303, -303, 10**9])
def test_403_for_one_of_another_time(workspace: Workspace, late: int) -> None:
    assert _signed(workspace, SECRET, late=late).status == 403
    assert "plan_version" not in _stored(workspace)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook_id": "msg_other"},
        {"webhook_id": ""},
        {"webhook_timestamp": ""},
        {"webhook_timestamp": "soon"},
        {"webhook_timestamp": "-1"},
        {"webhook_timestamp": "1e9"},
        {"webhook_timestamp": "١٢٣"},
        {"webhook_timestamp": "9" * 5000},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v1"},
        {"webhook_signature": "שלום"},
        {"webhook_signature": "\udcff"},
        {"webhook_signature": "v1," + "A" * 44},
        {"webhook_signature": " ".join(["v1,x"] * 1000)},
    ],
)
def test_403_for_a_message_that_was_changed(workspace: Workspace, changed: dict[str, str]) -> None:
    answer = webhooks.send(webhooks.BILLING, _told(workspace), **changed)
    assert (answer.status, answer.error["code"]) == (403, "invalid_request")
    assert "plan_version" not in _stored(workspace)


def test_403_without_any_signature(workspace: Workspace) -> None:
    assert Client().post("/callbacks/billing", json=_told(workspace)).status == 403


def test_403_for_another_body(workspace: Workspace) -> None:
    headers = webhooks.headers(webhooks.BILLING, json.dumps(_told(workspace)))
    body = json.dumps(_told(workspace, "enterprise"))
    assert Client().post(webhooks.BILLING, body=body, headers=headers).status == 403


def test_403_for_a_signature_of_another_version(workspace: Workspace) -> None:
    headers = webhooks.headers(webhooks.BILLING, json.dumps(_told(workspace)))
    headers["webhook-signature"] = headers["webhook-signature"].replace("v1,", "v1a,")
    answer = Client().post(webhooks.BILLING, body=json.dumps(_told(workspace)), headers=headers)
    assert answer.status == 403


def test_200_where_one_of_several_signatures_is_right(workspace: Workspace) -> None:
    headers = webhooks.headers(webhooks.BILLING, json.dumps(_told(workspace)))
    headers["webhook-signature"] = f"v1a,zzz v1,AAAA {headers['webhook-signature']}"
    answer = Client().post(webhooks.BILLING, body=json.dumps(_told(workspace)), headers=headers)
    assert answer.status == 200


def test_403_by_a_secret_that_is_not_known(workspace: Workspace) -> None:
    assert _signed(workspace, OTHER).status == 403


def _know(monkeypatch: pytest.MonkeyPatch, *secrets: str) -> None:
    known = [SecretStr(secret) for secret in secrets]
    monkeypatch.setattr(vault.vault(), "billing_webhook_secrets", known)


def test_200_by_each_of_two_secrets_while_one_is_changed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _know(monkeypatch, OTHER, SECRET)
    assert _signed(workspace, OTHER).status == 200
    assert _signed(workspace, SECRET).status == 200


def test_403_by_the_old_secret_once_it_is_gone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _know(monkeypatch, OTHER)
    monkeypatch.setattr(inbound_webhooks, "reread", lambda: None)
    assert _signed(workspace, SECRET).status == 403


def test_200_by_a_secret_that_is_newer_than_the_process(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _know(monkeypatch, OTHER)
    later = clock.now() + timedelta(seconds=vault.REREAD_S + 1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert _signed(workspace, SECRET).status == 200


@pytest.mark.parametrize("broken", ["", "whsec_", "whsec_!!!", "whsec_שלום"])
def test_403_by_a_secret_that_is_none(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """An empty one would let anybody in."""
    _know(monkeypatch, broken)
    monkeypatch.setattr(inbound_webhooks, "reread", lambda: None)
    assert _signed(workspace, "whsec_").status == 403


# ---- at once ------------------------------------------------------------------------------------


def test_200_traffic_meanwhile_loses_no_count(stack: Stack, workspace: Workspace) -> None:
    """Each request is counted on the very items that the worker rewrites."""
    clients, each = [workspace.client_with(["*:read"]) for _ in range(4)], 12

    def ask(client: Client) -> None:
        for _ in range(each):
            assert client.get("/v1/whoami").status == 200

    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for version, plan in enumerate(("business", "free", "enterprise"), start=1):
        assert _tell(workspace, plan, version).status == 200
        _work(workspace)
    for thread in threads:
        thread.join()
    pump.settle(stack, workspace.id)
    for client in clients:
        item = get(Table.ACCESS, auth.api_key(client.token or "")) or {}
        counts = {name: value for name, value in item.items() if name[1:].isdigit()}
        assert sum(counts.values()) == each
        assert item["plan"] == "enterprise"


def test_200_of_many_changes_at_once_the_newest_holds(stack: Stack, workspace: Workspace) -> None:
    plans = ["free", "pro", "business", "enterprise"]
    answers: list[int] = []

    def tell(version: int) -> None:
        answers.append(_tell(workspace, plans[version % 4], version).status)

    threads = [threading.Thread(target=tell, args=(version,)) for version in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {200, 503}
    # Who was told to try again does.
    for version in range(1, 9):
        assert _tell(workspace, plans[version % 4], version).status == 200
    pump.settle(stack, workspace.id)
    assert (_stored(workspace)["plan_version"], _plan(workspace.client)) == (8, "free")
