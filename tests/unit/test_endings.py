"""What an end means: why it came and after how long, what is given back, what is left to do."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock
from linkwright.table import Item
from linkwright.transaction import Transaction
from linkwright.voice.calls import endings, items, turn_log
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status
from linkwright.voice.calls.turn_log import Then, Turn
from tests.unit.calls import CALLEE, NOW, stored, written

HUNG_UP = Report(Status.COMPLETED, ended_reason=EndedReason.CALLEE_HUNG_UP)
BUSY = Report(Status.BUSY, ended_reason=EndedReason.BUSY)
RETRY = {"on": ["busy", "no_answer"], "max": 2, "backoff": 60}


@pytest.fixture(autouse=True)
def _stopped(environment: pytest.MonkeyPatch) -> None:
    environment.setattr(clock, "now", lambda: NOW)


def _end(item: CallItem, report: Report) -> tuple[Item, Transaction]:
    """The call's public form after it, and the transaction."""
    tx = Transaction("ws_1", "req_1")
    after = endings.end(tx, item, report)
    assert written(tx)["view"] == after["view"]
    return after["view"], tx


def _put(tx: Transaction, part: str) -> list[Item]:
    """What is put into a part of the workspace."""
    found = [one["item"] for one in tx._operations if one["type"] == "put"]
    return [item for item in found if item["pk"] == f"W#ws_1#{part}"]


def _minutes(tx: Transaction) -> list[Item]:
    """What changes of the minutes of this cycle, which alone may."""
    changes = [one for one in tx._operations if one["type"] == "update"]
    uses = [one for one in changes if one["key"]["pk"] == "W#ws_1#USE"]
    assert {one["key"]["sk"] for one in uses} <= {"2026-11-01#call_minutes"}
    return [one["expression_attribute_values"] for one in uses]


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch) -> list[Turn]:
    """What was said, to be added to."""
    turns: list[Turn] = []
    monkeypatch.setattr(turn_log, "read", lambda _: turns)
    return turns


def _turn(heard: str = "", then: Then = Then.LISTEN, at_s: int = -60) -> Turn:
    moment = NOW + timedelta(seconds=at_s)
    return Turn(0, heard, moment, "Yes?", moment, then)


def _talked(seconds: float = 100, by: str | None = None, **facts: Any) -> CallItem:
    """A call that was answered so long ago."""
    answered = {"answered_at": clock.timestamp(NOW - timedelta(seconds=seconds))}
    return stored("in_progress", shown=answered | ({"answered_by": by} if by else {}), **facts)


# ---- why it ended -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        (Then.LISTEN, "callee_hung_up"),
        (Then.RECORD, "callee_hung_up"),
        (Then.HANG_UP, "agent_ended"),
        (Then.SILENCE, "silence"),
        (Then.MODEL_FAILED, "model_failed"),
        (Then.TRANSFER, "transferred"),
    ],
)
def test_the_last_turn_says_who_ended_the_talk(talk: list[Turn], then: Then, reason: str) -> None:
    talk += [_turn(then=Then.HANG_UP), _turn(then=then)]
    view, _ = _end(_talked(), HUNG_UP)
    assert (view["status"], view["ended_reason"]) == ("completed", reason)


def test_a_talk_without_a_turn_ended_as_the_carrier_says(talk: list[Turn]) -> None:
    assert _end(_talked(), HUNG_UP)[0]["ended_reason"] == "callee_hung_up"


@pytest.mark.parametrize("then", [Then.LISTEN, Then.HANG_UP])
def test_a_talk_that_failed_failed(talk: list[Turn], then: Then) -> None:
    talk.append(_turn(then=then))
    failed = Report(Status.FAILED, ended_reason=EndedReason.CARRIER_FAILED)
    view, _ = _end(_talked(), failed)
    assert (view["status"], view["ended_reason"]) == ("failed", "carrier_failed")
    assert view["duration_s"] == 0


@pytest.mark.parametrize(
    ("known", "said", "status", "reason", "by"),
    [
        ("voicemail", None, "voicemail", "voicemail", "voicemail"),
        (None, "voicemail", "voicemail", "voicemail", "voicemail"),
        ("human", "voicemail", "completed", "callee_hung_up", "human"),
        ("call_screening", "voicemail", "completed", "callee_hung_up", "call_screening"),
        ("voicemail", "unknown", "voicemail", "voicemail", "voicemail"),
        ("unavailable", None, "completed", "agent_ended", "unavailable"),
        (None, "human", "completed", "callee_hung_up", "human"),
        (None, None, "completed", "callee_hung_up", None),
    ],
)
def test_who_answered_decides_what_it_was(
    talk: list[Turn], known: str | None, said: str | None, status: str, reason: str, by: str | None
) -> None:
    report = Report(Status.COMPLETED, said, EndedReason.CALLEE_HUNG_UP)
    view, _ = _end(_talked(by=known), report)
    assert (view["status"], view["ended_reason"]) == (status, reason)
    assert view.get("answered_by") == by


def test_a_person_behind_a_voicemail_was_a_person(talk: list[Turn]) -> None:
    report = Report(Status.VOICEMAIL, "voicemail", EndedReason.VOICEMAIL)
    view, _ = _end(_talked(by="human"), report)
    facts = (view["status"], view["ended_reason"], view["answered_by"])
    assert facts == ("completed", "callee_hung_up", "human")


SCREENS = "Please state your name and why you are calling."


@pytest.mark.parametrize(
    ("by", "heard", "reason"),
    [
        ("call_screening", [SCREENS], "call_screening"),
        ("call_screening", [SCREENS, ""], "call_screening"),
        ("call_screening", [SCREENS, "Hello, this is Dana."], "callee_hung_up"),
        ("human", [SCREENS], "callee_hung_up"),
    ],
)
def test_a_screening_that_nobody_came_to_the_phone_for_is_one(
    talk: list[Turn], by: str, heard: Sequence[str], reason: str
) -> None:
    talk += [_turn(text) for text in heard]
    assert _end(_talked(by=by), HUNG_UP)[0]["ended_reason"] == reason


@pytest.mark.parametrize(
    ("seconds", "longest", "reason"),
    [(599, 600, "callee_hung_up"), (600, 600, "max_duration"), (9_999, None, "callee_hung_up")],
)
def test_a_talk_as_long_as_it_may_be_was_ended_by_that(
    talk: list[Turn], seconds: int, longest: int | None, reason: str
) -> None:
    facts = {"longest_s": longest} if longest else {}
    assert _end(_talked(seconds, **facts), HUNG_UP)[0]["ended_reason"] == reason


# ---- how long it was ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ago", "longest", "told", "seconds"),
    [
        (100, 600, None, 100),
        (100.5, 600, None, 101),
        (0, 600, None, 1),
        (700, 600, None, 600),
        (700, 600, 42, 42),
        (700, None, None, 700),
    ],
)
def test_a_talk_lasts_from_its_answer_unless_the_carrier_says_how_long(
    talk: list[Turn], ago: float, longest: int | None, told: int | None, seconds: int
) -> None:
    facts = {"longest_s": longest} if longest else {}
    report = Report(Status.COMPLETED, None, EndedReason.CALLEE_HUNG_UP, duration_s=told)
    item = _talked(**facts)
    item["view"]["answered_at"] = clock.timestamp(NOW - timedelta(seconds=int(ago)))
    clock_now = NOW + timedelta(seconds=ago - int(ago))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: clock_now)
        view, _ = _end(item, report)
    assert (view["duration_s"], view["answered_at"]) == (seconds, item["view"]["answered_at"])


@pytest.mark.parametrize(("talked_s", "ago_s"), [(20, 20), (90, 60)])
def test_an_end_that_is_heard_first_says_when_it_was_answered(talked_s: int, ago_s: int) -> None:
    """At most as long ago as the attempt began."""
    item = stored("ringing")
    item["view"]["attempts"][0]["started_at"] = clock.timestamp(NOW - timedelta(seconds=60))
    report = Report(Status.COMPLETED, None, EndedReason.CALLEE_HUNG_UP, duration_s=talked_s)
    view, _ = _end(item, report)
    assert view["answered_at"] == clock.timestamp(NOW - timedelta(seconds=ago_s))


def test_what_was_not_answered_has_no_answer() -> None:
    view, tx = _end(stored("ringing"), BUSY)
    assert "answered_at" not in view
    assert (view["status"], view["duration_s"], view["ended_at"]) == (
        *("busy", 0),
        clock.timestamp(NOW),
    )
    assert _put(tx, "SAID") == []
    assert view["attempts"][0] | {"started_at": None} == {
        **{"attempt": 1, "started_at": None, "status": "busy"},
        **{"ended_at": clock.timestamp(NOW), "ended_reason": "busy"},
    }


# ---- whether it is dialled again ----------------------------------------------------------------


@pytest.mark.parametrize(("attempt", "wait_s"), [(1, 60), (2, 120)])
def test_it_is_dialled_again_each_time_after_twice_as_long(attempt: int, wait_s: int) -> None:
    view, tx = _end(stored("ringing", attempt, {"retry": RETRY}), BUSY)
    moment = clock.timestamp(NOW + timedelta(seconds=wait_s))
    assert (view["status"], view["next_attempt_at"]) == ("scheduled", moment)
    facts = written(tx)
    assert [facts[name] for name in ("gsi2sk", "next_at", "due_at")] == [moment] * 3
    assert (facts["slots"], facts["sid"], facts["ordered_at"]) == ([], "", "")
    assert facts["gsi2pk"] == items.due("call_1", NOW)["gsi2pk"]
    (event,) = _put(tx, "EVT")
    assert event["details"] == {"attempt": attempt, "is_last": False}
    assert (event["type"], event["sequence"]) == ("call.ended", 5)


@pytest.mark.parametrize(
    "shown",
    [
        {"retry": RETRY, "attempt": 3},
        {"retry": RETRY | {"on": ["no_answer"]}},
        {"retry": None},
        {},
        {"retry": RETRY, "schedule": {"latest_at": clock.timestamp(NOW + timedelta(seconds=59))}},
    ],
)
def test_it_is_not_dialled_again_where_that_is_not_wanted_or_too_late(shown: Item) -> None:
    view, tx = _end(stored("ringing", shown=shown), BUSY)
    assert view["status"] == "busy"
    (event,) = _put(tx, "EVT")
    assert event["details"] == {"attempt": view["attempt"], "is_last": True}


@pytest.mark.parametrize(
    "schedule", [None, {}, {"latest_at": clock.timestamp(NOW + timedelta(60))}]
)
def test_a_window_that_is_open_then_is_no_hindrance(schedule: Item | None) -> None:
    view, _ = _end(stored("ringing", shown={"retry": RETRY, "schedule": schedule}), BUSY)
    assert view["status"] == "scheduled"


def test_the_last_moment_of_its_window_is_in_it() -> None:
    latest = {"latest_at": clock.timestamp(NOW + timedelta(seconds=60))}
    view, _ = _end(stored("ringing", shown={"retry": RETRY, "schedule": latest}), BUSY)
    assert view["status"] == "scheduled"


# ---- what is given back -------------------------------------------------------------------------


@pytest.mark.parametrize(("talked_s", "used"), [(60, 1), (61, 2), (1, 1)])
def test_begun_minutes_are_used_and_the_others_given_back(
    talk: list[Turn], talked_s: int, used: int
) -> None:
    _, tx = _end(_talked(talked_s, reserved=10, period="2026-11-01"), HUNG_UP)
    (settled,) = _minutes(tx)
    assert (settled[":difference"], settled[":used"]) == (used - 10, used)
    # What is used may cross a threshold: the counter is looked at in a minute.
    assert settled[":gsi2sk"] == clock.timestamp(NOW + timedelta(minutes=1))


def test_a_call_that_took_no_minutes_gives_none_back(talk: list[Turn]) -> None:
    assert _minutes(_end(_talked(), HUNG_UP)[1]) == []
    assert _minutes(_end(stored("ringing", shown={"retry": RETRY}), BUSY)[1]) == []


def test_a_call_that_waits_again_keeps_one_minute() -> None:
    item = stored("ringing", shown={"retry": RETRY}, reserved=10, period="2026-11-01")
    _, tx = _end(item, BUSY)
    assert written(tx)["reserved"] == 1
    assert _minutes(tx) == [{":less": -9}]


def test_its_places_on_the_phone_are_given_back(talk: list[Turn]) -> None:
    _, tx = _end(_talked(slots=["agt_1", CALLEE]), HUNG_UP)
    freed = [one for one in tx._operations if "DELETE #active" in one.get("update_expression", "")]
    assert [one["expression_attribute_values"] for one in freed] == [{":call": {"call_1"}}] * 2


@pytest.mark.parametrize(("attempt", "is_undone"), [(0, True), (1, False)])
def test_a_dial_that_the_carrier_never_heard_of_does_not_count(
    attempt: int, is_undone: bool
) -> None:
    tx, item = Transaction("ws_1", "req_1"), stored("dialing", slots=[CALLEE])
    view = item["view"] | {"attempt": attempt}
    endings.wait_again(tx, item, view, {})
    changes = [one["update_expression"] for one in tx._operations if one["type"] == "update"]
    assert ("ADD #calls :less" in changes) is is_undone
    # The newest of the callee's dials is this one.
    assert any("REMOVE #dials[0]" in change for change in changes) is is_undone


# ---- what is left to do -------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["human", "voicemail", None])
def test_who_was_spoken_to_is_analysed(talk: list[Turn], by: str | None) -> None:
    _, tx = _end(_talked(by=by), HUNG_UP)
    assert [job["sk"] for job in _put(tx, "FLW")] == (["call_1"] if by else [])


@pytest.mark.parametrize(
    ("reason", "sid", "hung_up"),
    [
        (EndedReason.CANCELED, "CA1", ["CA1"]),
        (EndedReason.PROVIDER_TIMEOUT, "CA1", ["CA1"]),
        (EndedReason.CANCELED, "", []),
        (EndedReason.CARRIER_FAILED, "CA1", []),
    ],
)
def test_what_we_end_is_hung_up_at_the_carrier(
    reason: EndedReason, sid: str, hung_up: list[str]
) -> None:
    _, tx = _end(stored("ringing", sid=sid), Report(Status.FAILED, ended_reason=reason))
    assert [job["sk"] for job in _put(tx, "HUP")] == hung_up


def test_whoever_asks_not_to_be_called_is_not(talk: list[Turn]) -> None:
    talk.append(_turn("Take me off your list and never call me again."))
    _, tx = _end(_talked(by="human"), HUNG_UP)
    (entry,) = _put(tx, "DNC")
    assert (entry["view"]["number"], entry["view"]["source"]) == (CALLEE, "call")
    assert entry["view"]["call_id"] == "call_1"


def test_whoever_does_not_may_be(talk: list[Turn]) -> None:
    talk.append(_turn("Call me again tomorrow."))
    assert _put(_end(_talked(by="human"), HUNG_UP)[1], "DNC") == []


def test_what_was_said_is_kept(talk: list[Turn]) -> None:
    talk.append(_turn("Hello."))
    _, tx = _end(_talked(), HUNG_UP)
    (kept,) = _put(tx, "SAID")
    assert [line["text"] for line in kept["transcript"]] == ["Hello.", "Yes?"]
