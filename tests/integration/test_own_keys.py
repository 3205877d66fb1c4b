"""A workspace's own key: who may set one, what is shown of it, and what it is used for.

By `GET /api/ai/byok`, `PUT /api/ai/byok` and `DELETE /api/ai/byok`.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from linkwright import aws, egress, jobs, sealing
from linkwright.ai.own_key import expiry
from linkwright.credits import free_answers
from linkwright.credits.items import balance_key
from linkwright.egress import Answer
from linkwright.jobs import Work
from linkwright.providers import llm, llm_anthropic, llm_catalogue, llm_openai
from linkwright.providers.llm_remote import Remote
from linkwright.providers.llm_types import Question, Reply
from linkwright.table import Item, Table, get, update
from linkwright.workspace import own_keys, workspaces
from tests import client as clients
from tests import planted, pump, runs, vendors, webhooks
from tests.client import Context, invoke, queue_event
from tests.clocks import Hand
from tests.factories import TARGET, Workspace, make_workspace
from tests.integration.every_route import assert_error, nothing_written
from tests.integration.logs import logged
from tests.stack import Stack
from tests.template.checkout import real
from tools.template import functions

PATH = "/api/ai/byok"
LISTED = next(iter(llm_catalogue.MODELS.values()))
NONE = {
    "configured": False,
    "enabled": False,
    "provider": None,
    "model": None,
    "key_masked": None,
}
SET = {
    "configured": True,
    "enabled": True,
    "provider": "openai",
    "model": "gpt-6-luna",
    "key_masked": "sk-proj-…Qz7K",
}
PAGE = {"url": f"{TARGET}/spring-sale", "title": "Spring sale"}


@pytest.fixture
def workspace(stack: Stack) -> Workspace:
    return make_workspace("enterprise")


def put(workspace: Workspace, **wanted: Any) -> clients.Answer:
    body = {"api_key": vendors.KEY} | wanted
    return workspace.client.request("PUT", PATH, json=body)


def shown(workspace: Workspace) -> Any:
    answer = workspace.client.get(PATH)
    assert answer.status == 200, answer.raw
    return answer.json


def suggest(workspace: Workspace, key: str | None = None) -> clients.Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return workspace.client.post("/api/ai/suggest-alias", json=PAGE, headers=headers)


def kept(workspace: Workspace) -> Item:
    item = get(Table.CORE, workspaces.key(workspace.id))
    assert item is not None
    return item


Asked = list[tuple[str, Mapping[str, str]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Which vendors were asked, and with which headers."""
    found: Asked = []
    fetch = egress.fetch

    def noting(url: str, **options: Any) -> Answer:
        if vendors.is_one(url):
            found.append((url, options["headers"]))
        return fetch(url, **options)

    monkeypatch.setattr(egress, "fetch", noting)
    return found


def answering(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[str, Mapping[str, Any]], Answer]
) -> None:
    """Let vendors do something else."""
    monkeypatch.setattr(egress, "fetch", lambda url, **options: answer(url, options))


def status(code: int, text: str = "") -> Callable[[str, Mapping[str, Any]], Answer]:
    return lambda url, _: Answer(code, {}, text.encode(), url)


def away(url: str, _: Mapping[str, Any]) -> Answer:
    raise egress.Unreachable("no connection")


# ---- setting, showing, deleting ------------------------------------------------------------------


def test_200_null_where_there_is_none(workspace: Workspace) -> None:
    assert shown(workspace) == NONE


def test_200_one_that_its_vendor_takes_is_set_and_never_shown(
    workspace: Workspace, asked: Asked
) -> None:
    answer = put(workspace)
    assert (answer.status, answer.json) == (200, SET)
    assert list(answer.json) == list(NONE)
    ((url, headers),) = asked
    assert url == f"{llm_openai.API_URL}/v1/chat/completions"
    assert headers["authorization"] == f"Bearer {vendors.KEY}"
    assert shown(workspace) == SET


def test_200_the_provider_is_told_by_the_key_and_the_model_may_be_named(
    workspace: Workspace, asked: Asked
) -> None:
    of_it = {"provider": "anthropic", "key_masked": "sk-ant-…W9mB"}
    assert put(workspace, api_key=vendors.OF_ANTHROPIC).json == SET | of_it | {
        "model": "claude-haiku-5-5"
    }
    for name in ("claude-sonnet-5-5", "anthropic/claude-sonnet-5-5"):
        answer = put(workspace, api_key=vendors.OF_ANTHROPIC, model=name, provider="anthropic")
        assert answer.json == SET | of_it | {"model": "claude-sonnet-5-5"}
    assert {url for url, _ in asked} == {f"{llm_anthropic.API_URL}/v1/messages"}


def test_200_the_mask_has_no_more_than_four_characters_of_what_is_secret(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, mask in (
        ("sk-" + "a" * 30 + "bcde", "sk-…bcde"),
        ("sk-svcacct-" + "a" * 30 + "bcde", "sk-svcacct-…bcde"),
        ("x" * 30 + "bcde", "…bcde"),
    ):
        monkeypatch.setattr(llm, "prove", lambda *_: None)
        assert put(workspace, api_key=key, provider="openai").json["key_masked"] == mask


def test_204_it_is_deleted_also_if_there_is_none(workspace: Workspace) -> None:
    put(workspace)
    for _ in range(2):
        assert workspace.client.request("DELETE", PATH).status == 204
        assert shown(workspace) == NONE
    actions = [row["action"] for row in workspace.client.get("/v1/workspace/audit").json["data"]]
    assert actions[:2] == ["own_key.deleted", "own_key.set"]


def test_200_live_and_test_mode_have_each_their_own(workspace: Workspace) -> None:
    test = Workspace(workspace.item, "test")
    put(workspace)
    assert shown(test) == NONE
    put(test, api_key=vendors.OF_ANTHROPIC)
    assert (shown(workspace)["provider"], shown(test)["provider"]) == ("openai", "anthropic")
    workspace.client.request("DELETE", PATH)
    assert (shown(workspace), shown(test)["configured"]) == (NONE, True)


def test_200_the_same_again_changes_nothing(workspace: Workspace) -> None:
    put(workspace)
    with nothing_written():
        assert put(workspace).json == SET
    before = kept(workspace)["own_key"]
    assert put(workspace, fallback=True).status == 200
    assert kept(workspace)["own_key"]["sealed"] != before["sealed"]


@pytest.mark.parametrize("refusal", [401, 403, 404, 400])
def test_400_one_that_is_refused_leaves_the_old_one(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    put(workspace)
    before = kept(workspace)
    answering(monkeypatch, status(refusal, "Incorrect API key provided"))
    with nothing_written():
        assert_error(put(workspace, api_key="sk-" + "0" * 40), 400, "validation_failed", "api_key")
    assert kept(workspace) == before


@pytest.mark.parametrize(
    "vendor",
    [away, status(500), status(429), status(409), status(200, "no JSON")],
    ids=["away", "broken", "busy", "locked", "no JSON"],
)
def test_503_while_its_vendor_is_away_the_old_one_stays(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, vendor: Any
) -> None:
    put(workspace)
    before = kept(workspace)
    answering(monkeypatch, vendor)
    with nothing_written():
        assert put(workspace, api_key=vendors.OF_ANTHROPIC).status == 503
    assert kept(workspace) == before


# As their SDKs and users report them.
NO_FUNDS = [
    (vendors.KEY, 429, {"type": "insufficient_quota", "param": None, "code": "insufficient_quota"}),
    (vendors.KEY, 429, {"type": "billing_not_active", "param": None, "code": "billing_not_active"}),
    (
        *(vendors.OF_ANTHROPIC, 429),
        {"type": "rate_limit_error", "details": {"error_code": "contract_spend_limit_reached"}},
    ),
    (vendors.OF_ANTHROPIC, 402, {"type": "billing_error"}),
]


@pytest.mark.parametrize(("key", "code", "error"), NO_FUNDS)
def test_400_of_an_account_without_money_which_is_asked_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, key: str, code: int, error: Item
) -> None:
    told: list[str] = []

    def broke(url: str, _: Mapping[str, Any]) -> Answer:
        told.append(url)
        return Answer(code, {}, json.dumps({"type": "error", "error": error}).encode(), url)

    with monkeypatch.context() as patch:
        answering(patch, broke)
        answer = put(workspace, api_key=key)
    assert_error(answer, 400, "validation_failed", "api_key")
    assert (answer.json["reason"], len(told)) == ("no_funds", 1)
    assert put(workspace, api_key=key).status == 200
    with monkeypatch.context() as patch:
        answering(patch, broke)
        answer = suggest(workspace)
    assert_error(answer, 502, "byok_provider_error")
    assert (answer.json["failure"], len(told)) == ("no_funds", 2)


@pytest.mark.parametrize(
    "body", ["[]", "null", '{"error": "insufficient_quota"}', '{"error": {"details": []}}', "["]
)
def test_503_what_has_no_code_is_told_by_its_status(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    answering(monkeypatch, status(429, body))
    answer = put(workspace)
    assert (answer.status, "provider" in answer.json["message"]) == (503, True)


def test_400_counts_the_characters_of_a_key(workspace: Workspace) -> None:
    for key, told in (("sk-short", "least 20"), ("sk-" + "a" * 300, "most 300")):
        answer = put(workspace, api_key=key)
        assert answer.error["message"] == f"Field 'api_key' must have at {told} characters."


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"api_key": "sk-short"}, "api_key"),
        ({"api_key": "sk-" + "a" * 300}, "api_key"),
        ({"api_key": "sk-" + "a" * 20 + "\r\nx-other: 1"}, "api_key"),
        ({"api_key": "sk-" + "é" * 30}, "api_key"),
        ({"api_key": "x" * 40}, "provider"),
        ({"provider": "bedrock"}, "provider"),
        ({"model": "gpt-2"}, "model"),
        ({"model": "claude-haiku-5-5"}, "model"),
        ({"model": "bedrock/nova-2-lite"}, "model"),
        ({"base_url": "https://example.com"}, "base_url"),
        # What is known to be of another vendor is told to none.
        ({"api_key": vendors.OF_ANTHROPIC, "provider": "openai"}, "provider"),
        ({"provider": "anthropic"}, "provider"),
        ({"api_key": "sk-" + "a" * 48, "provider": "anthropic"}, "provider"),
        ({"api_key": "sk-or-v1-" + "a" * 64}, "api_key"),
        ({"api_key": "sk-or-v1-" + "a" * 64, "provider": "openai"}, "api_key"),
        ({"api_key": "xai-" + "a" * 60, "provider": "openai"}, "api_key"),
        ({"api_key": "AIza" + "a" * 35, "provider": "anthropic"}, "api_key"),
        ({"api_key": "gsk_" + "a" * 52, "provider": "openai"}, "api_key"),
        ({"api_key": "sk_live_" + "a" * 40, "provider": "openai"}, "api_key"),
        ({"api_key": "lk_live_" + "a" * 49, "provider": "openai"}, "api_key"),
    ],
)
def test_400_what_is_no_key_or_not_offered_is_asked_nowhere(
    workspace: Workspace, asked: Asked, wanted: Item, field: str
) -> None:
    with nothing_written():
        answer = put(workspace, **wanted)
    assert_error(answer, 400, "validation_failed", field)
    assert asked == []
    assert wanted.get("api_key", vendors.KEY) not in answer.raw


@pytest.mark.parametrize("plan", ["free", "pro", "business"])
def test_402_only_the_enterprise_plan_sets_one(stack: Stack, asked: Asked, plan: str) -> None:
    workspace = make_workspace(plan)
    answer = put(workspace)
    assert (answer.status, answer.json) == (
        402,
        {
            "error": "byok_requires_enterprise",
            "dimension": "byok",
            "upgrade_to": "enterprise",
        },
    )
    assert asked == []
    # It is shown on any paid plan, and deleted on any.
    got = workspace.client.get(PATH)
    assert got.status == (402 if plan == "free" else 200)
    assert workspace.client.request("DELETE", PATH).status == 204


def test_401_only_the_owner_may(workspace: Workspace) -> None:
    for role in ("admin", "member", "viewer"):
        other = workspace.client_with(["byok:manage"], role)
        for method in ("GET", "PUT", "DELETE"):
            body = {"api_key": vendors.KEY} if method == "PUT" else None
            assert_error(other.request(method, PATH, json=body), 401, "missing_scope")


# ---- generating by it ----------------------------------------------------------------------------


def test_200_a_generation_uses_it_at_no_credits(workspace: Workspace, asked: Asked) -> None:
    before = workspace.client.get("/api/ai/credits").json
    put(workspace)
    answer = suggest(workspace, "k1")
    assert answer.status == 200, answer.raw
    assert answer.headers["X-AI-Credits-Charged"] == "0"
    assert {headers["authorization"] for _, headers in asked} == {f"Bearer {vendors.KEY}"}
    assert len(asked) >= 2
    again = suggest(workspace, "k1")
    assert (again.json, again.headers["X-AI-Credits-Charged"]) == (answer.json, "0")
    after = workspace.client.get("/api/ai/credits").json
    assert after["remaining"] == before["remaining"]


def test_200_an_insight_says_whose_it_is_and_is_kept_apart(
    workspace: Workspace, asked: Asked
) -> None:
    url = f"/api/ai/insight/link/{workspace.link()['id']}"
    ours = workspace.client.get(url)
    assert ours.json["generated_by"] == llm.DETERMINISTIC
    put(workspace)
    own = workspace.client.get(url)
    assert own.json["generated_by"] == "byok:openai/gpt-6-luna", own.raw
    assert (own.headers["X-Cache"], own.headers["X-AI-Credits-Charged"]) == ("miss", "0")
    assert workspace.client.get(url).headers["X-Cache"] == "hit"
    workspace.client.request("DELETE", PATH)
    back = workspace.client.get(url)
    assert (back.json, back.headers["X-Cache"]) == (ours.json, "hit")


def test_200_who_has_nothing_left_generates_by_it(workspace: Workspace) -> None:
    suggest(workspace)
    put(workspace)
    balance = get(Table.LEDGER, balance_key(workspace.partition))
    assert balance is not None
    values = {"spent": balance["granted"] + 5}
    update(Table.LEDGER, balance_key(workspace.partition), "SET #spent = :spent", values=values)
    answer = suggest(workspace)
    assert answer.status == 200, answer.raw
    assert answer.headers["X-AI-Credits-Remaining"] == "0"


@pytest.mark.parametrize(
    ("vendor", "reason"),
    [
        (away, "unavailable"),
        (status(401, f"Incorrect API key provided: {vendors.KEY}"), "not_configured"),
        (status(500, vendors.KEY), "unavailable"),
        (status(400, vendors.KEY), "refused"),
        (status(200, f'{{"oops": "{vendors.KEY}"}}'), "invalid_output"),
    ],
    ids=["away", "401", "500", "400", "garbage"],
)
def test_502_where_its_vendor_fails_and_no_other_key_is_asked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, vendor: Any, reason: str
) -> None:
    put(workspace)
    before = workspace.client.get("/api/ai/credits").json["remaining"]
    with monkeypatch.context() as patch:
        patch.setattr(llm, "model", lambda *_, **__: pytest.fail("the shared key was asked"))
        answering(patch, vendor)
        answer = suggest(workspace, "k")
    assert_error(answer, 502, "byok_provider_error")
    assert answer.json["failure"] == reason
    assert vendors.KEY not in answer.raw
    assert workspace.client.get("/api/ai/credits").json["remaining"] == before
    # The same request, once the vendor is there.
    assert suggest(workspace, "k").status == 200


def test_200_with_fallback_the_shared_model_answers_for_what_it_costs(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert put(workspace, fallback=True).status == 200
    assert suggest(workspace).headers["X-AI-Credits-Charged"] == "0"
    with monkeypatch.context() as patch:
        answering(patch, away)
        answer = suggest(workspace)
    assert (answer.status, answer.headers["X-AI-Credits-Charged"]) == (200, "1")


def test_200_its_own_key_is_asked_where_ours_may_not_be(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After too many answers for nothing: that its vendor is asked is no matter of ours."""
    monkeypatch.setattr(free_answers, "MOST", 0)
    assert put(workspace, fallback=True).status == 200
    path = f"/api/ai/insight/link/{workspace.link()['id']}?force=true"
    monkeypatch.setattr(llm, "model", lambda *_, **__: Remote(LISTED, Unasked()))
    assert workspace.client.get(path).json["generated_by"] == "byok:openai/gpt-6-luna"
    answering(monkeypatch, away)
    answer = workspace.client.get(path)
    assert answer.json["generated_by"] == llm.DETERMINISTIC
    assert answer.headers["X-AI-Credits-Charged"] == "0"


class Unasked:
    def ask(self, question: Question, timeout_s: float) -> Reply:
        pytest.fail("the shared key was asked")


def test_502_what_was_sealed_for_another_workspace_does_not_open(workspace: Workspace) -> None:
    other = make_workspace("enterprise")
    put(workspace)
    put(other)
    mine, theirs = kept(workspace)["own_key"], kept(other)["own_key"]
    for at, item in ((workspace, theirs), (other, mine)):
        key = workspaces.key(at.id)
        update(Table.CORE, key, "SET #own_key = :own", values={"own": item})
        answer = suggest(at)
        assert_error(answer, 502, "byok_provider_error")
        assert answer.json["failure"] == "not_configured"
    # Nor does live mode's in test mode.
    update(
        Table.CORE,
        workspaces.key(workspace.id),
        "SET #own_key_test = :own",
        values={"own": mine},
    )
    assert suggest(Workspace(workspace.item, "test")).status == 502


# ---- where a key is found ------------------------------------------------------------------------


def forms(key: str) -> set[str]:
    """As it might be written somewhere: plain, base64 at each offset, in a URL, its end."""
    encoded = {
        base64.b64encode(b" " * at + key.encode()).decode()[4:].rstrip("=")[:-2] for at in range(3)
    }
    return {key, quote(key, safe=""), key[-8:], *encoded}


def test_a_planted_key_is_found_nowhere(
    stack: Stack,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Through what succeeds and each way to fail: log, answers, items, messages."""
    key = "sk-proj-P1antedP1antedP1antedP1anted-_x9Y8z7W6"
    told: list[str] = []
    look = planted.look
    monkeypatch.setattr(planted, "look", lambda *of: told.append(of[1]) or look(*of))
    monkeypatch.setattr(vendors, "KEY", key)
    link = workspace.link()["id"]
    answers: list[clients.Answer] = []

    def ask_all() -> None:
        answers.append(put(workspace, api_key=key))
        answers.append(put(workspace, api_key=key, model="gpt-2"))
        answers.append(put(workspace, api_key=key, surprise=key))
        answers.append(put(workspace, api_key=f"{key}\n"))
        answers.append(put(workspace, api_key=[key]))
        answers.append(suggest(workspace))
        answers.append(workspace.client.get(f"/api/ai/insight/link/{link}?force=true"))
        with runs.no_time():
            answers.append(workspace.client.post(runs.PATH, json={"goal": "x"}))
        pump.settle(stack, workspace.id, jobs.RUN)
        if answers[-1].status == 202:
            answers.append(workspace.client.get(f"{runs.PATH}/{answers[-1].json['id']}"))
        answers.append(workspace.client.get(PATH))

    with logged() as lines:
        ask_all()
        for vendor in (
            away,
            status(401, f"Incorrect API key provided: {key}"),
            status(500, key),
            status(200, json.dumps({"choices": [key]})),
        ):
            with monkeypatch.context() as patch:
                answering(patch, vendor)
                ask_all()
        for name in ("generate_data_key", "decrypt"):
            with monkeypatch.context() as patch:
                sealing.forget()
                patch.setattr(type(aws.kms()), name, broken)
                ask_all()
        pump.settle(stack, workspace.id)
        answers.append(workspace.client.get("/v1/workspace/audit"))
        answers.append(workspace.client.request("DELETE", PATH))
    statuses = {answer.status for answer in answers}
    assert {200, 204, 400, 502, 503} <= statuses
    everything = [
        *(answer.raw for answer in answers),
        *(json.dumps(dict(answer.headers)) for answer in answers),
        lines.getvalue(),
        *told,
        *(repr(row) for name in stack.names for row in rows(stack, name)),
        capsys.readouterr().out,
    ]
    # What may be shown is.
    assert any("sk-proj-…z7W6" in text for text in told)
    for form in forms(key):
        assert not [text for text in everything if form in text], form


def rows(stack: Stack, name: str) -> list[Item]:
    return stack.rows(name) if name.endswith("Table") else []


def broken(*_: object, **__: object) -> Item:
    return {"Plaintext": "x", "CiphertextBlob": ""}


@pytest.mark.slow
def test_only_what_generates_may_open_what_is_sealed() -> None:
    """By their roles: who shows, sets and deletes a key may not."""
    checkout = real()
    may = {
        function.file
        for function in checkout.functions
        if "kms:Decrypt" in {action for action, _ in checkout.rights(checkout.role(function))}
    }
    generates = {one.file for one in functions() if "charge=Charge(" in one.source.read_text()}
    assert not may & {"get_own_key", "set_own_key", "delete_own_key"}
    # The digest is generated on Mondays too, and what takes longer than a request by a worker; the
    # secrets of webhooks are the receivers', and those of mailboxes their own.
    others = {"deliver_webhook", "send_mail", "tend_mailbox"}
    assert may - others == generates | {*("send_digest", "continue_run", "research_leads")}


# ---- a plan that has none ------------------------------------------------------------------------


def change_plan(stack: Stack, workspace: Workspace, plan: str, version: int) -> None:
    told = {"workspace_id": workspace.id, "plan": plan, "version": version}
    assert webhooks.send(webhooks.BILLING, told).status == 200
    pump.settle(stack, workspace.id, jobs.PLAN)


def destroy(workspace: Workspace) -> None:
    work = Work(jobs.OWN_KEY, *expiry.key(workspace.id))
    invoke("update_workspace", queue_event([work.message()]), Context(60_000))


def test_200_a_lower_plan_disables_it_and_the_shared_model_answers(
    stack: Stack, workspace: Workspace, asked: Asked
) -> None:
    put(workspace)
    change_plan(stack, workspace, "business", 1)
    assert shown(workspace) == SET | {"enabled": False}
    asked.clear()
    assert suggest(workspace).headers["X-AI-Credits-Charged"] == "1"
    assert asked == []
    change_plan(stack, workspace, "enterprise", 2)
    assert shown(workspace) == SET
    assert suggest(workspace).headers["X-AI-Credits-Charged"] == "0"


def test_200_thirty_days_later_it_is_destroyed_in_both_modes(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    put(workspace)
    put(Workspace(workspace.item, "test"))
    change_plan(stack, workspace, "business", 1)
    hand.move(timedelta(days=29, hours=23).total_seconds())
    destroy(workspace)
    assert shown(workspace)["configured"] is True
    hand.move(timedelta(hours=2).total_seconds())
    destroy(workspace)
    destroy(workspace)
    assert shown(workspace) == NONE
    assert not {"own_key", "own_key_test"} & kept(workspace).keys()
    (first, *_) = workspace.client.get("/v1/workspace/audit?action=own_key.destroyed").json["data"]
    assert first["actor"] == {"type": "billing", "id": "billing"}
    change_plan(stack, workspace, "enterprise", 2)
    assert shown(workspace) == NONE


def test_200_who_comes_back_in_time_keeps_it_and_the_days_begin_anew(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    put(workspace)
    change_plan(stack, workspace, "business", 1)
    hand.move(timedelta(days=20).total_seconds())
    change_plan(stack, workspace, "enterprise", 2)
    assert not jobs.is_waiting(expiry.key(workspace.id))
    hand.move(timedelta(days=20).total_seconds())
    destroy(workspace)
    assert shown(workspace) == SET
    change_plan(stack, workspace, "free", 3)
    hand.move(timedelta(days=20).total_seconds())
    # Another change of what is known of the workspace is not another downgrade.
    change_plan(stack, workspace, "business", 4)
    destroy(workspace)
    assert shown(workspace)["configured"] is True
    hand.move(timedelta(days=11).total_seconds())
    destroy(workspace)
    assert shown(workspace) == NONE


def test_nothing_is_audited_where_no_key_is_left_to_be_destroyed(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    put(workspace)
    change_plan(stack, workspace, "business", 1)
    assert workspace.client.request("DELETE", PATH).status == 204
    hand.move(timedelta(days=31).total_seconds())
    destroy(workspace)
    assert not jobs.is_waiting(expiry.key(workspace.id))
    assert workspace.client.get("/v1/workspace/audit?action=own_key.destroyed").json["data"] == []


def test_a_plan_that_comes_back_while_it_is_destroyed_keeps_it(
    stack: Stack, workspace: Workspace, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(workspace)
    change_plan(stack, workspace, "business", 1)
    hand.move(timedelta(days=31).total_seconds())
    drop = own_keys.drop_all

    def meanwhile(*of: Any) -> None:
        told = {"workspace_id": workspace.id, "plan": "enterprise", "version": 2}
        assert webhooks.send(webhooks.BILLING, told).status == 200
        drop(*of)

    with monkeypatch.context() as patch:
        patch.setattr(expiry.operations, "drop_all_own_keys", meanwhile)
        destroy(workspace)
    pump.settle(stack, workspace.id, jobs.PLAN)
    assert shown(workspace) == SET
    destroy(workspace)
    assert shown(workspace) == SET
