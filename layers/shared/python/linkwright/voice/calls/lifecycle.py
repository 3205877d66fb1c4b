"""How a call changes: moved on by what the carrier reports, tried again, and ended.

Each change is one transaction on condition that nobody changed the call meanwhile. What belongs to
it goes with it: its event, its place on the phone, its minutes.
"""

import math
from datetime import datetime, timedelta

from linkwright import clock, outbox, usage
from linkwright.table import Item, Key, Table
from linkwright.table import get as read
from linkwright.transaction import Otherwise, Transaction
from linkwright.voice.calls import attempts, concurrency, jobs, transcripts
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status, is_dialled, is_terminal, may_follow
from linkwright.voice.compliance import do_not_call, rules

# One minute is reserved while a call waits; when it is dialled, as many as it may last.
RESERVED_MINUTES = 1
# How long after the longest talk that its agent allows a call may still be without an end.
END_GRACE = timedelta(minutes=5)
# Of a call that was dialled before it knew how long it may last.
_LONGEST_S = 3600
# What is known of an attempt at the carrier: when it was about to be ordered, and as what.
UNORDERED: Item = {"ordered_at": "", "sid": ""}

_EVENTS = {
    Status.QUEUED: "call.queued",
    Status.RINGING: "call.ringing",
    Status.IN_PROGRESS: "call.answered",
}
# The carrier may still be at it.
_ENDED_BY_US = {EndedReason.CANCELED, EndedReason.PROVIDER_TIMEOUT}


class Superseded(Exception):
    """The call is further on than what was reported, or another worker has it."""


def key(partition: str, call_id: str) -> Key:
    return Key(f"W#{partition}#CALL", call_id)


def agent_partition(partition: str, agent_id: str) -> str:
    return f"W#{partition}#AGT#{agent_id}#CALL"


def find(partition: str, call_id: str) -> Item | None:
    return read(Table.CORE, key(partition, call_id))


def partition_of(item: Item) -> str:
    return str(item["pk"]).split("#")[1]


def postpone(item: Item, until: datetime) -> None:
    """Let a call that waits be due later. Raises `Superseded`."""
    tx = Transaction(partition_of(item), item["request_id"])
    view = attempts.scheduled(item["view"], until)
    store(tx, item, view, due(item["sk"], until), otherwise=Superseded)
    tx.commit()


def due(call_id: str, moment: datetime) -> Item:
    """The attributes of a call that is not to be dialled before a moment."""
    return {**outbox.due(outbox.CALL, call_id, moment), "due_at": clock.timestamp(moment)}


def advance(item: Item, report: Report) -> Item:
    """Apply what is reported of the attempt that the call is at.

    What comes late, or is of another attempt, changes nothing.
    """
    begun_as = _stage(item)
    while _stage(item) == begun_as and says_something(item, report):
        tx = Transaction(partition_of(item), item["request_id"])
        try:
            after = change(item, report, tx, otherwise=Superseded)
            tx.commit()
        except Superseded:
            item = find(partition_of(item), item["sk"]) or item
        else:
            return after
    return item


def note(item: Item, facts: Item) -> Item:
    """Add to what a call on the phone shows of itself; one that is over stays as it is."""
    attempt = attempts.number_of(item["view"])
    while attempts.number_of(item["view"]) == attempt and is_dialled(
        Status(item["view"]["status"])
    ):
        tx = Transaction(partition_of(item), item["request_id"])
        after = store(tx, item, item["view"] | facts, {}, otherwise=Superseded)
        try:
            tx.commit()
        except Superseded:
            item = find(partition_of(item), item["sk"]) or item
        else:
            return after
    return item


def change(item: Item, report: Report, tx: Transaction, otherwise: Otherwise) -> Item:
    """Put what a report changes into a transaction. Returns the call as it is after it."""
    if not is_terminal(report.status):
        view = _changed(attempts.unscheduled(item["view"]), report)
        after = store(tx, item, view, _expected(item, report), otherwise=otherwise)
        tx.emit(_EVENTS[report.status], view, sequence=after["v"])
        return after
    again = attempts.next_at(item["view"], report)
    view = attempts.ended(item["view"], report)
    if again is not None:
        view = attempts.scheduled(view, again)
        after = store(tx, item, view, waiting_again(item, again), otherwise=otherwise)
        stop_calling(tx, item)
    else:
        view = _changed(attempts.unscheduled(view), report)
        after = _end(tx, item, view, report, otherwise)
    details = {"attempt": attempts.number_of(view), "is_last": again is None}
    tx.emit("call.ended", after["view"], sequence=after["v"], details=details)
    return after


def _changed(view: Item, report: Report) -> Item:
    changes = report.changes()
    # Who answered may have been told before the answer.
    if report.answered_by == "unknown" and "answered_by" in view:
        del changes["answered_by"]
    if report.duration_s and "answered_at" not in view:
        # The end is what is heard first: the answer was as long ago as the talk was, at most.
        changes["answered_at"] = clock.timestamp(attempts.answered_at(view, report.duration_s))
    return view | changes


def _end(tx: Transaction, item: Item, view: Item, report: Report, otherwise: Otherwise) -> Item:
    said = transcripts.stored(tx.partition, item["sk"], report.transcript)
    after = store(tx, item, view, said, otherwise=otherwise)
    concurrency.leave(tx, item)
    if "answered_by" in view:
        jobs.request_analysis(tx.partition, item["sk"], tx)
    if report.ended_reason in _ENDED_BY_US and item.get("sid"):
        jobs.request_hang_up(tx.partition, item["sid"], tx)
    if report.transcript and _opted_out(report):
        do_not_call.add(view["to"], tx, source="call", call_id=item["sk"])
    if attempts.number_of(view) == 0 and "counted_on" in item:
        rules.uncount_callee(tx, view["to"], item["counted_on"])
    if "reserved" in item:
        usage.settle(
            tx.partition,
            item["period"],
            usage.CALL_MINUTES,
            reserved=item["reserved"],
            used=math.ceil(view["duration_s"] / 60),
            tx=tx,
        )
    return after


def _opted_out(report: Report) -> bool:
    # Imported here: its phrases take a while to compile, and only the end of a talk needs them.
    from linkwright.voice.language import opt_out

    return opt_out.is_asked_in(transcripts.said_by_callee(report.transcript))


def _stage(item: Item) -> tuple[int, bool]:
    """Which attempt, and whether it is on its way: a call that waits again still has its number."""
    view = item["view"]
    return attempts.number_of(view), is_dialled(Status(view["status"]))


def says_something(item: Item, report: Report) -> bool:
    """Whether a report is news of the call."""
    return may_follow(report.status, Status(item["view"]["status"]))


def _expected(item: Item, report: Report) -> Item:
    """Once it is answered, nobody needs to ask after the call before it must be over."""
    if report.status is not Status.IN_PROGRESS:
        return {}
    return leased(clock.now() + timedelta(seconds=item.get("longest_s", _LONGEST_S)) + END_GRACE)


def leased(until: datetime) -> Item:
    """The attributes of a dialled call that nobody is to ask after before a moment."""
    return {"lease_until": clock.timestamp(until), "gsi2sk": clock.timestamp(until)}


def waiting_again(item: Item, moment: datetime) -> Item:
    """The attributes of a call that is not on the phone, but due at a moment."""
    changes = due(item["sk"], moment) | {"slots": [], "lease_until": ""} | UNORDERED
    return changes | {"reserved": RESERVED_MINUTES} if "reserved" in item else changes


def stop_calling(tx: Transaction, item: Item) -> None:
    """Give back what an attempt took: its place on the phone, and all but a minute."""
    concurrency.leave(tx, item)
    if "reserved" in item:
        over = item["reserved"] - RESERVED_MINUTES
        usage.release(tx, item["period"], usage.CALL_MINUTES, over)


# What only a call that has not ended has.
_UNTIL_THE_END = ("gsi2pk", "gsi2sk", "lease_until", "slots")


def store(tx: Transaction, item: Item, view: Item, changes: Item, otherwise: Otherwise) -> Item:
    """Give the call another view and other attributes; its next version."""
    written: Item = {
        "view": view,
        "v": item["v"] + 1,
        "gsi3pk": concurrency.status_partition(tx.partition, view["status"]),
        **changes,
    }
    gone = _UNTIL_THE_END if is_terminal(Status(view["status"])) else ()
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in written)
    if gone:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in gone)
    tx.update(
        Table.CORE,
        Key(item["pk"], item["sk"]),
        expression,
        condition="#v = :seen",
        values={**written, "seen": item["v"]},
        otherwise=otherwise,
    )
    return {name: value for name, value in (item | written).items() if name not in gone}
