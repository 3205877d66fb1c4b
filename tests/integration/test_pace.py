"""Tokens, pauses and slots: how many are taken, by the test's clock and by many at once."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from linkwright import clock, pace
from linkwright.table import Key, Table, get
from linkwright.transaction import Transaction
from tests import shapes
from tests.clocks import Hand
from tests.integration.test_concurrency import at_once

pytestmark = pytest.mark.usefixtures("stack")

_numbers = count()


@pytest.fixture
def key() -> Iterator[str]:
    """One of the test's own, of which no process knows anything."""
    pace.known.cache_clear()
    yield f"key-{next(_numbers)}"
    pace.known.cache_clear()


def take(key: str, per_second: float = 1, burst: int = 1) -> None:
    tx = Transaction("org", "")
    pace.take(tx, key, per_second, burst)
    tx.commit()


def refused(kind: type[pace.NotYet], *arguments: Any) -> timedelta:
    """In how long it may be tried again."""
    with pytest.raises(kind) as raised:
        take(*arguments)
    return raised.value.until - clock.now().replace(
        microsecond=clock.now().microsecond // 1000 * 1000
    )


def taken(key: str, per_second: float, burst: int, tries: int) -> int:
    """How many tokens there are at this moment."""
    got = 0
    while got < tries:
        try:
            take(key, per_second, burst)
        except pace.Misjudged:
            continue
        except pace.Paced:
            break
        got += 1
    return got


def calls() -> dict[str, int]:
    return dict(shapes.CALLS)


# ---- tokens -------------------------------------------------------------------------------------


def test_one_a_second_and_the_refusal_says_when_the_next_one_is_there(hand: Hand, key: str) -> None:
    take(key)
    assert refused(pace.Paced, key) == timedelta(seconds=1)
    hand.move(0.4)
    assert refused(pace.Paced, key) == timedelta(seconds=0.6)
    hand.move(0.6)
    take(key)


@pytest.mark.parametrize(("per_second", "burst"), [(1, 1), (3, 3), (10, 4), (0.5, 2)])
def test_no_more_than_the_burst_at_once_nor_the_rate_in_the_long_run(
    hand: Hand, key: str, per_second: float, burst: int
) -> None:
    assert taken(key, per_second, burst, 50) == burst
    total = 0
    for _ in range(200):
        hand.move(0.1)
        total += taken(key, per_second, burst, 50)
    assert per_second * 20 * 0.9 <= total <= per_second * 20
    hand.move(1000)
    # What was not taken for long is not kept, but for the burst.
    assert taken(key, per_second, burst, 50) == burst


def test_a_process_that_knows_nothing_is_told_and_then_takes(hand: Hand, key: str) -> None:
    take(key, 10, 3)
    pace.known.cache_clear()
    with pytest.raises(pace.Misjudged) as raised:
        take(key, 10, 3)
    assert raised.value.until <= clock.now()
    take(key, 10, 3)


def test_a_token_costs_one_write_and_only_a_refusal_reads(hand: Hand, key: str) -> None:
    before = calls()
    take(key, 10, 2)
    take(key, 10, 2)
    spent = {name: number - before.get(name, 0) for name, number in calls().items()}
    assert {name: number for name, number in spent.items() if number} == {"sync_transact_write": 2}
    refused(pace.Paced, key, 10, 2)
    assert calls()["sync_get_item"] - before.get("sync_get_item", 0) == 1


def test_nothing_is_taken_where_the_rest_of_the_transaction_is_refused(
    hand: Hand, key: str
) -> None:
    tx = Transaction("org", "")
    tx.require(Table.CORE, Key("nowhere", "-"), otherwise=LookupError)
    pace.take(tx, key, 1)
    with pytest.raises(LookupError):
        tx.commit()
    pace.known.cache_clear()
    take(key)


@pytest.mark.parametrize("burst", [1, 5])
def test_many_at_once_take_no_more_than_there_are(hand: Hand, key: str, burst: int) -> None:
    def one(_: int) -> int:
        return taken(key, 5, burst, 1)

    assert sum(at_once(20, one)) + taken(key, 5, burst, 20) == burst


# ---- the pause ----------------------------------------------------------------------------------


def test_the_next_taker_sees_the_pause_whatever_it_knew(hand: Hand, key: str) -> None:
    take(key, 1000, 1000)
    until = pace.pause(key, "wrong token")
    for process_knows in (True, False):
        if not process_knows:
            pace.known.cache_clear()
        with pytest.raises(pace.Paused) as raised:
            take(key, 1000, 1000)
        assert raised.value.until == until
    assert _stored(key)["reason"] == "wrong token"


def test_each_pause_without_a_success_is_longer_than_the_last_one(hand: Hand, key: str) -> None:
    lasted = []
    for _ in range(6):
        until = pace.pause(key, "suspended")
        assert pace.pause(key, "suspended") == until
        lasted.append(round((until - clock.now()).total_seconds()))
        hand.move(lasted[-1] + 0.1)
        take(key)
    assert lasted == [60, 120, 240, 480, 900, 900]
    pace.resume(key)
    assert round((pace.pause(key, "again") - clock.now()).total_seconds()) == 60


def test_one_tries_after_a_pause_and_a_success_lets_all_in(hand: Hand, key: str) -> None:
    until = pace.pause(key, "suspended")
    hand.move((until - clock.now()).total_seconds() + 0.1)

    def one(_: int) -> int:
        try:
            take(key, 1000, 1000)
        except pace.Paused:
            return 0
        return 1

    assert sum(at_once(10, one)) == 1
    with pytest.raises(pace.Paused):
        pace.require_open(key)
    pace.resume(key)
    assert taken(key, 1000, 1000, 10) == 10
    assert set(_stored(key)) == {"pk", "sk", "tat", "ttl"}


def test_whoever_was_to_try_and_is_gone_is_followed_by_another(hand: Hand, key: str) -> None:
    until = pace.pause(key, "suspended")
    hand.move((until - clock.now()).total_seconds())
    take(key)
    pace.known.cache_clear()
    with pytest.raises(pace.Paused):
        take(key)
    hand.move(pace.PROBE_S)
    take(key)


def test_a_use_without_a_token_tries_alone_as_well(hand: Hand, key: str) -> None:
    pace.require_open(key)
    until = pace.pause(key, "suspended")
    with pytest.raises(pace.Paused) as raised:
        pace.require_open(key)
    assert raised.value.until == until
    hand.move((until - clock.now()).total_seconds())
    pace.require_open(key)
    with pytest.raises(pace.Paused):
        pace.require_open(key)
    pace.resume(key)
    pace.require_open(key)


def test_who_learns_late_that_it_works_again_goes_on(hand: Hand, key: str) -> None:
    until = pace.pause(key, "suspended")
    knew = dict(pace.known())
    pace.resume(key)
    hand.move((until - clock.now()).total_seconds())
    pace.known().update(knew)
    pace.require_open(key)
    pace.known().update(knew)
    with pytest.raises(pace.Misjudged):
        take(key)
    take(key)


def test_nothing_is_read_or_written_where_there_was_no_trouble(key: str) -> None:
    before = calls()
    pace.require_open(key)
    pace.resume(key)
    assert calls() == before


# ---- slots --------------------------------------------------------------------------------------


def enter(key: str, most: int, holder: str, lease_s: float = 60) -> pace.Slot:
    tx = Transaction("org", "")
    slot = pace.enter(tx, key, most, holder, lease_s)
    tx.commit()
    return slot


def leave(slot: pace.Slot) -> None:
    tx = Transaction("org", "")
    pace.leave(tx, slot)
    tx.commit()


def test_no_more_hold_a_slot_than_there_are(hand: Hand, key: str) -> None:
    first = enter(key, 2, "a", 60)
    enter(key, 2, "b", 30)
    with pytest.raises(pace.Full) as raised:
        enter(key, 2, "c")
    assert round((raised.value.until - clock.now()).total_seconds()) == 30
    leave(first)
    leave(first)
    enter(key, 2, "c")


def test_a_slot_whose_holder_was_killed_is_free_when_its_lease_ends(hand: Hand, key: str) -> None:
    dead = enter(key, 1, "dead", 60)
    hand.move(59)
    with pytest.raises(pace.Full):
        enter(key, 1, "next")
    hand.move(1)
    with pytest.raises(pace.Misjudged):
        enter(key, 1, "next")
    enter(key, 1, "next")
    # Not really dead: it gives back what is not its own any more.
    leave(dead)
    with pytest.raises(pace.Full):
        enter(key, 1, "third")


def test_many_at_once_hold_no_more_slots_than_there_are(key: str) -> None:
    def one(number: int) -> int:
        try:
            enter(key, 3, f"h{number}")
        except pace.NotYet:
            return 0
        return 1

    assert sum(at_once(20, one)) <= 3
    held = (get(Table.CORE, Key(f"PACE#{key}", "slots")) or {})["held"]
    assert 1 <= len(held) <= 3


def test_a_token_and_a_slot_go_into_one_transaction(hand: Hand, key: str) -> None:
    tx = Transaction("org", "")
    pace.take(tx, key, 1)
    pace.enter(tx, key, 1, "a", 60)
    tx.commit()
    assert isinstance(refused(pace.Paced, key), timedelta)


def _stored(key: str) -> dict[str, Any]:
    return get(Table.CORE, Key(f"PACE#{key}", "bucket")) or {}
