"""What a workspace has used of its plan, as soon as it has."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkwright import auth, clock
from linkwright.plans import PLANS
from linkwright.table import Table, update
from linkwright.transaction import Transaction
from linkwright.usage import CALL_MINUTES, key, settle
from tests import pump
from tests.factories import Workspace, make_workspace
from tests.integration.every_route import assert_error
from tests.stack import Stack

NOW = datetime(2027, 1, 31, 12, 0, tzinfo=UTC)
PERIOD = {"start": "2027-01-31T00:00:00Z", "end": "2027-02-28T00:00:00Z"}


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workspace of this day has the 31st as its anchor."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


def _shown(workspace: Workspace) -> Any:
    answer = workspace.client.get("/v1/workspace/usage")
    assert answer.status == 200
    return answer.json


def _minutes(workspace: Workspace) -> tuple[int, int, int, int]:
    shown = _shown(workspace)["call_minutes"]
    return shown["used"], shown["reserved"], shown["limit"], shown["remaining"]


def _counted(workspace: Workspace, dimension: str, **counts: int) -> None:
    where = key(workspace.partition, PERIOD["start"][:10], dimension)
    names = ", ".join(f"#{name} = :{name}" for name in counts)
    update(Table.CORE, where, f"SET {names}", values=counts)


def _unused(limit: int) -> dict[str, int]:
    return {"used": 0, "reserved": 0, "limit": limit, "remaining": limit}


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_200_a_new_workspace_has_all_of_its_plan(stack: Stack, plan: Any) -> None:
    assert _shown(make_workspace(plan.name)) == {
        "period": PERIOD,
        "call_minutes": _unused(plan.call_minutes),
        "mailer_sends": _unused(plan.mailer_sends),
        "leads_researched": _unused(plan.leads_researched),
        "ai_credits": _unused(plan.ai_credits),
        "mailboxes": _unused(plan.mailboxes),
        "links": _unused(plan.links),
        "domains": _unused(plan.domains),
    }


def test_200_links_are_those_there_are_at_once_whatever_the_cycle(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = workspace.link()
    workspace.link(archived=True)
    of_two = {"used": 2, "reserved": 0, "limit": 5_000, "remaining": 4_998}
    assert _shown(workspace)["links"] == of_two
    later = clock.now() + timedelta(days=40)
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", lambda: later)
        assert _shown(workspace)["links"] == of_two
    assert workspace.client.request("DELETE", f"/api/links/{first['id']}").status == 204
    assert _shown(workspace)["links"]["used"] == 1


def test_200_mailboxes_are_those_there_are_at_once(workspace: Workspace) -> None:
    mailbox = workspace.own_mailbox()
    one = {"used": 1, "reserved": 0, "limit": 5, "remaining": 4}
    assert _shown(workspace)["mailboxes"] == one
    assert workspace.client.request("DELETE", f"/v1/mailer/mailboxes/{mailbox}").status == 204
    assert _shown(workspace)["mailboxes"] == _unused(5)


@pytest.mark.parametrize("mode", ["live", "test"])
def test_200_a_call_is_seen_at_once_as_reserved_and_then_as_used(stack: Stack, mode: str) -> None:
    workspace = make_workspace(mode=mode)
    is_counted = mode == "live"
    call_id = workspace.placed()
    assert _minutes(workspace) == (0, 1 * is_counted, 300, 300 - is_counted)
    pump.settle(stack, workspace.id)
    assert workspace.end_of(call_id)[0] == "completed" or not is_counted
    used, reserved, limit, remaining = _minutes(workspace)
    assert (used > 0, reserved, limit, remaining) == (is_counted, 0, 300, 300 - used)


def test_200_a_call_that_is_canceled_leaves_nothing(workspace: Workspace) -> None:
    call_id = workspace.placed()
    assert workspace.client.post(f"/v1/voice/calls/{call_id}/cancel").status == 200
    assert _minutes(workspace) == (0, 0, 300, 300)


@pytest.mark.usefixtures("frozen")
def test_200_each_dimension_by_its_own_counter(workspace: Workspace) -> None:
    _counted(workspace, "call_minutes", committed=12, used=5)
    _counted(workspace, "mailer_sends", committed=4_000, used=4_000)
    _counted(workspace, "ai_credits", committed=500)
    _counted(workspace, "leads_researched", committed=7, used=7)
    assert _shown(workspace) == {
        "period": PERIOD,
        "call_minutes": {"used": 5, "reserved": 7, "limit": 300, "remaining": 288},
        "mailer_sends": {"used": 4_000, "reserved": 0, "limit": 5_000, "remaining": 1_000},
        "leads_researched": {"used": 7, "reserved": 0, "limit": 10_000, "remaining": 9_993},
        "ai_credits": {"used": 0, "reserved": 500, "limit": 500, "remaining": 0},
        "mailboxes": _unused(5),
        "links": _unused(5_000),
        "domains": _unused(5),
    }


@pytest.mark.usefixtures("frozen")
def test_200_nothing_remains_of_a_plan_that_was_lowered_below_what_is_used(
    workspace: Workspace,
) -> None:
    _counted(workspace, "call_minutes", committed=30, used=20)
    token = workspace.client.token
    assert token
    update(Table.ACCESS, auth.api_key(token), "SET #plan = :plan", values={"plan": "free"})
    assert _minutes(workspace) == (20, 10, 10, 0)


@pytest.mark.usefixtures("frozen")
def test_200_a_new_cycle_begins_with_nothing_and_the_last_one_pays_for_its_calls(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _counted(workspace, "call_minutes", committed=300, used=299)
    assert _minutes(workspace) == (299, 1, 300, 0)
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 2, 28, tzinfo=UTC))
    assert _shown(workspace)["period"] == {
        **{"start": "2027-02-28T00:00:00Z", "end": "2027-03-31T00:00:00Z"}
    }
    tx = Transaction(workspace.partition, "req_test")
    settle(workspace.partition, "2027-01-31", CALL_MINUTES, reserved=1, used=1, tx=tx)
    tx.commit()
    assert _minutes(workspace) == (0, 0, 300, 300)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    assert _minutes(workspace) == (300, 0, 300, 0)


def test_200_for_who_may_see_nothing_but_usage(workspace: Workspace) -> None:
    client = workspace.client_with(["*:read"], role="billing")
    assert client.get("/v1/workspace/usage").status == 200
    assert client.get("/v1/voice/calls").status == 401
    refused = workspace.client_with(["calls:read"]).get("/v1/workspace/usage")
    assert_error(refused, 401, "missing_scope")


def test_200_whoami_shows_every_row_of_the_plan(stack: Stack) -> None:
    for name, plan in PLANS.items():
        shown = make_workspace(name).client.get("/v1/whoami").json["limits"]
        rows = {
            row: limit for row, limit in plan._asdict().items() if row not in ("name", "upgrade_to")
        }
        assert shown == rows
