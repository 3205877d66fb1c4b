"""The minutes of a call: reserved, raised to the longest talk, and charged once by what it took."""

from datetime import UTC, datetime

import pytest

from linkwright import clock, plans
from linkwright.table import Table, query
from tests import pump
from tests.carrier import Exchange
from tests.factories import CALLEE, Workspace, make_workspace
from tests.stack import Stack
from tests.switchboard import Reply, Sent, deliver_to_functions
from tools.carrier.callees import Callee


def _talk(exchange: Exchange, workspace: Workspace, seconds: int) -> list[tuple[int, int]]:
    """Let the carrier say that each call took so long. Returns the counters at each answer."""
    seen = []

    def deliver(sent: Sent) -> Reply:
        match sent.fields.get("CallStatus"):
            case "in-progress" if sent.kind == "status":
                seen.append(pump.minutes(workspace.id))
            case "completed":
                sent = exchange.signed(sent, CallDuration=str(seconds))
        return deliver_to_functions(sent)

    exchange.deliver = deliver
    exchange.live.callees[CALLEE] = Callee(lines=())
    return seen


@pytest.mark.parametrize(
    ("seconds", "minutes"), [(0, 1), (1, 1), (59, 1), (60, 1), (61, 2), (600, 10)]
)
def test_the_longest_talk_is_reserved_and_the_real_one_charged(
    workspace: Workspace,
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
    seconds: int,
    minutes: int,
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    seen = _talk(exchange, workspace, seconds)
    call_id = workspace.place(workspace.agent(max_duration_s=600)).json["id"]
    assert pump.minutes(workspace.id) == (1, 0)
    workspace.dial(call_id)
    assert pump.minutes(workspace.id) == (10, 0)
    exchange.carry_on()
    assert seen == [(10, 0)]
    assert pump.minutes(workspace.id) == (minutes, minutes)
    call = workspace.call(call_id)
    # An answered call took at least a second, whatever the carrier says.
    assert call["duration_s"] == max(seconds, 1)
    workspace.dial(call_id)
    exchange.carry_on()
    assert pump.minutes(workspace.id) == (minutes, minutes)


def test_failed_where_the_longest_talk_is_more_than_is_left(
    stack: Stack, exchange: Exchange
) -> None:
    workspace = make_workspace("free")
    _talk(exchange, workspace, 9 * 60)
    agent = workspace.agent(max_duration_s=600)
    first = workspace.place(agent).json["id"]
    workspace.dial(first)
    exchange.carry_on()
    second = workspace.place(agent).json["id"]
    workspace.dial(second)
    assert workspace.end_of(first) == ("completed", "callee_hung_up")
    assert workspace.end_of(second) == ("failed", "plan_limit")
    assert pump.dials(second) == []
    assert pump.minutes(workspace.id) == (9, 9)


def test_failed_where_the_longest_talk_is_more_than_the_plan_has(stack: Stack) -> None:
    workspace = make_workspace("free")
    call_id = workspace.place(workspace.agent(max_duration_s=660)).json["id"]
    workspace.dial(call_id)
    assert workspace.end_of(call_id) == ("failed", "plan_limit")
    assert pump.dials(call_id) == []
    assert pump.minutes(workspace.id) == (0, 0)


def test_the_cycle_in_which_it_is_dialled_pays(
    stack: Stack, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = datetime(2027, 1, 20, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: before)
    workspace = make_workspace("free")
    after = datetime(2027, 2, 21, 12, tzinfo=UTC)
    _talk(exchange, workspace, 90)
    schedule = {"earliest_at": clock.timestamp(after)}
    call_id = workspace.place(workspace.agent(max_duration_s=600), schedule=schedule).json["id"]
    assert pump.minutes(workspace.id) == (1, 0)
    monkeypatch.setattr(clock, "now", lambda: after)
    workspace.dial(call_id)
    exchange.carry_on()
    rows, _ = query(Table.CORE, f"W#{workspace.id}#USE", limit=10, newest_first=False)
    label = plans.period(20, after).label
    assert [(row["sk"], row["committed"]) for row in rows] == [
        ("2027-01-20#call_minutes", 0),
        (f"{label}#call_minutes", 2),
    ]
