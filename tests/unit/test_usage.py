"""What is counted against a plan: edges of the limit, of a cycle, and of what is given back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from linkwright import clock, jobs, plans, usage
from linkwright.errors import PlanLimitExceeded
from linkwright.table import Item, Table
from linkwright.transaction import Transaction
from tests.unit import accounts

PLAN = plans.PLANS["free"]
LIMIT = PLAN.call_minutes
ACCOUNT = accounts.ACCOUNT._replace(plan=PLAN)


@pytest.fixture
def tx(environment: pytest.MonkeyPatch) -> Transaction:
    return Transaction("ws_1", "req_1")


def _item(reserved: int, period: str = "2026-11") -> dict[str, Any]:
    return {"reserved": reserved, "period": period}


def _top_up(tx: Transaction, before: dict[str, Any], after: dict[str, Any]) -> None:
    usage.top_up(tx, PLAN, usage.CALL_MINUTES, before, after)


def _written(tx: Transaction) -> list[tuple[str, dict[str, Any]]]:
    """The counters that a transaction changes, by cycle, with the values of the change."""
    return [
        (operation["key"]["sk"], operation["expression_attribute_values"])
        for operation in tx._operations
    ]


def test_all_of_the_limit_may_be_reserved_and_not_a_unit_more(tx: Transaction) -> None:
    _top_up(tx, _item(0), _item(LIMIT))
    assert _written(tx) == [("2026-11#call_minutes", {":amount": LIMIT, ":bound": 0})]
    with pytest.raises(usage.Exhausted):
        _top_up(Transaction("ws_1", "req_1"), _item(0), _item(LIMIT + 1))


def test_a_single_unit_more_is_counted(tx: Transaction) -> None:
    _top_up(tx, _item(1), _item(2))
    assert _written(tx) == [("2026-11#call_minutes", {":amount": 1, ":bound": LIMIT - 1})]


@pytest.mark.parametrize(("counted", "used"), [(None, 0), ({"used": 3}, 0), ({"committed": 7}, 7)])
def test_more_than_the_plan_has_is_refused_with_what_is_used_of_it(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch, counted: Item | None, used: int
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 28, tzinfo=UTC))
    counters = {(Table.CORE, usage.key("ws_1", "2026-11-01", usage.CALL_MINUTES)): counted}
    monkeypatch.setattr(usage, "get", lambda *where: counters[where])
    label = usage.reserve(ACCOUNT, usage.CALL_MINUTES, LIMIT, tx)
    assert label == "2026-11-01"
    assert _written(tx) == [(f"{label}#call_minutes", {":amount": LIMIT, ":bound": 0})]
    with pytest.raises(PlanLimitExceeded) as refused:
        usage.reserve(ACCOUNT, usage.CALL_MINUTES, LIMIT + 1, Transaction("ws_1", "req_1"))
    assert refused.value.details == {
        **{"dimension": "call_minutes", "limit": LIMIT, "used": used},
        **{"upgrade_to": PLAN.upgrade_to, "resets_at": "2026-12-01T00:00:00Z"},
    }


def test_what_is_used_up_has_the_name_that_callers_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "get", lambda *_: None)
    told = [usage.used_up(ACCOUNT, name).details for name in ("leads_researched", "call_minutes")]
    assert [one["dimension"] for one in told] == ["leads", "call_minutes"]
    assert [one["limit"] for one in told] == [PLAN.leads_researched, LIMIT]


@pytest.mark.parametrize(
    ("counted", "left"),
    [
        (None, LIMIT),
        ({"used": 3}, LIMIT),
        ({"committed": 1}, LIMIT - 1),
        ({"committed": LIMIT}, 0),
        ({"committed": LIMIT + 1}, 0),
    ],
)
def test_what_is_left_is_the_limit_without_what_is_committed(
    monkeypatch: pytest.MonkeyPatch, counted: Item | None, left: int
) -> None:
    counters = {(Table.CORE, usage.key("ws_1", "2026-11-01", usage.CALL_MINUTES)): counted}
    monkeypatch.setattr(usage, "get", lambda *where: counters[where])
    assert usage.left("ws_1", PLAN, usage.CALL_MINUTES, "2026-11-01") == left


def test_only_what_is_more_than_before_is_counted(tx: Transaction) -> None:
    _top_up(tx, _item(1), _item(5))
    assert _written(tx) == [("2026-11#call_minutes", {":amount": 4, ":bound": LIMIT - 4})]


@pytest.mark.parametrize("after", [3, 2])
def test_nothing_is_counted_for_what_is_no_more(tx: Transaction, after: int) -> None:
    _top_up(tx, _item(3), _item(after))
    assert _written(tx) == []


def test_a_reservation_of_an_earlier_cycle_is_given_back_to_it(tx: Transaction) -> None:
    _top_up(tx, _item(2, "2026-10"), _item(5))
    assert _written(tx) == [
        ("2026-10#call_minutes", {":less": -2}),
        ("2026-11#call_minutes", {":amount": 5, ":bound": LIMIT - 5}),
    ]


def test_nothing_is_given_back_where_nothing_was_reserved(tx: Transaction) -> None:
    usage.release(tx, "2026-11", usage.CALL_MINUTES, 0)
    assert _written(tx) == []
    usage.release(tx, "2026-11", usage.CALL_MINUTES, 1)
    assert _written(tx) == [("2026-11#call_minutes", {":less": -1})]


def test_a_settled_reservation_counts_as_what_was_used_and_is_looked_at_in_a_minute(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 28, 23, 59, tzinfo=UTC))
    usage.settle("ws_1", "2026-11", usage.CALL_MINUTES, reserved=10, used=3, tx=tx)
    ((sk, values),) = _written(tx)
    assert (sk, values.pop(":gsi2pk")[:4]) == ("2026-11#call_minutes", "DUE#")
    assert values == {":difference": -7, ":used": 3, ":gsi2sk": "2026-11-29T00:00:00Z"}


def test_what_used_nothing_is_not_looked_at(tx: Transaction) -> None:
    usage.settle("ws_1", "2026-11", usage.CALL_MINUTES, reserved=10, used=0, tx=tx)
    assert _written(tx) == [("2026-11#call_minutes", {":difference": -10, ":used": 0})]


def test_the_counters_of_workspaces_are_spread_over_the_shards(
    environment: pytest.MonkeyPatch,
) -> None:
    shards = set()
    for number in range(100):
        tx = Transaction(f"ws_{number}", "req_1")
        usage.settle(tx.partition, "2026-11", usage.CALL_MINUTES, reserved=1, used=1, tx=tx)
        shards.add(_written(tx)[0][1][":gsi2pk"])
    assert len(shards) == jobs.DUE_SHARDS


# ---- what there is at once ----------------------------------------------------------------------

HOOKS = PLAN.webhooks


def test_all_of_the_limit_may_be_there_at_once_and_no_more(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "get", lambda *_: None)
    usage.occupy(ACCOUNT, "webhooks", HOOKS, tx)
    (operation,) = tx._operations
    assert (operation["key"]["pk"], operation["key"]["sk"]) == ("W#ws_1#USE", "NOW#webhooks")
    assert operation["update_expression"] == "ADD #committed :amount"
    assert operation["condition_expression"] == (
        "attribute_not_exists(#committed) OR #committed <= :bound"
    )
    assert operation["expression_attribute_values"] == {":amount": HOOKS, ":bound": 0}
    with pytest.raises(PlanLimitExceeded):
        usage.occupy(ACCOUNT, "webhooks", HOOKS + 1, Transaction("ws_1", "req_1"))


@pytest.mark.parametrize(("counted", "used"), [(None, 0), ({"used": 3}, 0), ({"committed": 7}, 7)])
def test_more_at_once_than_the_plan_has_is_refused_with_how_many_there_are(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch, counted: Item | None, used: int
) -> None:
    counters = {(Table.CORE, usage.standing("ws_1", "webhooks")): counted}
    monkeypatch.setattr(usage, "get", lambda *where: counters[where])
    usage.occupy(ACCOUNT, "webhooks", 1, tx)
    # Whether it is seen beforehand or at the commit.
    (otherwise,) = tx._otherwise
    assert otherwise is not None
    refused = otherwise()
    assert isinstance(refused, PlanLimitExceeded)
    with pytest.raises(PlanLimitExceeded) as before:
        usage.occupy(ACCOUNT, "webhooks", HOOKS + 1, tx)
    for one in (refused, before.value):
        assert one.details == {
            **{"dimension": "webhooks", "limit": HOOKS, "used": used},
            **{"upgrade_to": PLAN.upgrade_to},
        }


def test_one_that_is_gone_makes_room_for_one(tx: Transaction) -> None:
    usage.vacate("ws_1", "webhooks", tx)
    (operation,) = tx._operations
    assert operation["key"] == usage.standing("ws_1", "webhooks").attributes()
    assert operation["update_expression"] == "ADD #committed :less"
    assert operation["expression_attribute_values"] == {":less": -1}


@pytest.mark.parametrize(
    ("counted", "room"),
    [(None, 0), ({"used": 3}, 0), ({"committed": 1}, 1), ({"committed": 99_999}, 99_999)],
)
def test_there_is_room_for_what_the_plan_has_more_than_there_is(
    monkeypatch: pytest.MonkeyPatch, counted: Item | None, room: int
) -> None:
    counters = {(Table.CORE, usage.standing("ws_1", "webhooks")): counted}
    monkeypatch.setattr(usage, "get", lambda *where: counters[where])
    assert usage.room(ACCOUNT, "webhooks") == max(HOOKS - room, 0)


# ---- of a billing cycle -------------------------------------------------------------------------


def _queried(monkeypatch: pytest.MonkeyPatch, rows: list[Item]) -> list[Any]:
    """What is asked of queries that find these."""
    asked: list[Any] = []

    def query(*where: Any, **how: Any) -> tuple[list[Item], None]:
        asked.append((where, how))
        return rows, None

    monkeypatch.setattr(usage, "query", query)
    return asked


def test_the_counters_of_a_cycle_are_read_at_once_and_strongly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows: list[Item] = [{"sk": "2026-11#call_minutes", "used": 3}, {"sk": "2026-11#letters"}]
    asked = _queried(monkeypatch, rows)
    assert usage.counters("ws_1", "2026-11") == {
        "call_minutes": {"sk": "2026-11#call_minutes", "used": 3},
        "letters": {"sk": "2026-11#letters"},
    }
    (((table, partition), how),) = asked
    assert (table, partition, how["strong"]) == (Table.CORE, "W#ws_1#USE", True)
    assert how["limit"] >= 2
    low, high = how["between"]
    assert low <= "2026-11#a" < "2026-11#z" <= high < "2026-12#a"
    assert low > "2026-10#z"


def test_what_there_is_at_once_is_read_with_the_latest_cycle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows: list[Item] = [{"sk": "2026-11-05#call_minutes"}, {"sk": "NOW#webhooks", "committed": 3}]
    asked = _queried(monkeypatch, rows)
    assert usage.counters_of_now("ws_1", "2026-11-05") == {
        "call_minutes": {"sk": "2026-11-05#call_minutes"},
        "webhooks": {"sk": "NOW#webhooks", "committed": 3},
    }
    (((table, partition), how),) = asked
    assert (table, partition, how["strong"]) == (Table.CORE, "W#ws_1#USE", True)
    low, high = how["between"]
    assert "2026-10-05#z" < low <= "2026-11-05#a"
    assert usage.standing("ws_1", "a").sk >= low
    assert usage.standing("ws_1", "z").sk <= high < "NOX"


def test_what_is_used_in_the_cycle_of_now_is_looked_at_again(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 28, 23, 59, tzinfo=UTC))
    found = {"call_minutes": {"used": 3}, "letters": {"used": 0}, "webhooks": {}}
    asked = {("ws_1", "2026-11-05"): found}
    monkeypatch.setattr(usage, "counters", lambda *where: asked[where])
    usage.look_again("ws_1", 5, tx)
    (operation,) = tx._operations
    place = usage.key("ws_1", "2026-11-05", "call_minutes")
    assert operation["key"] == place.attributes()
    values = operation["expression_attribute_values"]
    assert values == {
        **{":one": 1, ":gsi2sk": "2026-11-29T00:00:00Z"},
        ":gsi2pk": jobs.due(jobs.USAGE, "#".join(place), clock.now())["gsi2pk"],
    }
    # As it is after a call: one that is due already stays so, and one that gave up is due again.
    usage.settle("ws_1", "2026-11-06", usage.CALL_MINUTES, reserved=0, used=1, tx=tx)
    for written, added in zip(tx._operations, ("#looks :one", "#committed :d"), strict=True):
        due, _, rest = written["update_expression"].partition(" ADD ")
        assert due == (
            "SET #gsi2pk = :gsi2pk, #gsi2sk = if_not_exists(#gsi2sk, :gsi2sk) REMOVE #given_up_at"
        )
        assert rest.startswith(added)


def test_what_another_took_meanwhile_is_refused_at_the_commit(
    tx: Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "get", lambda *_: {"committed": LIMIT})
    usage.reserve(ACCOUNT, usage.CALL_MINUTES, 1, tx)
    usage.reserve_more(tx, PLAN, usage.CALL_MINUTES, "2020-01-01", 1)
    assert {one["key"]["pk"] for one in tx._operations} == {"W#ws_1#USE"}
    told = [otherwise() for otherwise in tx._otherwise if otherwise]
    assert [type(one) for one in told] == [PlanLimitExceeded, usage.Exhausted]
    for operation in tx._operations:
        assert operation["update_expression"] == "ADD #committed :amount"
        assert operation["condition_expression"] == (
            "attribute_not_exists(#committed) OR #committed <= :bound"
        )


def test_more_than_the_plan_has_is_no_reservation(tx: Transaction) -> None:
    with pytest.raises(usage.Exhausted):
        usage.reserve_more(tx, PLAN, usage.CALL_MINUTES, "2026-11", LIMIT + 1)
    usage.reserve_more(tx, PLAN, usage.CALL_MINUTES, "2026-11", 0)
    assert tx._operations == []


def test_what_is_given_back_and_what_is_settled_is_added(tx: Transaction) -> None:
    usage.release(tx, "2026-11", usage.CALL_MINUTES, 2)
    usage.settle("ws_1", "2026-10", usage.CALL_MINUTES, reserved=1, used=0, tx=tx)
    assert [one["update_expression"] for one in tx._operations] == [
        "ADD #committed :less",
        "ADD #committed :difference, #used :used",
    ]
    assert {one["key"]["pk"] for one in tx._operations} == {"W#ws_1#USE"}
