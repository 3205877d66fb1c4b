"""Thresholds: a workspace is told once of each percent of its plan that it has used."""

from datetime import UTC, datetime
from typing import Any

import pytest

from linkwright import clock, jobs, plans
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.table import Item, Key, Table, get, update
from linkwright.transaction import Transaction
from linkwright.usage import CALL_MINUTES, key, reserve_more, settle
from linkwright.workspace import thresholds, workspaces
from tests import pump, webhooks
from tests.client import Answer, invoke, queue_event
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.integration.test_concurrency import at_once
from tests.stack import Stack

LIMIT = plans.PLANS["pro"].call_minutes


def _period(workspace: Workspace) -> plans.Period:
    return plans.period(workspace.item["anchor_day"])


def _counter(workspace: Workspace) -> Key:
    return key(workspace.partition, _period(workspace).label, CALL_MINUTES)


def _stored(workspace: Workspace) -> Item:
    return get(Table.CORE, _counter(workspace)) or {}


def _use(workspace: Workspace, minutes: int, period: str | None = None) -> None:
    """As the end of a call does that reserved as much."""
    label = period or _period(workspace).label
    plan = plans.PLANS["enterprise"]
    for step in (reserve_more, settle):
        tx = Transaction(workspace.partition, "req_test")
        if step is reserve_more:
            reserve_more(tx, plan, CALL_MINUTES, label, minutes)
        else:
            amounts = {"reserved": minutes, "used": minutes}
            settle(workspace.partition, label, CALL_MINUTES, tx=tx, **amounts)
        tx.commit()


def _message(workspace: Workspace) -> dict[str, Any]:
    return queue_event([Work(jobs.USAGE, *_counter(workspace)).message()])


def _look(workspace: Workspace) -> None:
    assert invoke("update_workspace", _message(workspace)) == {"batchItemFailures": []}


def _events(stack: Stack, workspace: Workspace) -> list[Item]:
    rows = stack.rows("CoreTable", workspace.id)
    told = [row for row in rows if row.get("type") == "usage.threshold"]
    return sorted(told, key=lambda row: (row["object"]["period"]["start"], row["sequence"]))


def _percents(stack: Stack, workspace: Workspace) -> list[int]:
    return [row["object"]["percent"] for row in _events(stack, workspace)]


def _change(workspace: Workspace, version: int, **changes: Any) -> Answer:
    at = {"If-Match": str(version)}
    return workspace.client.request("PATCH", "/v1/workspace/settings", json=changes, headers=at)


def _have_plan(workspace: Workspace, plan: str) -> None:
    update(Table.CORE, workspaces.key(workspace.id), "SET #plan = :plan", values={"plan": plan})


# ---- what is told -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["live", "test"])
def test_what_is_told_is_the_percent_and_what_is_used_then(stack: Stack, mode: str) -> None:
    workspace = make_workspace(mode=mode)
    _use(workspace, 241)
    _look(workspace)
    (event,) = _events(stack, workspace)
    assert (event["pk"], event["sequence"]) == (f"W#{workspace.partition}#EVT", 1)
    assert event["workspace_id"] == workspace.id
    period = _period(workspace)
    assert event["object"] == {
        "period": {"start": clock.timestamp(period.start), "end": clock.timestamp(period.end)},
        "dimension": "call_minutes",
        "percent": 80,
        **{"used": 241, "reserved": 0, "limit": 300, "remaining": 59},
    }
    # It asks to be delivered, as every event does.
    assert event["outbox"] == jobs.EVENT


@pytest.mark.parametrize(
    ("used", "percents"), [(239, []), (240, [80]), (299, [80]), (300, [80, 100]), (301, [80, 100])]
)
def test_a_percent_is_come_to_at_its_very_minute(
    stack: Stack, workspace: Workspace, used: int, percents: list[int]
) -> None:
    _use(workspace, used)
    _look(workspace)
    assert _percents(stack, workspace) == percents
    assert not jobs.is_due(_stored(workspace))


def test_two_that_one_call_crosses_are_told_in_their_order(
    stack: Stack, workspace: Workspace
) -> None:
    _use(workspace, LIMIT)
    _look(workspace)
    assert [(e["sequence"], e["object"]["percent"]) for e in _events(stack, workspace)] == [
        *((1, 80), (2, 100))
    ]


def test_what_is_reserved_is_not_used(stack: Stack, workspace: Workspace) -> None:
    _use(workspace, 200)
    tx = Transaction(workspace.partition, "req_test")
    reserve_more(tx, plans.PLANS["pro"], CALL_MINUTES, _period(workspace).label, 100)
    tx.commit()
    _look(workspace)
    assert _percents(stack, workspace) == []
    _use(workspace, 40)
    _look(workspace)
    (event,) = _events(stack, workspace)
    assert (event["object"]["used"], event["object"]["reserved"]) == (240, 100)


def test_nobody_is_told_who_wants_no_thresholds(stack: Stack, workspace: Workspace) -> None:
    assert _change(workspace, 1, usage_thresholds=[]).status == 200
    _use(workspace, LIMIT)
    _look(workspace)
    assert _percents(stack, workspace) == []


def test_people_are_told_of_each_where_they_look(workspace: Workspace) -> None:
    _use(workspace, LIMIT)
    _look(workspace)
    _look(workspace)
    told = workspace.client.get("/api/notifications").json["data"]
    most, full = sorted(told, key=lambda row: row["data"]["percent"])
    assert full["message"] == "100 % of the call minutes of this billing cycle are used."
    assert (full["type"], full["data"]["percent"]) == ("usage.threshold", 100)
    assert (most["data"]["percent"], most["data"]["limit"]) == (80, LIMIT)


# ---- when it is told ----------------------------------------------------------------------------


def test_a_call_that_ends_has_it_told_within_two_minutes(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    assert _change(workspace, 1, usage_thresholds=[1]).status == 200
    _use(workspace, 2)
    _look(workspace)
    workspace.placed()
    pump.settle(stack, workspace.id)
    assert _percents(stack, workspace) == []
    # The end of the call has no message sent, and the sweeper none before its minute.
    assert "outbox" not in _stored(workspace)
    invoke("sweep_overdue", {})
    assert pump.work(stack, workspace.id) == 0
    hand.move(61)
    invoke("sweep_overdue", {})
    assert pump.work(stack, workspace.id) == 1
    assert _percents(stack, workspace) == [1]
    hand.move(3600)
    invoke("sweep_overdue", {})
    assert pump.work(stack, workspace.id) == 0


def test_calls_that_end_one_after_another_put_it_off_no_further(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    _use(workspace, 239)
    due = _stored(workspace)["gsi2sk"]
    for _ in range(6):
        hand.move(9)
        _use(workspace, 1)
    assert _stored(workspace)["gsi2sk"] == due
    hand.move(7)
    invoke("sweep_overdue", {})
    assert pump.work(stack, workspace.id) == 1
    assert _percents(stack, workspace) == [80]


def test_a_call_that_nobody_answered_makes_no_job(workspace: Workspace) -> None:
    tx = Transaction(workspace.partition, "req_test")
    label = _period(workspace).label
    settle(workspace.partition, label, CALL_MINUTES, reserved=1, used=0, tx=tx)
    tx.commit()
    assert not jobs.is_due(_stored(workspace))


def test_a_counter_that_gave_up_is_looked_at_again_after_the_next_call(
    stack: Stack, workspace: Workspace, hand: Hand
) -> None:
    _use(workspace, 240)
    work = Work(jobs.USAGE, *_counter(workspace))
    tx = Transaction(workspace.partition, "")
    tx.give_up(work)
    tx.commit()
    assert not jobs.is_due(_stored(workspace))
    # The counter is no job that is gone after a while.
    assert "ttl" not in _stored(workspace)
    _use(workspace, 1)
    invoke("sweep_overdue", {})
    assert pump.work(stack, workspace.id) == 1
    assert _percents(stack, workspace) == [80]
    assert not _stored(workspace).keys() & {*jobs.ATTRIBUTES}


# ---- once ---------------------------------------------------------------------------------------


def test_once_a_period_however_often_it_is_looked_at(stack: Stack, workspace: Workspace) -> None:
    for _ in range(3):
        _use(workspace, 240 if not _stored(workspace) else 1)
        for _ in range(3):
            _look(workspace)
    assert _percents(stack, workspace) == [80]


def test_once_also_where_many_deliveries_and_calls_meet(stack: Stack, workspace: Workspace) -> None:
    _use(workspace, 230)

    def act(number: int) -> None:
        if number % 2:
            _use(workspace, 1)
        else:
            invoke("update_workspace", _message(workspace))

    at_once(60, act)
    _look(workspace)
    assert _stored(workspace)["used"] == 260
    assert _percents(stack, workspace) == [80]
    assert not jobs.is_due(_stored(workspace))


def test_more_that_is_used_meanwhile_is_seen_before_the_job_ends(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _use(workspace, 230)
    proper = thresholds.operations.tenant

    def meanwhile(partition: str) -> Any:
        monkeypatch.setattr(thresholds.operations, "tenant", proper)
        _use(workspace, 10)
        return proper(partition)

    monkeypatch.setattr(thresholds.operations, "tenant", meanwhile)
    _look(workspace)
    assert _percents(stack, workspace) == [80]
    assert not jobs.is_due(_stored(workspace))


@pytest.mark.parametrize("before", [1, 240])
def test_the_job_is_put_off_where_calls_end_faster_than_it_looks(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    _use(workspace, before)
    proper = thresholds.operations.tenant

    def always(partition: str) -> Any:
        _use(workspace, 1)
        return proper(partition)

    with monkeypatch.context() as patched:
        patched.setattr(thresholds.operations, "tenant", always)
        with pytest.raises(Unavailable):
            thresholds.tell(Work(jobs.USAGE, *_counter(workspace)))
        _look(workspace)
    stored = _stored(workspace)
    assert (stored["used"], stored["attempts"]) == (before + 10, 1)
    assert _percents(stack, workspace) == []


def test_an_event_that_has_expired_is_not_told_again(stack: Stack, workspace: Workspace) -> None:
    _use(workspace, 240)
    _look(workspace)
    (event,) = _events(stack, workspace)
    stack.delete("CoreTable", Key(event["pk"], event["sk"]))
    _use(workspace, 1)
    _look(workspace)
    assert _events(stack, workspace) == []


# ---- what changes in mid-period -----------------------------------------------------------------


def test_thresholds_that_are_changed_are_told_though_nothing_more_is_used(
    stack: Stack, workspace: Workspace
) -> None:
    _use(workspace, 240)
    _look(workspace)
    assert _change(workspace, 1, usage_thresholds=[10, 80, 81, 90]).status == 200
    _look(workspace)
    assert _percents(stack, workspace) == [80, 10]
    _use(workspace, 3)
    _look(workspace)
    assert _percents(stack, workspace) == [80, 10, 81]
    # One that was taken away and comes back was told.
    assert _change(workspace, 2, usage_thresholds=[90]).status == 200
    assert _change(workspace, 3, usage_thresholds=[10, 90]).status == 200
    _look(workspace)
    _use(workspace, 27)
    _look(workspace)
    assert [event["sequence"] for event in _events(stack, workspace)] == [1, 2, 3, 4]
    assert _percents(stack, workspace) == [80, 10, 81, 90]


@pytest.mark.parametrize("mode", ["live", "test"])
def test_changed_thresholds_are_looked_at_within_two_minutes(
    stack: Stack, hand: Hand, mode: str
) -> None:
    workspace = make_workspace(mode=mode)
    _use(workspace, 200)
    _look(workspace)
    assert _change(workspace, 1, calls_per_day=100).status == 200
    assert not jobs.is_due(_stored(workspace)), "of other settings nothing follows"
    assert _change(workspace, 2, usage_thresholds=[50]).status == 200
    hand.move(61)
    invoke("sweep_overdue", {})
    assert pump.work(stack, workspace.id) == 1
    assert _percents(stack, workspace) == [50]
    assert not jobs.is_due(_stored(workspace))


@pytest.mark.parametrize("mode", ["live", "test"])
def test_who_is_beyond_a_lower_plan_is_told_though_nothing_more_can_be_used(
    stack: Stack, hand: Hand, mode: str
) -> None:
    workspace = make_workspace(mode=mode)
    _use(workspace, 60)
    _look(workspace)
    told = {"workspace_id": workspace.id, "plan": "free", "version": 1}
    assert webhooks.send(webhooks.BILLING, told).status == 200
    pump.settle(stack, workspace.id)
    hand.move(61)
    invoke("sweep_overdue", {})
    assert pump.work(stack, workspace.id) == 1
    used = workspace.client.get("/v1/workspace/usage").json["call_minutes"]
    assert (used["used"], used["limit"], used["remaining"]) == (60, 10, 0)
    assert _percents(stack, workspace) == [80, 100]
    assert not jobs.is_due(_stored(workspace))


@pytest.mark.parametrize("before", ["nothing", "another change"])
@pytest.mark.parametrize(("used", "percents"), [(200, [50]), (240, [80, 50])])
def test_a_change_during_a_look_is_looked_at_too(
    stack: Stack,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    before: str,
    used: int,
    percents: list[int],
) -> None:
    _use(workspace, used)
    version = 1
    if before == "another change":
        assert _change(workspace, 1, usage_thresholds=[80, 99]).status == 200
        version = 2
    proper = thresholds.operations.tenant

    def meanwhile(partition: str) -> Any:
        tenant = proper(partition)
        monkeypatch.setattr(thresholds.operations, "tenant", proper)
        assert _change(workspace, version, usage_thresholds=[80, 50]).status == 200
        return tenant

    monkeypatch.setattr(thresholds.operations, "tenant", meanwhile)
    _look(workspace)
    assert sorted(_percents(stack, workspace)) == sorted(percents)
    assert not jobs.is_due(_stored(workspace))


def test_a_plan_that_is_raised_is_measured_by_its_own_limit_and_nothing_told_twice(
    stack: Stack, workspace: Workspace
) -> None:
    _use(workspace, 240)
    _look(workspace)
    _have_plan(workspace, "business")
    _use(workspace, 60)
    _look(workspace)
    assert _percents(stack, workspace) == [80]
    _use(workspace, 1_300)
    _look(workspace)
    assert _percents(stack, workspace) == [80]
    _use(workspace, 400)
    _look(workspace)
    assert _percents(stack, workspace) == [80, 100]
    assert _events(stack, workspace)[1]["object"]["limit"] == 2_000


# ---- cycles -------------------------------------------------------------------------------------


def test_a_new_period_tells_anew_and_the_last_one_still_of_its_own_calls(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 1, 31, 12, tzinfo=UTC))
    workspace = make_workspace()
    january = _period(workspace).label
    last = _counter(workspace)
    _use(workspace, 240)
    _look(workspace)
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 2, 28, tzinfo=UTC))
    _use(workspace, 60, january)
    _use(workspace, 240)
    _look(workspace)
    thresholds.tell(Work(jobs.USAGE, *last))
    told = [
        (event["object"]["period"], event["object"]["percent"])
        for event in _events(stack, workspace)
    ]
    first = {"start": "2027-01-31T00:00:00Z", "end": "2027-02-28T00:00:00Z"}
    second = {"start": "2027-02-28T00:00:00Z", "end": "2027-03-31T00:00:00Z"}
    assert told == [(first, 80), (first, 100), (second, 80)]


def test_nothing_comes_of_a_counter_that_is_not_there(workspace: Workspace, stack: Stack) -> None:
    _look(workspace)
    assert _stored(workspace) == {}
