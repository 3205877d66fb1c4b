"""How a call changes: claimed, moved on by what the carrier reports, tried again, and ended.

Each change is one transaction on condition that nobody changed the call meanwhile. What belongs to
it goes with it: its event, its place on the phone, its minutes.
"""

import math
from collections.abc import Callable
from datetime import datetime

from linkwright import clock, ids, outbox, plans, usage
from linkwright.table import ConditionFailed, Item, Key, Table, update
from linkwright.table import get as read
from linkwright.transaction import Otherwise, Transaction
from linkwright.voice import attempts, do_not_call, follow_up, line, rules, transcripts
from linkwright.voice.agent_models import Agent
from linkwright.voice.reports import Report
from linkwright.voice.states import EndedReason, Status, is_terminal, may_follow
from linkwright.workspace.operations import Tenant

# One minute is reserved while a call waits; when it is dialled, as many as it may last.
RESERVED_MINUTES = 1

_EVENTS = {
    Status.QUEUED: "call.queued",
    Status.RINGING: "call.ringing",
    Status.IN_PROGRESS: "call.answered",
}


class Superseded(Exception):
    """The call is further on than what was reported, or another worker has it."""


class Refused(Exception):
    """The call must not be dialled; it is to end for this reason."""

    def __init__(self, reason: EndedReason) -> None:
        super().__init__(reason)
        self.reason = reason


def key(partition: str, call_id: str) -> Key:
    return Key(f"W#{partition}#CALL", call_id)


def find(partition: str, call_id: str) -> Item | None:
    return read(Table.CORE, key(partition, call_id))


def partition_of(item: Item) -> str:
    return str(item["pk"]).split("#")[1]


def claim(item: Item, lease_until: str, agent: Agent, tenant: Tenant) -> Item:
    """Begin an attempt: this worker is about to dial. The agent's version is fixed here.

    The claim, a place on the phone, a call of the callee's day and the minutes that it may last
    are taken together. Raises `Superseded`, `Refused`, `line.Full` and `line.AgentBusy`.
    """
    tx = Transaction(partition_of(item), item["request_id"])
    view, today = attempts.begun(item["view"], agent), rules.counted(tenant.settings, clock.now())
    changes: Item = {
        "claim": ids.new("clm"),
        "lease_until": lease_until,
        "gsi2sk": lease_until,
        "slots": line.places(agent),
        **today,
    }
    if "reserved" in item:
        changes["reserved"] = math.ceil(agent.max_duration_s / 60)
        changes["period"] = plans.period(tenant.anchor_day).label
    after = _set(tx, item, view, changes, otherwise=Superseded)
    rules.require_not_listed(tx, view["to"], _refused(EndedReason.DO_NOT_CALL))
    if today and item.get("counted_on") != today["counted_on"]:
        limit = _refused(EndedReason.CALLEE_LIMIT)
        rules.count_callee(tx, view["to"], today["counted_on"], tenant.settings, limit)
    line.enter(tx, item["sk"], agent, tenant.plan.concurrent_calls)
    if "reserved" in item:
        limit = _refused(EndedReason.PLAN_LIMIT)
        usage.top_up(tx, tenant.plan, usage.CALL_MINUTES, item, after, otherwise=limit)
    tx.commit()
    return after


def take_over(item: Item, lease_until: str) -> Item:
    """Go on with an attempt whose worker is gone. Raises `Superseded`."""
    claim_id = ids.new("clm")
    try:
        return update(
            Table.CORE,
            Key(item["pk"], item["sk"]),
            "SET #claim = :claim, #lease_until = :until, #gsi2sk = :until, #v = :next",
            # Or our own: the client sends again what got no answer.
            condition="#v = :seen OR #claim = :claim",
            values={
                "claim": claim_id,
                "until": lease_until,
                "next": item["v"] + 1,
                "seen": item["v"],
            },
        )
    except ConditionFailed:
        raise Superseded from None


def undo(item: Item) -> None:
    """Take back an attempt of which the carrier never heard; the call waits again.

    Raises `Superseded`.
    """
    tx = Transaction(partition_of(item), item["request_id"])
    view, changes = attempts.undone(item["view"]), _waiting_again(item, clock.now())
    _set(tx, item, view, changes, otherwise=Superseded)
    _stop_calling(tx, item)
    tx.commit()


def postpone(item: Item, until: datetime) -> None:
    """Let a call that waits be due later. Raises `Superseded`."""
    tx = Transaction(partition_of(item), item["request_id"])
    view = attempts.scheduled(item["view"], until)
    _set(tx, item, view, due(item["sk"], until), otherwise=Superseded)
    tx.commit()


def due(call_id: str, moment: datetime) -> Item:
    """The attributes of a call that is not to be dialled before a moment."""
    return {**outbox.due(outbox.CALL, call_id, moment), "due_at": clock.timestamp(moment)}


def advance(item: Item, report: Report) -> Item:
    """Apply what is reported of the attempt that the call is at.

    What comes late, or is of another attempt, changes nothing.
    """
    attempt = attempts.number_of(item["view"])
    while attempts.number_of(item["view"]) == attempt and _says_something(item, report):
        tx = Transaction(partition_of(item), item["request_id"])
        try:
            after = change(item, report, tx, otherwise=Superseded)
            tx.commit()
        except Superseded:
            item = find(partition_of(item), item["sk"]) or item
        else:
            return after
    return item


def change(item: Item, report: Report, tx: Transaction, otherwise: Otherwise) -> Item:
    """Put what a report changes into a transaction. Returns the call as it is after it."""
    if not is_terminal(report.status):
        view = attempts.unscheduled(item["view"]) | report.changes()
        after = _set(tx, item, view, {}, otherwise=otherwise)
        tx.emit(_EVENTS[report.status], view, sequence=after["v"])
        return after
    again = attempts.next_at(item["view"], report)
    view = attempts.ended(item["view"], report)
    if again is not None:
        view = attempts.scheduled(view, again)
        after = _set(tx, item, view, _waiting_again(item, again), otherwise=otherwise)
        _stop_calling(tx, item)
    else:
        view = attempts.unscheduled(view) | report.changes()
        after = _end(tx, item, view, report, otherwise)
    details = {"attempt": attempts.number_of(view), "is_last": again is None}
    tx.emit("call.ended", after["view"], sequence=after["v"], details=details)
    return after


def _end(tx: Transaction, item: Item, view: Item, report: Report, otherwise: Otherwise) -> Item:
    said = transcripts.stored(tx.partition, item["sk"], report.transcript)
    after = _set(tx, item, view, said, otherwise=otherwise)
    line.leave(tx, item)
    if "answered_by" in view:
        follow_up.request(tx.partition, item["sk"], tx)
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
    from linkwright.voice import analysis

    return analysis.opted_out(report.transcript)


def _says_something(item: Item, report: Report) -> bool:
    return may_follow(report.status, Status(item["view"]["status"]))


def _waiting_again(item: Item, moment: datetime) -> Item:
    changes = due(item["sk"], moment) | {"slots": [], "lease_until": ""}
    return changes | {"reserved": RESERVED_MINUTES} if "reserved" in item else changes


def _stop_calling(tx: Transaction, item: Item) -> None:
    """Give back what an attempt took: its place on the phone, and all but a minute."""
    line.leave(tx, item)
    if "reserved" in item:
        over = item["reserved"] - RESERVED_MINUTES
        usage.release(tx, item["period"], usage.CALL_MINUTES, over)


def _refused(reason: EndedReason) -> Callable[[], Refused]:
    return lambda: Refused(reason)


# What only a call that has not ended has.
_UNTIL_THE_END = ("gsi2pk", "gsi2sk", "lease_until", "slots")


def _set(tx: Transaction, item: Item, view: Item, changes: Item, *, otherwise: Otherwise) -> Item:
    """Give the call another view and other attributes; its next version."""
    written: Item = {
        "view": view,
        "v": item["v"] + 1,
        "gsi3pk": line.status_partition(tx.partition, view["status"]),
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
