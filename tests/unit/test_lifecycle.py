"""How a call moves on: when it is looked at next, and what comes too late for it."""

from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, jobs
from linkwright.table import Item
from linkwright.transaction import Otherwise, Transaction
from linkwright.voice.calls import items, lifecycle
from linkwright.voice.calls.items import Superseded
from linkwright.voice.calls.line import Waiting
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status
from tests.unit.calls import NOW, stored, written

RINGS = Report(Status.RINGING)
ANSWERED = Report(Status.IN_PROGRESS)
BUSY = Report(Status.BUSY, ended_reason=EndedReason.BUSY)
CANCELED = Report(Status.CANCELED, ended_reason=EndedReason.CANCELED)
# Its own among the shards of what is due, so that no one of them has all.
_SHARD = jobs.due(jobs.CALL, stored("queued")["sk"], NOW)["gsi2pk"]


class Refused(Exception):
    """Somebody else was first."""


class Commits(list[Transaction]):
    """What was committed, by its operations; the first are refused where somebody was faster."""

    faster = 0


@pytest.fixture
def commits(environment: pytest.MonkeyPatch) -> Commits:
    commits = Commits()

    def commit(tx: Transaction) -> None:
        commits.append(tx)
        if len(commits) <= commits.faster:
            raise Superseded

    environment.setattr(Transaction, "commit", commit)
    environment.setattr(clock, "now", lambda: NOW)
    return commits


def test_a_call_that_is_put_off_is_due_then_and_looked_at_then(commits: Commits) -> None:
    later = clock.timestamp(NOW + timedelta(hours=2))
    lifecycle.postpone(stored("queued"), NOW + timedelta(hours=2))
    (tx,) = commits
    after = written(tx)
    assert after["view"]["status"] == "scheduled"
    assert after["view"]["next_attempt_at"] == later
    assert [after[name] for name in ("gsi2sk", "next_at", "due_at")] == [later] * 3
    assert after["gsi2pk"] == _SHARD
    # It is listed by its status, and its events name the request that placed it.
    assert after["gsi3pk"] == "W#ws_1#CST#scheduled"
    assert after["gsi4pk"] == "W#ws_1#agt_1#scheduled"
    assert (tx.partition, tx.request_id) == ("ws_1", "req_1")


@pytest.mark.parametrize(("status", "report"), [("dialing", RINGS), ("ringing", ANSWERED)])
def test_a_call_that_was_heard_of_is_looked_at_if_nothing_more_is_heard(
    commits: Commits, status: str, report: Report
) -> None:
    lifecycle.advance(stored(status), report)
    assert written(commits[0])["next_at"] == clock.timestamp(NOW + timedelta(minutes=2))


@pytest.mark.parametrize("status", ["dialing", "ringing", "in_progress"])
def test_a_call_on_the_phone_takes_notes(commits: Commits, status: str) -> None:
    after = lifecycle.note(stored(status), {"answered_by": "human"})
    assert after["view"]["answered_by"] == "human"
    assert written(commits[0])["view"]["answered_by"] == "human"


@pytest.mark.parametrize("status", ["scheduled", "queued", "completed", "failed"])
def test_a_call_that_is_not_on_the_phone_takes_none(commits: Commits, status: str) -> None:
    item = stored(status)
    assert lifecycle.note(item, {"answered_by": "human"}) == item
    assert commits == []


def test_what_is_reported_late_of_an_attempt_changes_nothing_of_the_wait_for_the_next(
    commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits under the number of the attempt that it had, and ringing could follow waiting."""
    waits = stored("queued")
    monkeypatch.setattr(items, "find", lambda *_: waits)
    commits.faster = 1
    assert lifecycle.advance(stored("dialing"), RINGS) == waits
    assert len(commits) == 1


def test_nor_of_the_next_attempt(commits: Commits, monkeypatch: pytest.MonkeyPatch) -> None:
    again = stored("dialing", attempt=2)
    monkeypatch.setattr(items, "find", lambda *_: again)
    commits.faster = 1
    assert lifecycle.advance(stored("dialing"), RINGS) == again
    assert len(commits) == 1


@pytest.mark.parametrize("otherwise", [Refused, Superseded])
@pytest.mark.parametrize("report", [RINGS, CANCELED, BUSY], ids=["moves on", "ends", "waits again"])
def test_who_changes_a_call_says_what_is_told_where_another_was_faster(
    environment: pytest.MonkeyPatch, report: Report, otherwise: Otherwise
) -> None:
    tx = Transaction("ws_1", "req_1")
    retry = {"on": ["busy"], "max": 2, "backoff": 60}
    lifecycle.change(tx, stored("dialing", shown={"retry": retry}), report, otherwise)
    assert tx._otherwise[0] is otherwise


# ---- told, and counted --------------------------------------------------------------------------


def _events(tx: Transaction) -> list[tuple[str, int, Item]]:
    """The events that a change tells: type, number and object of each."""
    items = [one["item"] for one in tx._operations if one["type"] == "put"]
    return [(one["type"], one["sequence"], one["object"]) for one in items if "sequence" in one]


@pytest.mark.parametrize(
    ("status", "report", "event"),
    [("dialing", RINGS, "call.ringing"), ("ringing", ANSWERED, "call.answered")],
)
def test_what_is_reported_is_told_with_the_call_as_it_is_then(
    commits: Commits, status: str, report: Report, event: str
) -> None:
    after = lifecycle.advance(stored(status), report)
    (tx,) = commits
    assert _events(tx) == [(event, 5, after["view"])]
    assert (after["v"], after["view"]["status"]) == (5, report.status.value)


def test_one_that_is_due_by_now_is_told_and_nobody_expects_to_hear_of_it(
    commits: Commits,
) -> None:
    tx = Transaction("ws_1", "req_1")
    after = lifecycle.change(tx, stored("scheduled"), Report(Status.QUEUED))
    assert [event for event, _, _ in _events(tx)] == ["call.queued"]
    assert "next_at" not in written(tx)
    assert after["view"]["status"] == "queued"


@pytest.mark.parametrize(
    ("status", "is_counted"), [("dialing", True), ("in_progress", True), ("queued", False)]
)
def test_how_long_a_call_was_on_its_way_is_counted_at_its_end(
    commits: Commits, environment: pytest.MonkeyPatch, status: str, is_counted: bool
) -> None:
    counted: list[tuple[object, ...]] = []
    environment.setattr(lifecycle, "count", lambda *what: counted.append(what))
    environment.setattr(clock, "now", lambda: NOW + timedelta(seconds=90))
    facts: dict[str, Any] = {"reserved": 1, "period": "2026-11-01", "slots": []}
    lifecycle.advance(stored(status, **facts), CANCELED)
    assert len(commits) == 1
    assert counted == ([("call_seconds", 90.0, "Seconds")] if is_counted else [])


def test_what_is_no_news_is_neither_written_nor_counted(
    commits: Commits, environment: pytest.MonkeyPatch
) -> None:
    counted: list[object] = []
    environment.setattr(lifecycle, "count", lambda *what: counted.append(what))
    over = stored("completed")
    assert lifecycle.advance(over, BUSY) == over
    assert lifecycle.advance(stored("in_progress"), RINGS) == stored("in_progress")
    assert (commits, counted) == ([], [])


def test_moving_on_without_an_end_counts_no_seconds(
    commits: Commits, environment: pytest.MonkeyPatch
) -> None:
    counted: list[object] = []
    environment.setattr(lifecycle, "count", lambda *what: counted.append(what))
    lifecycle.advance(stored("dialing"), RINGS)
    assert (len(commits), counted) == (1, [])


@pytest.mark.parametrize("is_so", [True, False])
def test_a_note_is_taken_only_if_what_is_shown_is_as_it_must_be(
    commits: Commits, is_so: bool
) -> None:
    item = stored("ringing", shown={"answered_by": "human"})
    after = lifecycle.note(
        item,
        {"answered_by": "machine"},
        only_if=lambda view: (view["answered_by"] == "human") == is_so,
    )
    assert after["view"]["answered_by"] == ("machine" if is_so else "human")
    assert len(commits) == is_so


def test_a_note_on_an_attempt_is_not_taken_of_the_next(
    commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = stored("dialing", attempt=2)
    monkeypatch.setattr(items, "find", lambda *_: again)
    commits.faster = 1
    assert lifecycle.note(stored("dialing"), {"answered_by": "human"}) == again
    assert len(commits) == 1


@pytest.mark.parametrize("earlier", [[], ["evt_1"]])
def test_what_is_told_after_the_end_is_remembered(commits: Commits, earlier: list[str]) -> None:
    tx = Transaction("ws_1", "req_1")
    item = stored("completed", **({"told_in": earlier} if earlier else {}))
    view = item["view"] | {"summary": "Well."}
    after = lifecycle.tell(tx, item, "call.analyzed", view, {"lines": 3})
    (event,) = [one["item"] for one in tx._operations if one["type"] == "put"]
    assert _events(tx) == [("call.analyzed", 5, view)]
    assert (after["told_in"], after["lines"]) == ([*earlier, event["id"]], 3)
    assert (after["v"], after["view"]) == (5, view)
    bare = lifecycle.tell(Transaction("ws_1", "req_1"), item, "call.analyzed", view)
    assert "lines" not in bare


# ---- in line ------------------------------------------------------------------------------------


def _keys(tx: Transaction, kind: str) -> list[tuple[str, str]]:
    wheres = [one.get("key") or one["item"] for one in tx._operations if one["type"] == kind]
    return [(where["pk"], where["sk"]) for where in wheres]


def test_a_call_that_waits_for_a_place_is_looked_at_at_the_latest_then(commits: Commits) -> None:
    lifecycle.wait_in_line(stored("queued"), "agt_1", NOW + timedelta(hours=1))
    (tx,) = commits
    facts = written(tx)
    later = clock.timestamp(NOW + timedelta(hours=1))
    assert (facts["waits_in"], facts["next_at"], facts["gsi2sk"]) == ("agt_1", later, later)
    assert facts["gsi2pk"] == _SHARD
    assert facts["view"] == stored("queued")["view"]
    (place,) = _keys(tx, "put")
    assert place[0].startswith("W#ws_1#WAIT")


def test_a_call_that_leaves_the_line_is_a_job_by_itself_at_once(commits: Commits) -> None:
    lifecycle.leave_line("ws_1", Waiting("call_1", "agt_1"))
    (tx,) = commits
    now = clock.timestamp(NOW)
    assert written(tx) == {
        **{"gsi2pk": _SHARD, "gsi2sk": now, "next_at": now},
        **{"one": 1, "of": "agt_1"},
    }
    first = tx._operations[0]
    assert (first["key"]["pk"], first["key"]["sk"]) == ("W#ws_1#CALL", "call_1")
    assert first["condition_expression"] == "#waits_in = :of"
    assert first["update_expression"] == (
        "SET #gsi2pk = :gsi2pk, #gsi2sk = :gsi2sk, #next_at = :next_at, #v = #v + :one"
        " REMOVE #waits_in"
    )
    assert tx._otherwise[0] is Superseded
    (left,) = _keys(tx, "delete")
    lifecycle.wait_in_line(stored("queued"), "agt_1", NOW)
    assert _keys(commits[1], "put") == [left]
    # One waits less.
    assert {":more": -1} in [one.get("expression_attribute_values") for one in tx._operations]
