"""Dialling calls: what the dial worker does, safe to be killed at any instruction.

Claim first, so that the intent is written before the carrier hears of it. Whoever takes a claimed
call over asks the carrier whether it was dialled before anything else.
"""

from datetime import datetime, timedelta

from linkwright import clock, deadline, outbox
from linkwright.observability import logger
from linkwright.outbox import Work
from linkwright.providers import telephony
from linkwright.providers.telephony import Carrier, CarrierNotConfigured, Dial
from linkwright.table import Item
from linkwright.voice import agents, attempts, lifecycle, line, rules
from linkwright.voice.agent_models import Agent
from linkwright.voice.lifecycle import Refused, Superseded
from linkwright.voice.reports import Report
from linkwright.voice.states import EndedReason, Status, is_dialled
from linkwright.workspace import operations as workspace
from linkwright.workspace.operations import Tenant

_LEASE_GRACE_S = 5.0
# How long after the longest talk that its agent allows a call may still be without an end.
_END_GRACE = timedelta(minutes=5)
# A call that was not dialled within this time of being due is not dialled any more, as after dead
# letters were sent again. Far longer than any line: who waits in it is never dropped.
_STALE = timedelta(days=7)
# The lease where nothing limits the run, as in a shell.
_LONGEST_RUN_S = 60.0


def dial(work: Work) -> None:
    """See to a call: queue it if it is due, begin the first that waits, go on with one left behind.

    Work of the kind LINE names no call: a place on the phone is free.
    """
    partition = work.pk.split("#")[1]
    if work.kind == outbox.LINE:
        _begin_next(partition)
        return
    item = lifecycle.find(partition, work.sk)
    if item is None or work.pk != item["pk"]:
        # Never there: the message is not ours, or was written about something else.
        raise LookupError("no such call")
    status = Status(item["view"]["status"])
    if is_dialled(status) and not _is_leased(item):
        _resume(item)
        return
    if status is Status.SCHEDULED and clock.now() >= _due_at(item):
        lifecycle.advance(item, Report(Status.QUEUED))
    # Also if this call is under way: its message may have begun another, whose own is spent.
    _begin_next(partition)


def _begin_next(partition: str) -> None:
    """Begin the call that waits for longest and may begin, and see it through."""
    tenant = workspace.tenant(partition)
    # Somebody else was quicker: the line is not as it was.
    while not _is_settled(partition, tenant):
        continue


def _is_settled(partition: str, tenant: Tenant) -> bool:
    """Go down the line until a call has begun or none may; no if another worker came between."""
    busy: set[str] = set()
    for call_id, agent_id in line.waiting(partition):
        item = None if agent_id in busy else lifecycle.find(partition, call_id)
        if item is None or item["view"]["status"] != Status.QUEUED:
            continue
        try:
            if _begin(item, tenant):
                return True
        except line.Full:
            _repair(partition, line.ALL)
            return True
        except line.AgentBusy:
            _repair(partition, agent_id)
            busy.add(agent_id)
        except Superseded:
            return False
    return True


def _begin(item: Item, tenant: Tenant) -> bool:
    """Dial the call and see it through, unless it must not be dialled, or not now."""
    partition, view = lifecycle.partition_of(item), item["view"]
    agent = agents.find(partition, view["agent_id"], view.get("agent_version"))
    if agent is None:
        lifecycle.advance(item, _failed(EndedReason.AGENT_NOT_FOUND))
        return False
    now = clock.now()
    has_consent = view.get("consent") is not None
    reason = rules.refusal(tenant.settings, view["to"], has_consent=has_consent)
    if reason is not None or _is_late(item, now):
        lifecycle.advance(item, _canceled(reason or EndedReason.WINDOW_MISSED))
        return False
    opening = rules.opening(view["to"], [tenant.settings.quiet_hours, agent.quiet_hours], now)
    if opening != now:
        _wait_for(opening, item)
        return False
    try:
        item = lifecycle.claim(item, _lease_end(), agent, tenant)
    except Refused as refused:
        failed = refused.reason is EndedReason.PLAN_LIMIT
        lifecycle.advance(item, (_failed if failed else _canceled)(refused.reason))
        return False
    logger().info("dialling", extra={"call": view["id"], "taken_over": False})
    _conduct(item, agent)
    return True


def _resume(item: Item) -> None:
    """Go on with an attempt whose worker is gone."""
    partition, view = lifecycle.partition_of(item), item["view"]
    agent = agents.find(partition, view["agent_id"], view.get("agent_version"))
    if agent is None or _is_lost(item, agent):
        lifecycle.advance(item, _failed(EndedReason.PROVIDER_TIMEOUT))
        return
    try:
        item = lifecycle.take_over(item, _lease_end())
    except Superseded:
        return
    logger().info("dialling", extra={"call": view["id"], "taken_over": True})
    _conduct(item, agent, taken_over=True)


def _conduct(item: Item, agent: Agent, *, taken_over: bool = False) -> None:
    partition, view = lifecycle.partition_of(item), item["view"]
    try:
        carrier = telephony.carrier(partition)
    except CarrierNotConfigured:
        lifecycle.advance(item, _failed(EndedReason.CARRIER_NOT_CONFIGURED))
        return
    order = Dial(partition, view["id"], attempts.number_of(view), view["to"], agent)
    if not taken_over:
        carrier.place(order)
    elif not carrier.knows(order):
        # Time has passed: whether it may be dialled at all is asked again, in its turn.
        _return_to_line(item)
        return
    _follow(item, carrier, order)


def _follow(item: Item, carrier: Carrier, order: Dial) -> None:
    for report in carrier.reports(order):
        item = lifecycle.advance(item, report)
        if not is_dialled(Status(item["view"]["status"])):
            return  # canceled meanwhile: leaving the carrier's reports hangs up


def _return_to_line(item: Item) -> None:
    try:
        lifecycle.undo(item)
    except Superseded:
        return
    _begin_next(lifecycle.partition_of(item))


def _wait_for(opening: datetime | None, item: Item) -> None:
    """The callee has quiet hours: the call waits for their end, or ends where it cannot."""
    latest = _latest(item)
    if opening is None or item.get("on_quiet_hours") == "reject":
        lifecycle.advance(item, _canceled(EndedReason.WINDOW_MISSED))
    else:
        # Not beyond its window: then it ends when that does.
        until = min(opening, latest + timedelta(seconds=1)) if latest else opening
        lifecycle.postpone(item, until)


def _repair(partition: str, of: str) -> None:
    """Free the place of a call that is not on the phone: the truth is what the call says."""
    call_id = line.longest_on_the_phone(partition, of)
    if call_id is None:
        return
    item = lifecycle.find(partition, call_id)
    if item is None or not is_dialled(Status(item["view"]["status"])):
        line.remove(partition, of, call_id)
        logger().warning("freed a place that nobody held", extra={"call": call_id})


def _is_lost(item: Item, agent: Agent) -> bool:
    """Whether the attempt is older than any may become: nobody will tell its end any more."""
    longest = timedelta(seconds=agent.max_duration_s) + _END_GRACE
    return clock.now() > attempts.started_at(item["view"]) + longest


def _is_late(item: Item, now: datetime) -> bool:
    latest = _latest(item)
    return now > _due_at(item) + _STALE or (latest is not None and now > latest)


def _latest(item: Item) -> datetime | None:
    latest = (item["view"].get("schedule") or {}).get("latest_at")
    return clock.parse(latest) if latest else None


def _due_at(item: Item) -> datetime:
    return clock.parse(item.get("due_at") or item["view"]["created_at"])


def _failed(reason: EndedReason) -> Report:
    return Report(Status.FAILED, ended_reason=reason)


def _canceled(reason: EndedReason) -> Report:
    return Report(Status.CANCELED, ended_reason=reason)


def _is_leased(item: Item) -> bool:
    return str(item.get("lease_until", "")) > clock.timestamp()


def _lease_end() -> str:
    # From the wall clock and the function's own end: nobody takes over while it may still run.
    left = min(deadline.seconds_left(), _LONGEST_RUN_S)
    return clock.timestamp(clock.now() + timedelta(seconds=left + _LEASE_GRACE_S))
