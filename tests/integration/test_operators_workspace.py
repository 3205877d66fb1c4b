"""The operator's command for workspaces: what is so already stays; what is wrong is one line."""

from collections.abc import Callable
from typing import Any

import pytest

from linkwright import auth, ids
from linkwright.table import Table, get
from linkwright.transaction import Transaction
from linkwright.workspace import billing, keys, members, workspaces
from linkwright.workspace.identity import organisations
from tests import pump, webhooks
from tests.clerk import clerk_event
from tests.client import Client
from tests.factories import Workspace, another_number
from tests.stack import Stack
from tools import workspace as command

Run = Callable[[str], str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """What a command says; what it is refused with, after a `!`."""
    monkeypatch.setattr(command, "stack_outputs", lambda _: {})
    monkeypatch.setattr(command, "use_stack", lambda *_, **__: None)

    def said(words: str) -> str:
        capsys.readouterr()
        try:
            command.main(["--stack", "linkwright-test", *words.split()])
        except SystemExit as end:
            (*_, line) = (f"{end.code}" if end.code != 2 else capsys.readouterr().err).splitlines()
            return f"!{line}"
        return capsys.readouterr().out.strip()

    return said


def test_a_workspace_is_made_once_with_its_first_key(stack: Stack, run: Run) -> None:
    made = ids.new("ws")
    words = f"create --id {made} --name Acme --plan pro --country IL"
    token = run(words).split()[-1]
    who = Client(token).get("/v1/whoami").json
    assert (who["workspace"]["id"], who["plan"], who["role"]) == (made, "pro", "owner")
    there = f"workspace {made} is there already"
    assert run(words) == f"{there}; for another one of that name, say another id"
    told = f"!{there}, as 'Acme' on the plan pro, calling to IL; for another one, say another id"
    for other in (("Acme", "Other"), ("pro", "free"), ("IL", "US")):
        assert run(words.replace(*other)) == told


def test_a_repeat_finds_the_workspace_by_its_name(stack: Stack, run: Run) -> None:
    name = ids.new("ws")
    made, *_, token = run(f"create --name {name}").removeprefix("workspace ").split()
    assert ids.matches("ws", made)
    assert run(f"create --name {name}").startswith(f"workspace {made} is there already")
    assert len(keys.of(made).keys) == 1
    assert Client(token).get("/v1/whoami").json["workspace"] == {"id": made, "name": name}


def test_a_workspace_and_its_key_are_one_write(
    stack: Stack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off before it, there is neither; the next try makes both."""
    words = f"create --id {ids.new('ws')}"
    commits: list[Transaction] = []
    with monkeypatch.context() as cut:
        cut.setattr(Transaction, "commit", lambda self: commits.append(self))
        run(words)
    assert len(commits) == 1
    assert Client(run(words).split()[-1]).get("/v1/whoami").status == 200


def test_one_whose_keys_are_gone_is_told_how_it_gets_one(stack: Stack, run: Run) -> None:
    made = ids.new("ws")
    words = f"create --id {made}"
    client = Client(run(words).split()[-1])
    (key,) = keys.of(made).keys
    assert client.request("DELETE", f"/v1/keys/{key['sk']}").status == 204
    told = f"--stack linkwright-test key {made} --name …"
    assert run(words) == (
        f"!workspace {made} is there already, and has no key: python -m tools.workspace {told}"
    )


def test_one_that_is_made_meanwhile_is_one_line(
    stack: Stack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ids.new("ws")
    run(f"create --id {made}")
    monkeypatch.setattr(workspaces, "find", lambda _: None)
    assert run(f"create --id {made}").startswith("!something else changed it meanwhile")


def test_a_key_is_made_once_by_its_name(workspace: Workspace, run: Run) -> None:
    words = f"key {workspace.id} --name CI --mode test --scope calls:read --scope *:write"
    key_id, _, token = run(words).split()
    who = Client(token).get("/v1/whoami").json
    assert (who["credential"]["id"], who["credential"]["env"]) == (key_id, "test")
    assert set(who["scopes"]) == auth.resolved(["calls:read", "*:write"])
    assert run(words).startswith(f"!key {key_id} is called 'CI' already; its token cannot")


def test_a_member_has_the_role_that_was_said_last(workspace: Workspace, run: Run) -> None:
    org, person = ids.new("org"), ids.new("user")
    words = f"member {workspace.id} {org} {person} --role"
    member_id = run(f"{words} admin").split()[0]
    assert run(f"{words} admin") == f"{member_id} is admin already"
    assert run(f"{words} viewer") == f"{member_id} is viewer"
    assert (members.find(org, person) or {})["role"] == "viewer"
    # What Clerk tells of it later makes no other workspace.
    assert (get(Table.ACCESS, organisations.place(org)) or {})["workspace_id"] == workspace.id
    run("create --id ws_otherOfMembers")
    refused = run(f"member ws_otherOfMembers {org} {person} --role owner")
    assert refused == f"!{org} is workspace {workspace.id}"


def test_who_and_what_was_deleted_is_no_member_and_has_none(workspace: Workspace, run: Run) -> None:
    org, person = ids.new("org"), ids.new("user")
    for kind, gone in (("user", person), ("organization", ids.new("org"))):
        data = {"id": gone, "deleted": True}
        assert webhooks.send(webhooks.CLERK, clerk_event(f"{kind}.deleted", data)).status == 200
        where = f"{org} {gone}" if kind == "user" else f"{gone} {person}"
        assert run(f"member {workspace.id} {where} --role admin") == f"!{gone} was deleted"


def test_a_plan_is_changed_and_reaches_the_keys(
    stack: Stack, workspace: Workspace, run: Run
) -> None:
    words = f"plan {workspace.id} enterprise"
    assert run(words) == f"workspace {workspace.id} is on enterprise"
    assert run(words) == f"workspace {workspace.id} is on enterprise already"
    pump.settle(stack, workspace.id)
    assert workspace.client.get("/v1/whoami").json["plan"] == "enterprise"


@pytest.mark.parametrize("told_before", [0, 7])
def test_a_plan_holds_until_billing_tells_its_next(
    stack: Stack, workspace: Workspace, run: Run, told_before: int
) -> None:
    """Versions are billing's own: the operator's changes take none of them."""

    def tell(plan: str, version: int) -> str:
        told = {"workspace_id": workspace.id, "plan": plan, "version": version}
        assert webhooks.send(webhooks.BILLING, told).status == 200
        pump.settle(stack, workspace.id)
        return str(workspace.client.get("/v1/whoami").json["plan"])

    if told_before:
        tell("free", told_before)
    for plan in ("business", "free", "enterprise"):
        run(f"plan {workspace.id} {plan}")
    # What it told before, again.
    if told_before:
        assert tell("free", told_before) == "enterprise"
    for version, plan in enumerate(("business", "free", "pro"), start=told_before + 1):
        assert tell(plan, version) == plan


def test_a_plan_that_billing_changes_meanwhile_is_left_as_it_is(
    workspace: Workspace, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assign = billing.assign

    def late(*args: Any) -> None:
        assign(*args)
        monkeypatch.setattr(billing, "assign", assign)
        told = {"workspace_id": workspace.id, "plan": "business", "version": 1}
        assert webhooks.send(webhooks.BILLING, told).status == 200

    monkeypatch.setattr(billing, "assign", late)
    assert run(f"plan {workspace.id} enterprise").startswith("!something else changed it meanwhile")
    assert workspaces.existing(workspace.id)["plan"] == "business"


def test_a_number_is_one_workspaces(workspace: Workspace, run: Run) -> None:
    number = another_number()
    words = f"number {workspace.id} {number}"
    assert run(words) == run(words) == f"workspace {workspace.id} calls from {number}"
    run("create --id ws_otherOfNumbers")
    refused = run(f"number ws_otherOfNumbers {number}")
    assert refused == "!another workspace calls from this number"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("key ws_none --name CI", "!there is no workspace ws_none"),
        ("member ws_none org_1 user_1 --role admin", "!there is no workspace ws_none"),
        ("plan ws_none pro", "!there is no workspace ws_none"),
        ("number ws_none +972541234567", "!there is no workspace ws_none"),
        ("plan ws_none gold", "invalid choice: 'gold'"),
        ("key ws_none --name CI --scope calls:fly", "invalid choice: 'calls:fly'"),
        ("member ws_none org_1 שלום --role admin", "argument subject: invalid"),
        ("create --country XX", "argument --country: invalid"),
        ("create --id acme", "an id is written like ws_acme"),
        ("number ws_none 054", "a number is written like +972541234567"),
        ("", "the following arguments are required"),
    ],
)
def test_what_is_wrong_is_one_line(stack: Stack, run: Run, words: str, told: str) -> None:
    said = run(words)
    assert said.startswith("!")
    assert told in said
