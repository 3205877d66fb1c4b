"""Calls: placing, showing and listing them, and their only way of changing."""

import math
from datetime import UTC, datetime

from linkwright import clock, ids, outbox, pagination, usage
from linkwright.auth import Account
from linkwright.errors import ResourceNotFound
from linkwright.pagination import Fetch, Page
from linkwright.table import ConditionFailed, Item, Key, Table, update
from linkwright.table import get as read
from linkwright.transaction import Transaction
from linkwright.voice import agents
from linkwright.voice.models import Call, CallsQuery, CallSummary, PlaceCall
from linkwright.voice.reports import Report
from linkwright.voice.states import Status, is_terminal, may_follow

_ROUTE = "voice/calls"
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)

# One minute is reserved when a call is placed and settled when it ends; test mode is never charged.
RESERVED_MINUTES = 1

_EVENTS = {Status.RINGING: "call.ringing", Status.IN_PROGRESS: "call.answered"}


class Superseded(Exception):
    """The call is further on than what was reported, or another worker has it."""


def key(partition: str, call_id: str) -> Key:
    return Key(f"W#{partition}#CALL", call_id)


def place(account: Account, wanted: PlaceCall, tx: Transaction) -> Call:
    """Queue a call. Errors at the commit: no such agent (404), no minutes left (402)."""
    if not ids.matches("agt", wanted.agent_id):
        raise agents.not_found("agent_id")
    call = Call(
        id=ids.new("call"),
        agent_id=wanted.agent_id,
        to=wanted.to,
        status=Status.QUEUED,
        created_at=clock.timestamp(),
        metadata=wanted.metadata,
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
    tx.emit("call.queued", item["view"], sequence=item["v"])
    return call


def get(account: Account, call_id: str) -> Call:
    item = find(account.partition, call_id) if ids.matches("call", call_id) else None
    if item is None:
        raise ResourceNotFound("There is no such call.")
    return Call.model_validate({**item["view"], "transcript": item.get("transcript", [])})


def find(partition: str, call_id: str) -> Item | None:
    return read(Table.CORE, key(partition, call_id))


def listed(account: Account, filters: CallsQuery) -> Page[CallSummary]:
    """Newest first, by the narrowest index: agent, else status, else all of them."""
    return pagination.paged(account, _ROUTE, filters, _fetch(account.partition, filters), _summary)


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
                "listed": _status_partition(partition_of(item), view["status"]),
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


def _write(item: Item, report: Report) -> Item:
    partition, over = partition_of(item), is_terminal(report.status)
    view = {**item["view"], **report.changes()}
    after = {**item, "view": view, "v": item["v"] + 1}
    tx = Transaction(partition, item["request_id"])
    expression = "SET #view = :view, #gsi3pk = :listed, #v = :v"
    values = {
        "view": view,
        "listed": _status_partition(partition, report.status),
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
        otherwise=Superseded,
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
    tx.commit()
    return after


def _new_item(partition: str, call: Call, request_id: str) -> Item:
    return {
        **key(partition, call.id).attributes(),
        "gsi1pk": _agent_partition(partition, call.agent_id),
        "gsi1sk": call.id,
        "gsi3pk": _status_partition(partition, call.status),
        "gsi3sk": call.id,
        **outbox.waiting(outbox.CALL, call.id),
        "view": call.model_dump(mode="json", exclude={"transcript"}),
        "v": 1,
        "request_id": request_id,
    }


def _fetch(partition: str, filters: CallsQuery) -> Fetch:
    base = key(partition, "").pk
    between = (
        ids.first_at("call", filters.created_after or _EARLIEST),
        ids.last_before("call", filters.created_before or _LATEST),
    )
    if filters.agent_id is not None:
        only = {f"s{at}": status.value for at, status in enumerate(filters.status)}
        return pagination.partition(
            Table.CORE,
            _agent_partition(partition, filters.agent_id),
            index="gsi1",
            base=base,
            between=between,
            condition=f"#view.#status IN ({', '.join(f':{name}' for name in only)})"
            if only
            else None,
            values=only,
        )
    if filters.status:
        return pagination.merged(
            [
                pagination.partition(
                    Table.CORE,
                    _status_partition(partition, status),
                    index="gsi3",
                    base=base,
                    between=between,
                )
                for status in filters.status
            ]
        )
    return pagination.partition(Table.CORE, base, between=between)


def _agent_partition(partition: str, agent_id: str) -> str:
    return f"W#{partition}#AGT#{agent_id}#CALL"


def _status_partition(partition: str, status: str) -> str:
    return f"W#{partition}#CST#{status}"


def _summary(row: Item) -> CallSummary:
    return CallSummary.model_validate(row["view"])
