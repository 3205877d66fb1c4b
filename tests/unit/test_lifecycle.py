"""How a call moves on: when it is looked at next, and what comes too late for it."""

from datetime import timedelta

import pytest

from linkwright import clock
from linkwright.transaction import Otherwise, Transaction
from linkwright.voice.calls import items, lifecycle
from linkwright.voice.calls.items import Superseded
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status
from tests.unit.calls import NOW, stored, written

RINGS = Report(Status.RINGING)
ANSWERED = Report(Status.IN_PROGRESS)
BUSY = Report(Status.BUSY, ended_reason=EndedReason.BUSY)
CANCELED = Report(Status.CANCELED, ended_reason=EndedReason.CANCELED)


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
    assert after["gsi2pk"].startswith("DUE#")
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
