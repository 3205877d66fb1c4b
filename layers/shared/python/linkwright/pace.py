"""How often something of others may be used, how many at once, and whether at all now.

By key: a carrier's account, later an endpoint or a mailbox. A key has an item with its token bucket
and its pause, and one with its slots. Each is taken by a conditional write that may be part of a
transaction, and nothing is read for it: a process guesses by what it has seen how the item stands,
and only a refusal is looked into.

Whoever takes a token writes the key's one item, and DynamoDB lets no two transactions meet on it. A
key serves some tens of transactions a second without a conflict, and some hundreds at most. Above
that they meet and are tried again, as any are, and those that are left over raise `Unavailable`.
"""

import math
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple

from linkwright import clock
from linkwright.clock import NotYet
from linkwright.table import ConditionFailed, Item, Key, Table, get, update
from linkwright.transaction import Transaction

# How long a key is paused, in seconds: at the first trouble, and at each that follows it without a
# success.
PAUSES_S = (60, 120, 240, 480, 900)
# How long whoever tries a paused key has, before another one may.
PROBE_S = 60
# Longer than any pause and any lease.
_RETENTION_S = 24 * 3600

_OPEN = "attribute_not_exists(#until)"

# An update, its condition, and the values of both.
Write = tuple[str, str, Item]


class Paced(NotYet):
    """There is no token before then."""


class Misjudged(Paced):
    """The process knew less of the key than it does now: it may be tried at once."""


class Paused(NotYet):
    """The key is paused, or is being tried by somebody else."""


class Full(NotYet):
    """All slots are held; a lease ends then."""


class Slot(NamedTuple):
    """One that is held: until it is left, or its lease ends."""

    key: str
    lease: str


def take(tx: Transaction, key: str, per_second: float, burst: int = 1) -> None:
    """Take a token. So many come each second, and `burst` are kept for those who come together.

    Whoever takes the first one after a pause tries the key for all: nobody else gets one for
    `PROBE_S`, unless it is resumed. Raises `Paced`, `Misjudged` and `Paused` at the commit.
    """
    seen, now = known().get(key, {}), clock.epoch_ms()
    interval = math.ceil(1000 / per_second)
    spare = (burst - 1) * interval
    if seen.get("until", now + 1) <= now:
        write = _probe(seen, now, interval)
    elif spare and seen.get("tat", now) > now:
        write = _from_some(now, interval, spare)
    else:
        write = _from_all(now, interval)
    expression, condition, values = write
    tx.update(
        Table.CORE,
        _bucket(key),
        f"{expression}, #ttl = :ttl",
        condition=condition,
        values={**values, "ttl": clock.epoch() + _RETENTION_S},
        otherwise=lambda: _refusal(key, spare),
    )
    # As it is if the transaction is done: what is taken next need not be refused first.
    known()[key] = {**seen, "tat": max(seen.get("tat", now), now) + interval}


# `tat` is the theoretical arrival time of the generic cell rate algorithm, in milliseconds: when
# the bucket is full. An update cannot take the greater of it and now, so there are two.


def _from_all(now: int, interval: int) -> Write:
    condition = f"{_OPEN} AND (attribute_not_exists(#tat) OR #tat <= :now)"
    return "SET #tat = :tat", condition, {"tat": now + interval, "now": now}


def _from_some(now: int, interval: int, spare: int) -> Write:
    condition = f"{_OPEN} AND #tat > :now AND #tat <= :most"
    values = {"interval": interval, "now": now, "most": now + spare}
    return "SET #tat = #tat + :interval", condition, values


def _probe(seen: Item, now: int, interval: int) -> Write:
    expression = "SET #tat = :tat, #until = :until, #probed = :probed"
    values = {"tat": now + interval, **_probing(now), "seen": seen["until"]}
    return expression, "#until = :seen", values


def _refusal(key: str, spare: int) -> NotYet:
    item, now = _look(key), clock.epoch_ms()
    if item.get("until", now) > now:
        return Paused(clock.from_epoch_ms(item["until"]))
    if "until" not in item and item.get("tat", now) - spare > now:
        return Paced(clock.from_epoch_ms(item["tat"] - spare))
    return Misjudged(clock.now())


def require_open(key: str) -> None:
    """Raise `Paused` for a use that takes no token, as far as this process knows of the pause.

    Whoever does not know will learn it by its own failure. After a pause one tries, as in `take`.
    """
    now, until = clock.epoch_ms(), known().get(key, {}).get("until")
    if until is not None and until <= now:
        # One of all tries it.
        if _wrote(key, _probing(now), until):
            return
        until = _look(key).get("until")
    if until is not None:
        raise Paused(clock.from_epoch_ms(max(until, now)))


def pause(key: str, reason: str, seconds: Sequence[int] = PAUSES_S) -> datetime:
    """Let nobody use the key for a while. Returns until when.

    The nth time without a success it lasts the nth of `seconds`, or the last; who finds it paused
    changes nothing. Raises `Unavailable`.
    """
    while True:
        now, seen = clock.epoch_ms(), _look(key)
        if seen.get("until", now) > now and not seen.get("probed"):
            return clock.from_epoch_ms(seen["until"])
        times = seen.get("times", 0)
        until = now + seconds[min(times, len(seconds) - 1)] * 1000
        paused = {"until": until, "times": times + 1, "reason": reason, "probed": False}
        if _wrote(key, paused, seen.get("until")):
            return clock.from_epoch_ms(until)


def resume(key: str) -> None:
    """The key works. Costs nothing where this process knows of no trouble. Raises `Unavailable`."""
    if "until" not in known().get(key, {}):
        return
    try:
        forgotten = "REMOVE #until, #times, #reason, #probed"
        update(Table.CORE, _bucket(key), forgotten, condition="attribute_exists(#until)")
    except ConditionFailed:
        pass  # somebody else did
    known().pop(key, None)


def _probing(now: int) -> Item:
    return {"until": now + PROBE_S * 1000, "probed": True}


def _wrote(key: str, written: Item, seen: int | None) -> bool:
    """Write to the item unless its pause was changed since it was seen."""
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in [*written, "ttl"])
    values: Item = {**written, "ttl": clock.epoch() + _RETENTION_S}
    condition = _OPEN
    if seen is not None:
        condition, values = "#until = :seen", {**values, "seen": seen}
    try:
        item = update(Table.CORE, _bucket(key), expression, condition=condition, values=values)
    except ConditionFailed:
        return False
    known()[key] = item
    return True


def enter(tx: Transaction, key: str, most: int, holder: str, lease_s: float) -> Slot:
    """Hold one of `most` slots, for `lease_s` seconds if it is not left before.

    Raises `Full` or, where a lease had ended, `Misjudged` at the commit.
    """
    ends = clock.epoch_ms() + int(lease_s * 1000)
    slot = Slot(key, f"{ends:014d}#{holder}")
    tx.update(
        Table.CORE,
        _slots(key),
        "ADD #held :slot SET #ttl = :ttl",
        condition="attribute_not_exists(#held) OR size(#held) < :most",
        values={"slot": {slot.lease}, "most": most, "ttl": clock.epoch() + _RETENTION_S},
        otherwise=lambda: _all_held(key),
    )
    return slot


def require_slot(key: str, most: int) -> None:
    """Raise `Full` where all slots are held by now: before work for which one is to be held."""
    held, now = (get(Table.CORE, _slots(key)) or {}).get("held", set()), clock.epoch_ms()
    left = [end for end in map(_end, held) if end > now]
    if len(left) >= most:
        raise Full(clock.from_epoch_ms(min(left)))


def leave(tx: Transaction, slot: Slot) -> None:
    """Give a slot back; one that was left, or whose lease has ended, is nobody's any more."""
    tx.update(Table.CORE, _slots(slot.key), "DELETE #held :slot", values={"slot": {slot.lease}})


def _all_held(key: str) -> NotYet:
    """Let go of whose lease has ended; of whom nobody heard again, as a rule."""
    held = (get(Table.CORE, _slots(key)) or {}).get("held", set())
    now = clock.epoch_ms()
    ended = {lease for lease in held if _end(lease) <= now}
    if ended:
        update(Table.CORE, _slots(key), "DELETE #held :slot", values={"slot": ended})
    if ended or not held:
        return Misjudged(clock.now())
    return Full(clock.from_epoch_ms(min(map(_end, held))))


def _end(lease: str) -> int:
    return int(lease.partition("#")[0])


def _bucket(key: str) -> Key:
    return Key(f"PACE#{key}", "bucket")


def _slots(key: str) -> Key:
    return Key(f"PACE#{key}", "slots")


def _look(key: str) -> Item:
    item = get(Table.CORE, _bucket(key)) or {}
    known()[key] = item
    return item


@cache
def known() -> dict[str, Item]:
    """By key, what this process has seen or written last: a guess, never a fact."""
    return {}
