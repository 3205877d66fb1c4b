"""How a call is stored, and when it is looked at next."""

from datetime import timedelta
from typing import Any, cast

import pytest

from linkwright import clock, jobs
from linkwright.table import ConditionFailed, Item, Key, Table
from linkwright.transaction import Transaction
from linkwright.voice.calls import items, line
from linkwright.voice.calls.items import CallItem
from linkwright.voice.dialling import dialler
from tests.unit import calls

SOON = clock.timestamp(clock.now() + timedelta(hours=1))
PAST = clock.timestamp(clock.now() - timedelta(hours=1))


def stored(status: str, **facts: str) -> CallItem:
    view = {"status": status, "created_at": PAST}
    return cast(CallItem, {"sk": "call_1", "view": view, **facts})


@pytest.mark.parametrize("status", ["scheduled", "queued", "dialing", "ringing", "in_progress"])
def test_a_call_is_left_alone_until_its_next_look(status: str) -> None:
    later = items.next_look("call_1", clock.now() + timedelta(hours=1))
    due = items.due("call_1", clock.now() - timedelta(seconds=1))
    assert items.is_left_alone(cast(CallItem, {**stored(status), **later}))
    assert not items.is_left_alone(cast(CallItem, {**stored(status), **due}))
    assert not items.is_left_alone(stored(status))


def test_the_second_of_the_look_is_not_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = clock.parse(SOON)
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert not items.is_left_alone(stored("queued", next_at=SOON))
    monkeypatch.setattr(clock, "now", lambda: moment - timedelta(microseconds=1))
    assert items.is_left_alone(stored("queued", next_at=SOON))


def test_patience_is_counted_from_when_it_was_due_at_first() -> None:
    assert dialler._due_since(stored("queued", due_at=SOON)) == clock.parse(SOON)
    assert dialler._due_since(stored("queued")) == clock.parse(PAST)


def test_a_look_at_a_call_on_the_phone_stands_apart_from_those_that_wait() -> None:
    look, waits = items.next_look("call_1", clock.now()), items.next_try("call_1", clock.now())
    assert look["gsi2pk"] == f"{waits['gsi2pk']}#look"
    assert items.due("call_1", clock.now())["gsi2pk"] == waits["gsi2pk"]


# ---- as it is stored ----------------------------------------------------------------------------


def _written(item: CallItem, view: Item, facts: Any = None) -> tuple[CallItem, Item]:
    """The call after a change, and the change."""
    tx = Transaction("ws_1", "req_1")
    after = items.write(tx, item, view, facts)
    first: Item = tx._operations[0]
    return after, first


def _removed(change: Item) -> set[str]:
    return set(change["update_expression"].partition(" REMOVE ")[2].split(", "))


def test_a_change_is_the_next_version_and_is_listed_by_what_it_shows_then(
    environment: Any,
) -> None:
    item = calls.stored("dialing")
    after, change = _written(item, item["view"] | {"status": "ringing"}, {"sid": "CA1"})
    values = change["expression_attribute_values"]
    assert change["key"] == {"pk": "W#ws_1#CALL", "sk": "call_1"}
    assert change["condition_expression"] == "#v = :seen"
    assert (values[":v"], values[":seen"], values[":sid"]) == (5, 4, "CA1")
    assert values[":gsi3pk"] == "W#ws_1#CST#ringing"
    assert values[":gsi4pk"] == "W#ws_1#agt_1#ringing"
    assert change["update_expression"].startswith(
        "SET #view = :view, #v = :v, #gsi3pk = :gsi3pk, #gsi4pk = :gsi4pk, #sid = :sid REMOVE #"
    )
    assert (after["v"], after["sid"], after["view"]["status"]) == (5, "CA1", "ringing")
    assert after["pk"] == item["pk"]


FAILED_RUNS = {f"#{name}" for name in jobs.FAILURES}
WAITS = {"#outbox", "#waits_in", "#given_up_at"}


@pytest.mark.parametrize(
    ("status", "gone"),
    [
        ("scheduled", WAITS | FAILED_RUNS),
        ("queued", WAITS),
        ("dialing", WAITS),
        ("ringing", WAITS | FAILED_RUNS),
        ("in_progress", WAITS | FAILED_RUNS),
        ("completed", {"#slots", "#waits_in", *(f"#{name}" for name in jobs.ATTRIBUTES)}),
    ],
)
def test_what_a_call_has_no_more_is_removed(environment: Any, status: str, gone: set[str]) -> None:
    item = calls.stored("dialing", outbox="CALL", sid="CA1")
    after, change = _written(item, item["view"] | {"status": status})
    assert _removed(change) == gone
    assert "outbox" not in after
    assert after["sid"] == "CA1"


def test_what_is_written_anew_is_not_removed(environment: Any) -> None:
    item = calls.stored("queued")
    after, change = _written(item, item["view"], {"outbox": "CALL"})
    assert _removed(change) == WAITS - {"#outbox"}
    assert after["outbox"] == "CALL"


@pytest.mark.parametrize(("status", "is_expected"), [("ringing", True), ("completed", False)])
def test_one_that_had_given_up_and_is_heard_of_is_looked_at_again(
    environment: pytest.MonkeyPatch, status: str, is_expected: bool
) -> None:
    environment.setattr(clock, "now", lambda: calls.NOW)
    item = calls.stored("dialing", gsi2pk=jobs.given_up_partition(jobs.CALL), gsi2sk="then")
    _, change = _written(item, item["view"] | {"status": status})
    values = change["expression_attribute_values"]
    look = items.next_look("call_1", calls.NOW + timedelta(minutes=2))
    assert (values.get(":next_at") == look["next_at"]) == is_expected
    assert (values.get(":gsi2pk") == look["gsi2pk"]) == is_expected
    # Unless it says itself when.
    later = items.next_look("call_1", calls.NOW + timedelta(hours=1))
    _, change = _written(item, item["view"] | {"status": "ringing"}, later)
    assert change["expression_attribute_values"][":next_at"] == later["next_at"]


def test_a_call_is_of_its_workspace_and_its_events_name_who_placed_it(environment: Any) -> None:
    item = calls.stored("queued")
    assert items.partition_of(cast(CallItem, {**item, "pk": "W#ws_1.test#CALL"})) == "ws_1.test"
    tx = items.transaction(item)
    assert (tx.partition, tx.request_id) == ("ws_1", "req_1")
    assert items.listed("ws_1", item["view"]) == {
        **{"gsi1pk": "W#ws_1#AGT#agt_1#CALL", "gsi1sk": "call_1"},
        **{"gsi3pk": "W#ws_1#CST#queued", "gsi4pk": "W#ws_1#agt_1#queued"},
    }


def test_a_call_is_found_at_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    item = calls.stored("queued")
    there = {(Table.CORE, Key("W#ws_1#CALL", "call_1")): item}
    monkeypatch.setattr(items, "get", lambda *where: there.get(where))
    assert items.find("ws_1", "call_1") == item
    assert items.find("ws_2", "call_1") is None


def test_a_change_is_made_of_what_the_call_is_by_then(environment: pytest.MonkeyPatch) -> None:
    seen, by_then = calls.stored("dialing"), calls.stored("ringing")
    refuses: list[type[Exception] | None] = [items.Superseded, items.Superseded, None]
    found: list[CallItem | None] = [None, by_then]

    def commit(_: Transaction) -> None:
        if refusal := refuses.pop(0):
            raise refusal

    asked: list[tuple[str, str]] = []

    def find(*where: str) -> CallItem | None:
        asked.append((where[0], where[1]))
        return found.pop()

    environment.setattr(Transaction, "commit", commit)
    environment.setattr(items, "find", find)
    changed: list[CallItem] = []

    def change(now: CallItem, tx: Transaction) -> CallItem:
        changed.append(now)
        return items.write(tx, now, now["view"], {"sid": "CA1"})

    after = items.changing(seen, change)
    # One that is gone meanwhile is as it was.
    assert changed == [seen, by_then, by_then]
    assert asked == [("ws_1", "call_1")] * 2
    assert after["sid"] == "CA1"


def test_where_no_change_is_due_nothing_is_written(environment: pytest.MonkeyPatch) -> None:
    def commit(_: Transaction) -> None:
        raise AssertionError

    environment.setattr(Transaction, "commit", commit)
    item = calls.stored("dialing")
    assert items.changing(item, lambda *_: None) is item


@pytest.mark.parametrize("is_refused", [False, True])
def test_facts_that_nothing_goes_with_are_written_alone(
    monkeypatch: pytest.MonkeyPatch, is_refused: bool
) -> None:
    asked: list[Any] = []

    def update(*where: Any, **how: Any) -> Item:
        asked.append((where, how))
        if is_refused:
            raise ConditionFailed
        return {"as": "stored"}

    monkeypatch.setattr(items, "update", update)
    item = calls.stored("dialing")

    def written() -> Any:
        return items.write_alone(item, {"sid": "CA1"}, v=6, condition="#v = :seen")

    if is_refused:
        with pytest.raises(items.Superseded):
            written()
    else:
        assert written() == {"as": "stored"}
    ((where, how),) = asked
    assert where == (Table.CORE, Key(item["pk"], item["sk"]), "SET #sid = :sid, #v = :v")
    assert how == {"condition": "#v = :seen", "values": {"sid": "CA1", "v": 6, "seen": 4}}


def test_a_call_that_is_taken_back_gives_its_places_back_as_never_dialled(
    environment: pytest.MonkeyPatch,
) -> None:
    told: list[Any] = []
    environment.setattr(line, "follow", lambda *what, **how: told.append((what[1:], how)))
    item = calls.stored("dialing", attempt=2, slots=["all"])
    for attempt, is_undone in ((1, True), (2, False), (3, False)):
        after, _ = _written(item, item["view"] | {"attempt": attempt})
        assert told.pop() == (("call_1", item, after, None), {"is_undone": is_undone})
