"""Idempotency records of what takes two phases: in progress under a lease, then done or released.

A GET that is charged has one too, under what it is about: that record is its cache, and while it is
made anew the answer that it has stays in it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from linkwright import clock, deadline, idempotency
from linkwright.credits.items import Hold
from linkwright.idempotency import DELETION_SLACK_S, RETENTION_S, Reply
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Transaction

# The states of a record.
IN_PROGRESS = "IP"
DONE = "DONE"
RELEASED = "RELEASED"

# What a process is left that was cut off, as clocks differ.
_LEASE_SLACK_S = 5
# Without Lambda's own limit, as of a test.
_LONGEST_S = 30
_ANSWER = ("status", "body", "location", "charged", "remaining", "made_at", "fresh_until")


class RecordGone(Exception):
    """The record is another's by now, or nobody's."""


@dataclass(frozen=True)
class Record:
    """`seen` is the attempt whose answer may be replaced; `kept` that answer, while it is fresh."""

    key: Key
    fingerprint: str
    request_id: str
    seen: str | None = None
    kept: Item = field(default_factory=dict)

    def lease(self) -> int:
        return clock.epoch() + int(min(deadline.seconds_left(), _LONGEST_S)) + _LEASE_SLACK_S

    def begin(self, tx: Transaction, hold: Hold) -> None:
        """Put it first into the hold's transaction. Raises `RecordExists` at the commit."""
        now = clock.epoch()
        condition = "attribute_not_exists(#pk) OR #st = :released OR #exp <= :now"
        values: Item = {"released": RELEASED, "now": now}
        if self.seen is not None:
            condition += " OR (#st = :done AND #own = :seen)"
            values |= {"done": DONE, "seen": self.seen}
        item = {
            **self.kept,
            **self.key.attributes(),
            "st": IN_PROGRESS,
            "own": hold.id,
            "lease": hold.lease,
            "fp": self.fingerprint,
            "request_id": self.request_id,
            "exp": now + RETENTION_S,
            "ttl": now + RETENTION_S + DELETION_SLACK_S,
        }
        tx.record(item, condition, values)

    def read(self) -> Item | None:
        """The record as it is now. Raises `Conflict` where the key was used for another request."""
        return idempotency.read(self.key, self.fingerprint)

    def is_known(self) -> bool:
        """Whether something is answered under it, or being made, that is not to be replaced."""
        item = self.read()
        return item is not None and item["st"] != RELEASED and item["own"] != self.seen

    def is_worked_on_by(self, hold_id: str) -> bool:
        item = get(Table.IDEM, self.key)
        return item is not None and item.get("own") == hold_id

    @staticmethod
    def release(tx: Transaction, hold: Hold) -> None:
        """Raises `RecordGone` at the commit."""
        tx.update(
            Table.IDEM,
            hold.record_key,
            "SET #st = :released",
            condition="#st = :working AND #own = :own",
            values={"released": RELEASED, "working": IN_PROGRESS, "own": hold.id},
            otherwise=RecordGone,
        )


class Kept(Protocol):
    """What an attempt has come to, and how that is written in the transaction that ends its hold.

    `in_vain`: it costs nothing, and a model was asked that we pay for.
    """

    @property
    def in_vain(self) -> bool: ...

    def keep(self, tx: Transaction, hold: Hold, *, charged: int) -> None: ...


@dataclass(frozen=True)
class Answer:
    """As the attempt's record keeps it. `fresh_for`: for so long a GET is answered with it. `held`:
    what another one goes on to work for.

    `writes` adds what exists only with it to the transaction in which it is kept. What `yields` is
    told to who asked alone: the record keeps the answer that it has.
    """

    reply: Reply
    fresh_for: timedelta | None = None
    writes: Callable[[Transaction], None] | None = None
    yields: bool = False
    in_vain: bool = False
    held: int | None = None

    def keep(self, tx: Transaction, hold: Hold, *, charged: int) -> None:
        """Write it onto the attempt's record. Raises `RecordGone` at the commit."""
        if self.yields:
            Record.release(tx, hold)
        else:
            self._put(tx, hold, charged)
        if self.writes is not None:
            self.writes(tx)

    def _put(self, tx: Transaction, hold: Hold, charged: int) -> None:
        facts: Item = {
            "st": DONE,
            "status": self.reply.status,
            "body": self.reply.body,
            "location": self.reply.location,
            "charged": charged,
            "remaining": hold.remaining,
            "made_at": clock.epoch_ms(),
        }
        if self.held is not None:
            facts["held"] = self.held
        if self.fresh_for is not None:
            facts["fresh_until"] = clock.epoch() + int(self.fresh_for.total_seconds())
        tx.update(
            Table.IDEM,
            hold.record_key,
            "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
            condition="#st = :working AND #own = :own",
            values={**facts, "working": IN_PROGRESS, "own": hold.id},
            otherwise=RecordGone,
        )

    def is_kept(self, hold: Hold) -> bool:
        """Whether the attempt's record is as `keep` leaves it."""
        item = get(Table.IDEM, hold.record_key)
        left = RELEASED if self.yields else DONE
        return item is not None and item["st"] == left and item["own"] == hold.id


def is_fresh(item: Item) -> bool:
    return int(item.get("fresh_until", 0)) > clock.epoch()


def is_paid(kept: Item) -> bool:
    """Whether an answer was paid for, and is fresh: nothing that is free replaces it."""
    return is_fresh(kept) and int(kept["charged"]) > 0


def answer_of(item: Item) -> Item:
    """The answer that a record has, to be kept while another one is made."""
    return {name: item[name] for name in _ANSWER if name in item} if is_fresh(item) else {}
