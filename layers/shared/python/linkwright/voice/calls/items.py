"""A call as it is stored: one item, which changes only if nobody changed it meanwhile.

Its public form is the map `view`; beside it stands what nobody is shown.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypedDict, cast

from linkwright import clock, jobs
from linkwright.table import ConditionFailed, Item, Key, Table, get, update
from linkwright.transaction import Otherwise, Transaction
from linkwright.voice.calls import line
from linkwright.voice.calls.places import Entry
from linkwright.voice.calls.states import Status, is_terminal

# A call on the phone of which nothing was heard for so long is asked after.
UNHEARD = timedelta(minutes=2)
# One minute is reserved while a call waits; when it is dialled, as many as it may last.
RESERVED_MINUTES = 1


class Facts(line.Standing, total=False):
    """What a call has from some moment on, by who writes it first."""

    # When it is looked at next, see `next_look`; no more once it has ended.
    gsi2pk: str
    gsi2sk: str
    next_at: str
    # Placed: it asks for a message, since when it is due, and what it has taken of the limits.
    outbox: str
    due_at: str
    on_quiet_hours: str
    keep_days: int
    reserved: int
    period: str
    # Claimed by a worker, which fixes what the agent is for this attempt.
    claim: str
    longest_s: int
    model: str | None
    language: str
    zone: str
    country: str
    # At the carrier: when it was about to be ordered, and as what; both empty while it was not.
    ordered_at: str
    sid: str
    # Put through: to whom, and how long that may last.
    transfer_to: str
    transfer_s: int
    # Ended, with so many lines kept of what was said; the key is of what S3 keeps.
    opted_out: bool
    lines: int
    recording_key: str
    # The events since its end, which may have its analysis.
    told_in: list[str]


class Listed(TypedDict):
    """By what lists find a call: by its agent, by its status, and by both.

    The last two are sorted by the call's own id: so it stays below 1 KB, by which changes are paid.
    """

    gsi1pk: str
    gsi1sk: str
    gsi3pk: str
    gsi4pk: str


class CallItem(Facts, Listed):
    """`v` counts the changes; `request_id` is of the request that placed the call."""

    pk: str
    sk: str
    view: Item
    v: int
    request_id: str


# Puts a change of a call into a transaction and tells what the call is after it; None: none is due.
Change = Callable[[CallItem, Transaction], CallItem | None]

# What an attempt has until it is ordered.
UNORDERED: Facts = {"ordered_at": "", "sid": ""}

# A call that moves on needs no message that was asked for before, waits in no line, and is alive.
_UNTIL_IT_MOVES = ("outbox", "waits_in", "given_up_at")
# By runs that fail in a row it may come from the line to the phone and back, and no further.
_MAY_HAVE_FAILED = frozenset({Status.QUEUED, Status.DIALING})
_UNTIL_IT_WENT_WELL = (*_UNTIL_IT_MOVES, *jobs.FAILURES)
_UNTIL_THE_END = (*jobs.ATTRIBUTES, "slots", "waits_in")


class Superseded(Exception):
    """The call is further on than what was reported, or another worker has it."""


def key(partition: str, call_id: str) -> Key:
    return Key(f"W#{partition}#CALL", call_id)


def agent_partition(partition: str, agent_id: str) -> str:
    return f"W#{partition}#AGT#{agent_id}#CALL"


def status_partition(partition: str, status: str) -> str:
    return f"W#{partition}#CST#{status}"


def agent_status_partition(partition: str, agent_id: str, status: str) -> str:
    return f"W#{partition}#{agent_id}#{status}"


def listed(partition: str, view: Item) -> Listed:
    agent_id, status = view["agent_id"], view["status"]
    return {
        "gsi1pk": agent_partition(partition, agent_id),
        "gsi1sk": view["id"],
        "gsi3pk": status_partition(partition, status),
        "gsi4pk": agent_status_partition(partition, agent_id, status),
    }


def find(partition: str, call_id: str) -> CallItem | None:
    return at(key(partition, call_id))


def at(where: Key) -> CallItem | None:
    return cast(CallItem | None, get(Table.CORE, where))


def partition_of(item: CallItem) -> str:
    return item["pk"].split("#")[1]


def transaction(item: CallItem) -> Transaction:
    """For a change of the call; its events name the request that placed it."""
    return Transaction(partition_of(item), item["request_id"])


def changing(item: CallItem, change: Change) -> CallItem:
    """Change the call; by what it is by then, where somebody else changed it first."""
    while True:
        tx = transaction(item)
        after = change(item, tx)
        if after is None:
            return item
        try:
            tx.commit()
        except Superseded:
            item = find(partition_of(item), item["sk"]) or item
        else:
            return after


def write(
    tx: Transaction,
    item: CallItem,
    view: Item,
    facts: Facts | None = None,
    otherwise: Otherwise = Superseded,
    entry: Entry | None = None,
) -> CallItem:
    """Give the call another view and other facts. Returns it as it is then: its next version.

    It waits in line no longer, unless the facts say so; what it held when it ends, it gives back.
    """
    found_by = listed(partition_of(item), view)
    status = Status(view["status"])
    # It is heard of, so it is looked at again.
    if not is_terminal(status) and jobs.has_given_up(item):
        facts = {**next_look(item["sk"], clock.now() + UNHEARD), **(facts or {})}
    written = {
        "view": view,
        "v": item["v"] + 1,
        "gsi3pk": found_by["gsi3pk"],
        "gsi4pk": found_by["gsi4pk"],
        **(facts or {}),
    }
    gone = [name for name in _until_now(status) if name not in written]
    tx.update(
        Table.CORE,
        Key(item["pk"], item["sk"]),
        f"{_set(written)} REMOVE " + ", ".join(f"#{name}" for name in gone),
        condition="#v = :seen",
        values={**written, "seen": item["v"]},
        otherwise=otherwise,
    )
    left = {name: value for name, value in {**item, **written}.items() if name not in gone}
    after = cast(CallItem, left)
    is_undone = view.get("attempt", 0) < item["view"].get("attempt", 0)
    line.follow(tx, item["sk"], item, after, entry, is_undone=is_undone)
    return after


def write_alone(item: CallItem, facts: Facts, *, v: int, condition: str) -> CallItem:
    """Write facts that nothing else goes with. Returns what is stored, not only what was read.

    Raises `Superseded`.
    """
    written = {**facts, "v": v}
    try:
        after = update(
            Table.CORE,
            Key(item["pk"], item["sk"]),
            _set(written),
            condition=condition,
            values={**written, "seen": item["v"]},
        )
    except ConditionFailed:
        raise Superseded from None
    return cast(CallItem, after)


def _until_now(status: Status) -> tuple[str, ...]:
    """What a call that becomes this has no more, unless it is written anew."""
    if is_terminal(status):
        return _UNTIL_THE_END
    return _UNTIL_IT_MOVES if status in _MAY_HAVE_FAILED else _UNTIL_IT_WENT_WELL


def _set(written: Item) -> str:
    return "SET " + ", ".join(f"#{name} = :{name}" for name in written)


def next_look(call_id: str, moment: datetime) -> Facts:
    """The facts of a call on the phone that is somebody's until a moment, or is expected to be
    heard of; then the sweeper finds it.
    """
    return _from(jobs.due(jobs.CALL, call_id, moment, is_look=True))


def next_try(call_id: str, moment: datetime) -> Facts:
    """The facts of a call that waits, and is not to be dialled before a moment."""
    return _from(jobs.due(jobs.CALL, call_id, moment))


def _from(due: dict[str, str]) -> Facts:
    # The index shows when a message is to be sent again, so the call's own moment stands beside it.
    return {"gsi2pk": due["gsi2pk"], "gsi2sk": due["gsi2sk"], "next_at": due["gsi2sk"]}


def due(call_id: str, moment: datetime) -> Facts:
    """The facts of a call that waits for a moment, from which on its patience is counted."""
    return {**next_try(call_id, moment), "due_at": clock.timestamp(moment)}


def is_left_alone(item: CallItem) -> bool:
    """Whether it is too early to look at the call."""
    return jobs.is_left_alone(cast(Item, item))
