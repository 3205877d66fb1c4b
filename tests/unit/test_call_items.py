"""When a call is looked at next."""

from datetime import timedelta
from typing import cast

import pytest

from linkwright import clock
from linkwright.voice.calls import items
from linkwright.voice.calls.items import CallItem
from linkwright.voice.dialling import dialler

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
