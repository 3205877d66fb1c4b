"""Jobs: what is left to do after a change is an item, written in the transaction of the change.

`outbox` on an item asks for a message: the table's stream hands each write that has it to the
relay, which sends the message and takes the mark away. Until it is done a job stands in the due
index (gsi2), at the moment from which on the sweeper sends it: a minute after it was asked for,
should the relay lose it; later on, once the message that was sent must be lost.

A run that fails puts its job off: `attempts` counts those in a row, `next_at` says when the next
one is due (`retries.py`). A job that has failed for too long gives up, and is kept for a while.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, cast
from zlib import crc32

from linkwright import clock
from linkwright.settings import settings
from linkwright.table import ConditionFailed, Item, Key, Table, get, update

CALL, LINE, EVENT, FOLLOW_UP, RECORDING = "call", "line", "evt", "flw", "rec"
HANG_UP, SETTLEMENT, ERASING = "hup", "leg", "ers"
PLAN, USAGE, HOLD, RENEWAL = "plan", "use", "hold", "rnw"
WEBHOOK, REPLAY, NOTICE = "wh", "rpl", "ntc"
SCAN, ALERT_MAIL, DIGEST, DIGEST_MAIL = "scan", "alm", "dgt", "dgm"
LEAD, MAILBOX, RUN, SUPPRESSION = "lead", "mbx", "run", "sup"
MAILBOX_LINE, MAILBOX_READING, CAMPAIGN, COMPANY = "mbl", "mbr", "cmp", "cpy"
DOMAIN, OWN_KEY, LEAD_ANSWER = "dom", "byok", "rpy"

# A marked item as it was, if it was there, and as it is.
Change = tuple[Item | None, Item]

# What its failures in a row leave on it.
FAILURES = ("attempts", "failing_since", "failed_at")
# What makes an item a job.
ATTRIBUTES = ("outbox", "gsi2pk", "gsi2sk", "next_at", "swept", *FAILURES, "given_up_at")
DUE = "DUE#"
_LOOK = "#look"
_GIVEN_UP = "GIVEN_UP#"
DUE_SHARDS = 8
# Longer than the relay needs, so that the sweeper seldom sends what is on its way already.
RELAY_GRACE = timedelta(seconds=60)
# As long as a queue hands out a message whose worker is killed each time, and some minutes.
LOST_AFTER = timedelta(minutes=35)
# As long as a queue keeps a message that nobody fetches.
QUEUE_RETENTION = timedelta(days=4)
# What a queue can hold a message back for.
MOST_DELAY = timedelta(minutes=15)
# How long a job that gave up is kept.
RETENTION = timedelta(days=30)


class Kind(NamedTuple):
    """`queue` is the setting that has its queue's address. After each failed run in a row the next
    one waits for so many seconds as `retries` say, after all further ones for the last; who fails
    for longer than `longest` gives up.

    A job by level asks for a message at each change for as long as it is marked: its worker takes
    the mark away, not the relay. One that `needs` an item of its workspace ends at the relay where
    there is none. An item that is more than its job outlives it.
    """

    queue: str
    retries: tuple[int, ...]
    longest: timedelta = timedelta.max
    lost_after: timedelta = LOST_AFTER
    is_by_level: bool = False
    is_more_than_a_job: bool = False
    needs: tuple[str, str] | None = None

    @property
    def queue_url(self) -> str:
        return cast(str, getattr(settings(), self.queue))


# What nobody waits for, of an item that outlives it.
_AFTERWARDS = Kind(
    "workspace_queue_url", (5, 60, 300, 900, 3600), timedelta(days=7), is_more_than_a_job=True
)
_BY_LEVEL = Kind(
    *("dial_queue_url", (2, 5, 15, 60)),
    lost_after=RELAY_GRACE,
    is_by_level=True,
    is_more_than_a_job=True,
)

KINDS = {
    CALL: Kind("dial_queue_url", (2, 5, 15, 60, 300), timedelta(days=1), is_more_than_a_job=True),
    LINE: _BY_LEVEL,
    # Who was to be told of it can have it replayed.
    EVENT: Kind(
        *("event_queue_url", (2, 5, 15, 60, 300), timedelta(days=7)),
        is_more_than_a_job=True,
        needs=("WH", "RING"),
    ),
    NOTICE: Kind("workspace_queue_url", (5, 60, 300, 900, 3600), timedelta(days=1)),
    REPLAY: Kind("event_queue_url", (2, 5, 15, 60, 300), timedelta(days=1)),
    WEBHOOK: _BY_LEVEL._replace(queue="webhook_queue_url"),
    FOLLOW_UP: Kind("follow_up_queue_url", (5, 60, 300, 900, 3600), timedelta(days=1)),
    # The carrier may be slow to have it, or its end to be told.
    RECORDING: Kind("follow_up_queue_url", (5, 30, 120, 300, 900, 1800), timedelta(days=1)),
    # What was asked to be gone is not given up for a while.
    ERASING: Kind("follow_up_queue_url", (5, 60, 300, 900, 3600), timedelta(days=7)),
    # Somebody is on the phone; no call of the carrier's lasts for longer.
    HANG_UP: Kind("follow_up_queue_url", (1, 2, 4, 8, 15, 30, 60, 300), timedelta(hours=5)),
    # Patient: meanwhile the minutes are reserved, and then they are charged as far as we know.
    SETTLEMENT: Kind("follow_up_queue_url", (30, 60, 300, 900, 3600), timedelta(days=1)),
    # Who paid for a plan has it; and each change of a workspace has the same job again.
    PLAN: Kind(
        "workspace_queue_url", (2, 5, 15, 60, 300), timedelta(days=7), is_more_than_a_job=True
    ),
    # A counter; what raises it further has the same job again.
    USAGE: _AFTERWARDS,
    # Credits that a dead attempt holds or a new cycle brings, and leads mailed to no more.
    **dict.fromkeys((HOLD, RENEWAL, SUPPRESSION), _AFTERWARDS),
    # A name is looked at again for as long as it is somebody's.
    DOMAIN: _AFTERWARDS._replace(longest=timedelta.max),
    # The links of a workspace are looked at each hour for as long as its plan has AI.
    SCAN: _AFTERWARDS._replace(longest=timedelta.max),
    ALERT_MAIL: Kind("workspace_queue_url", (5, 60, 300, 900, 3600), timedelta(days=1)),
    # As long as somebody wants it; the week that it failed for is over in a week.
    DIGEST: _AFTERWARDS._replace(queue="digest_queue_url", longest=timedelta.max),
    DIGEST_MAIL: Kind("digest_queue_url", (5, 60, 300, 900, 3600), timedelta(days=1)),
    OWN_KEY: Kind("workspace_queue_url", (5, 60, 300, 900, 3600), timedelta(days=7)),
    MAILBOX: _AFTERWARDS._replace(queue="mailbox_queue_url", longest=timedelta.max),
    # Its research. What a site does is no failure of a run.
    LEAD: _AFTERWARDS._replace(queue="research_queue_url", longest=timedelta(days=1)),
    # What a mailbox sends and receives, and what a campaign's start or end means for its leads.
    MAILBOX_LINE: _BY_LEVEL._replace(queue="mail_queue_url"),
    LEAD_ANSWER: Kind("mail_queue_url", (5, 60, 300, 900, 3600), timedelta(days=1)),
    COMPANY: _AFTERWARDS._replace(queue="mailbox_queue_url"),
    MAILBOX_READING: _BY_LEVEL._replace(queue="mailbox_queue_url"),
    CAMPAIGN: _AFTERWARDS._replace(queue="mail_queue_url"),
    # Somebody asks again and again whether it is over.
    RUN: Kind("run_queue_url", (2, 5, 15, 60), timedelta(minutes=15), is_more_than_a_job=True),
}


class AlreadyDone(Exception):
    """The job was finished before."""


class Work(NamedTuple):
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
    """The work of a job's item, of whose partition's name the kind is the third part.

    Raises `LookupError` if that is no job's.
    """
    kind = key.pk.split("#")[2].lower()
    if kind not in KINDS:
        raise LookupError(kind)
    return Work(kind, *key)


def partition_of(pk: str) -> str:
    return pk.split("#")[1]


def due_partition(shard: int, *, is_look: bool = False) -> str:
    return f"{DUE}{shard}{_LOOK if is_look else ''}"


def given_up_partition(kind: str) -> str:
    """Where those of a kind stand that gave up, by when they did."""
    return f"{_GIVEN_UP}{kind}"


def requested(kind: str, item_id: str) -> dict[str, str]:
    """The attributes by which an item asks for a message, and is found if there is none."""
    return {"outbox": kind, **due(kind, item_id, clock.now() + RELAY_GRACE)}


def due(kind: str, item_id: str, moment: datetime, *, is_look: bool = False) -> dict[str, str]:
    """The attributes by which the sweeper finds an item from a moment on.

    `item_id` is to differ between workspaces: by it the jobs of a kind are spread over the shards.
    A look at what is under way stands apart: it is not behind those that have only to be begun.
    """
    shard = crc32(f"{kind}#{item_id}".encode()) % DUE_SHARDS
    where = due_partition(shard, is_look=is_look)
    return {"gsi2pk": where, "gsi2sk": clock.timestamp(moment)}


def is_waiting(key: Key) -> bool:
    """Whether a job is still to be done. Raises `LookupError` if there never was one."""
    return is_due(stored(key))


def stored(key: Key) -> Item:
    """A job, whether or not it is done. Raises `LookupError` if there never was one."""
    if (job := get(Table.CORE, key)) is None:
        raise LookupError("no such job")
    return job


def is_due(job: Item) -> bool:
    """Whether a job that was read is to be done: it is not done, and has not given up."""
    return str(job.get("gsi2pk", "")).startswith(DUE)


def has_given_up(job: Mapping[str, object]) -> bool:
    """Whether a job that was read has given up, and nobody has asked for it since."""
    return str(job.get("gsi2pk", "")).startswith(_GIVEN_UP)


def waits_until(moment: datetime) -> dict[str, str]:
    """What a job that waits has of a moment. Where that is both, the sweeper sends its message."""
    swept = moment if moment - clock.now() > MOST_DELAY else moment + RELAY_GRACE
    return {"next_at": clock.timestamp(moment), "gsi2sk": clock.timestamp(swept)}


def is_left_alone(job: Item) -> bool:
    """Whether it is too early to look at the job."""
    until = job.get("next_at")
    return until is not None and clock.now() < clock.parse(until)


def change(job: Item, facts: Item, removed: str = "") -> bool:
    """Write facts of a job that was just read; False if somebody else has moved it."""
    written = "SET " + ", ".join(f"#{name} = :{name}" for name in facts) if facts else ""
    try:
        update(
            Table.CORE,
            Key(job["pk"], job["sk"]),
            f"{written} {removed}".strip(),
            condition="#gsi2sk = :seen",
            values={**facts, "seen": job["gsi2sk"]},
        )
    except ConditionFailed:
        return False
    return True
