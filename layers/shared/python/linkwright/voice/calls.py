"""Calls: placing, showing and canceling them, and their only way of changing."""

import math
from datetime import timedelta

from linkwright import clock, ids, outbox, usage
from linkwright.auth import Account
from linkwright.errors import Conflict, ResourceNotFound, Unavailable
from linkwright.table import ConditionFailed, Item, Key, Table, update
from linkwright.table import get as read
from linkwright.transaction import Otherwise, Transaction
from linkwright.voice import agents
from linkwright.voice.models import Call, PlaceCall, Schedule, Window
from linkwright.voice.reports import Report
from linkwright.voice.states import EndedReason, Status, is_terminal, may_follow

# One minute is reserved when a call is placed and settled when it ends; test mode is never charged.
RESERVED_MINUTES = 1

_ALMOST_A_SECOND = timedelta(microseconds=999_999)

_EVENTS = {
    Status.QUEUED: "call.queued",
    Status.RINGING: "call.ringing",
    Status.IN_PROGRESS: "call.answered",
}


class Superseded(Exception):
    """The call is further on than what was reported, or another worker has it."""


def key(partition: str, call_id: str) -> Key:
    return Key(f"W#{partition}#CALL", call_id)


def agent_partition(partition: str, agent_id: str) -> str:
    return f"W#{partition}#AGT#{agent_id}#CALL"


def status_partition(partition: str, status: str) -> str:
    return f"W#{partition}#CST#{status}"


def place(account: Account, wanted: PlaceCall, tx: Transaction) -> Call:
    """Queue a call. Errors at the commit: no such agent (404), no minutes left (402)."""
    if not ids.matches("agt", wanted.agent_id):
        raise agents.not_found("agent_id")
    call = Call(
        id=ids.new("call"),
        agent_id=wanted.agent_id,
        to=wanted.to,
        status=Status.SCHEDULED if _is_for_later(wanted.schedule) else Status.QUEUED,
        created_at=clock.timestamp(),
        metadata=wanted.metadata,
        schedule=_window(wanted.schedule),
    )
    tx.require(
        Table.CORE,
        agents.key(account.partition, wanted.agent_id),
        otherwise=lambda: agents.not_found("agent_id"),
    )
    item = _new_item(account.partition, call, tx.request_id)
    if account.mode == "live":
        item["reserved"] = RESERVED_MINUTES
        item["period"] = usage.reserve(account, usage.CALL_MINUTES, RESERVED_MINUTES, tx)
    tx.put(Table.CORE, item)
    if call.status is Status.QUEUED:
        tx.emit("call.queued", item["view"], sequence=item["v"])
    return call


def get(account: Account, call_id: str) -> Call:
    return _shown(_existing(account, call_id))


def find(partition: str, call_id: str) -> Item | None:
    return read(Table.CORE, key(partition, call_id))


def cancel(account: Account, call_id: str, tx: Transaction) -> Call:
    """End a call that has not ended; one that rings or talks is hung up by whoever conducts it.

    Raises `Conflict` for a call that ended otherwise. Canceling twice is canceling once.
    """
    item = _existing(account, call_id)
    status = Status(item["view"]["status"])
    if is_terminal(status) and status is not Status.CANCELED:
        raise Conflict("The call has ended.", reason="call_ended")
    if status is not Status.CANCELED:
        report = Report(
            Status.CANCELED,
            ended_reason=EndedReason.CANCELED,
            duration_s=_seconds_talked(item),
        )
        # It moved on between our read and the commit: the caller is to look again.
        item = _change(item, report, tx, otherwise=Unavailable)
    return _shown(item)


def claim(item: Item, lease_until: str, agent_version: int | None) -> Item:
    """Take the call for one worker until the lease ends. Raises `Superseded`.

    The agent's version is fixed here: the call keeps it, whatever becomes of the agent.
    """
    view = {**item["view"], "agent_version": agent_version}
    if view["status"] == Status.QUEUED:
        view["status"] = Status.DIALING.value
    try:
        return update(
            Table.CORE,
            Key(item["pk"], item["sk"]),
            "SET #view = :view, #gsi3pk = :listed, #claim = :claim,"
            " #lease_until = :until, #gsi2sk = :until, #v = :next",
            # Or our own: the client sends again what got no answer.
            condition="#v = :seen OR #claim = :claim",
            values={
                "claim": ids.new("clm"),
                "view": view,
                "listed": status_partition(partition_of(item), view["status"]),
                "until": lease_until,
                "next": item["v"] + 1,
                "seen": item["v"],
            },
        )
    except ConditionFailed:
        raise Superseded from None


def advance(item: Item, report: Report) -> Item:
    """Apply what the carrier reports. A report that comes late changes nothing.

    The change, its event and, at the end, the settlement of the minutes are one transaction.
    """
    while may_follow(report.status, Status(item["view"]["status"])):
        try:
            return _write(item, report)
        except Superseded:
            item = find(partition_of(item), item["sk"]) or item
    return item


def partition_of(item: Item) -> str:
    return str(item["pk"]).split("#")[1]


def _existing(account: Account, call_id: str) -> Item:
    item = find(account.partition, call_id) if ids.matches("call", call_id) else None
    if item is None:
        raise ResourceNotFound("There is no such call.")
    return item


def _shown(item: Item) -> Call:
    return Call.model_validate({**item["view"], "transcript": item.get("transcript", [])})


def _write(item: Item, report: Report) -> Item:
    tx = Transaction(partition_of(item), item["request_id"])
    after = _change(item, report, tx, otherwise=Superseded)
    tx.commit()
    return after


def _change(item: Item, report: Report, tx: Transaction, otherwise: Otherwise) -> Item:
    """Put the change, its event and, at the end, the settlement into a transaction."""
    partition, over = tx.partition, is_terminal(report.status)
    view = {**item["view"], **report.changes()}
    after = {**item, "view": view, "v": item["v"] + 1}
    expression = "SET #view = :view, #gsi3pk = :listed, #v = :v"
    values = {
        "view": view,
        "listed": status_partition(partition, report.status),
        "v": after["v"],
        "seen": item["v"],
    }
    if over:
        expression += ", #transcript = :transcript REMOVE #gsi2pk, #gsi2sk, #lease_until"
        values["transcript"] = [turn.model_dump() for turn in report.transcript]
    tx.update(
        Table.CORE,
        Key(item["pk"], item["sk"]),
        expression,
        condition="#v = :seen",
        values=values,
        otherwise=otherwise,
    )
    if over and "reserved" in item:
        usage.settle(
            partition,
            item["period"],
            usage.CALL_MINUTES,
            reserved=item["reserved"],
            used=math.ceil((view["duration_s"] or 0) / 60),
            tx=tx,
        )
    tx.emit("call.ended" if over else _EVENTS[report.status], view, sequence=after["v"])
    return after


def _seconds_talked(item: Item) -> int:
    answered_at = item["view"]["answered_at"]
    if answered_at is None:
        return 0
    return max(math.ceil((clock.now() - clock.parse(answered_at)).total_seconds()), 1)


def _new_item(partition: str, call: Call, request_id: str) -> Item:
    return {
        **key(partition, call.id).attributes(),
        "gsi1pk": agent_partition(partition, call.agent_id),
        "gsi1sk": call.id,
        "gsi3pk": status_partition(partition, call.status),
        "gsi3sk": call.id,
        **_waiting(call),
        "view": call.model_dump(mode="json", exclude={"transcript"}),
        "v": 1,
        "request_id": request_id,
    }


def _waiting(call: Call) -> dict[str, str]:
    """A queued call goes to the relay at once; the sweeper finds a scheduled one when it is due."""
    if call.status is Status.QUEUED or call.schedule is None:
        return outbox.waiting(outbox.CALL, call.id)
    return outbox.due(outbox.CALL, call.id, clock.parse(call.schedule.earliest_at or ""))


def _is_for_later(schedule: Schedule | None) -> bool:
    return bool(schedule and schedule.earliest_at and schedule.earliest_at > clock.now())


def _window(schedule: Schedule | None) -> Window | None:
    if schedule is None:
        return None
    earliest, latest = schedule.earliest_at, schedule.latest_at
    # To whole seconds within the window: never a moment too early, nor one too late.
    return Window(
        earliest_at=clock.timestamp(earliest + _ALMOST_A_SECOND) if earliest else None,
        latest_at=clock.timestamp(latest) if latest else None,
    )
