"""Jobs: what is left to do after a change is an item, written in the transaction of the change.

`outbox` on an item asks for a message: the table's stream hands each write that has it to the
relay, which sends the message and takes the mark away. Until it is done a job stands in the due
index (gsi2), at the moment from which on the sweeper sends it: a minute after it was asked for,
should the relay lose it; later on, once the message that was sent must be lost.

A run that fails puts its job off: `attempts` counts them, `next_at` says when the next one is due.
"""

import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from zlib import crc32

from linkwright import clock
from linkwright.settings import settings
from linkwright.table import ConditionFailed, Item, Key, Table, get, update

CALL = "call"
EVENT = "evt"
LINE = "line"
WAKE = "wake"
FOLLOW_UP = "flw"
RECORDING = "rec"
HANG_UP = "hup"

# A marked item as it was, if it was there, and as it is.
Change = tuple[Item | None, Item]

DUE_SHARDS = 8
# Longer than the relay needs, so that the sweeper seldom sends what is on its way already.
RELAY_GRACE = timedelta(seconds=60)
# As long as a queue hands out a message whose worker is killed each time, and some minutes.
LOST_AFTER = timedelta(minutes=35)
# What a queue can hold a message back for.
MOST_DELAY = timedelta(minutes=15)
# So that what failed at the same moment is not tried again at the same moment.
_JITTER = 0.25

_SOON = (2, 5, 15, 60, 300, 900, 3600)


@dataclass(frozen=True)
class Kind:
    """`queue` is the setting that has its queue's address; `retries` are the seconds to wait after
    each failed run, and after all further ones the last.

    What is done when it is sent the queue alone must not lose. A job by level asks for a message
    at each change for as long as it is marked: its worker takes the mark away, not the relay.
    """

    queue: str
    retries: tuple[int, ...] = _SOON
    lost_after: timedelta = LOST_AFTER
    is_done_when_sent: bool = False
    is_by_level: bool = False

    @property
    def queue_url(self) -> str:
        return cast(str, getattr(settings(), self.queue))


KINDS = {
    CALL: Kind("dial_queue_url"),
    LINE: Kind("dial_queue_url", lost_after=RELAY_GRACE, is_by_level=True),
    WAKE: Kind("dial_queue_url", is_done_when_sent=True),
    EVENT: Kind("event_queue_url", is_done_when_sent=True),
    FOLLOW_UP: Kind("follow_up_queue_url"),
    RECORDING: Kind("follow_up_queue_url"),
    HANG_UP: Kind("follow_up_queue_url"),
}


class AlreadyDone(Exception):
    """The job was finished before."""


@dataclass(frozen=True)
class Work:
    """The whole of a queue message: where the job is written down, never what it says."""

    kind: str
    pk: str
    sk: str

    @property
    def key(self) -> Key:
        return Key(self.pk, self.sk)

    @property
    def of_kind(self) -> Kind:
        return KINDS[self.kind]

    def message(self) -> str:
        return json.dumps({"kind": self.kind, "pk": self.pk, "sk": self.sk})


def at(key: Key) -> Work:
    """The work of a job's item. Its kind is the third part of its partition's name."""
    return Work(key.pk.split("#")[2].lower(), *key)


def partition_of(pk: str) -> str:
    return pk.split("#")[1]


def due_partition(shard: int) -> str:
    return f"DUE#{shard}"


def requested(kind: str, item_id: str) -> dict[str, str]:
    """The attributes by which an item asks for a message, and is found if there is none."""
    return {"outbox": kind, **due(kind, item_id, clock.now() + RELAY_GRACE)}


def due(kind: str, item_id: str, moment: datetime) -> dict[str, str]:
    """The attributes by which the sweeper finds an item from a moment on.

    `item_id` is to differ between workspaces: by it the jobs of a kind are spread over the shards.
    """
    shard = crc32(f"{kind}#{item_id}".encode()) % DUE_SHARDS
    return {"gsi2pk": due_partition(shard), "gsi2sk": clock.timestamp(moment)}


def is_waiting(key: Key) -> bool:
    """Whether a job is still to be done. Raises `LookupError` if there never was one."""
    job = get(Table.CORE, key)
    if job is None:
        raise LookupError("no such job")
    return "gsi2pk" in job


# ---- what failed is done again ------------------------------------------------------------------


def put_off(work: Work) -> bool:
    """A run has failed: have another one after a while. Returns whether there is such a job.

    Of several deliveries one goes on: who comes later finds the job put off, and adds nothing. A
    run may have told when its job is to be looked at next, as by a lease: then it is.
    """
    job = get(Table.CORE, work.key)
    if job is None or "gsi2sk" not in job:
        return job is not None
    attempts = int(job.get("attempts", 0)) + 1
    if is_left_alone(job):
        _change(job, {"attempts": attempts})
    else:
        wait(job, clock.now() + _delay(work.kind, attempts), attempts=attempts)
    return True


def wait(job: Item, moment: datetime, **counted: int) -> bool:
    """Let a job that was just read be due again at a moment; False if somebody else has moved it.

    By a message that its queue holds back, if it can for so long; else by the due index.
    """
    facts: Item = {**counted, "next_at": clock.timestamp(moment)}
    if moment - clock.now() > MOST_DELAY:
        return _change(job, {**facts, "gsi2sk": clock.timestamp(moment)}, "REMOVE #outbox")
    kind = at(Key(job["pk"], job["sk"])).kind
    later = clock.timestamp(moment + RELAY_GRACE)
    return _change(job, {**facts, "gsi2sk": later, "outbox": kind})


def is_left_alone(job: Item) -> bool:
    """Whether it is too early to look at the job."""
    until = job.get("next_at")
    return until is not None and clock.now() < clock.parse(until)


def _delay(kind: str, attempts: int) -> timedelta:
    retries = KINDS[kind].retries
    seconds = retries[min(attempts, len(retries)) - 1]
    return timedelta(seconds=seconds * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311 -- not a secret


def _change(job: Item, facts: Item, removed: str = "") -> bool:
    try:
        update(
            Table.CORE,
            Key(job["pk"], job["sk"]),
            "SET " + ", ".join(f"#{name} = :{name}" for name in facts) + f" {removed}",
            condition="#gsi2sk = :seen",
            values={**facts, "seen": job["gsi2sk"]},
        )
    except ConditionFailed:
        return False
    return True
