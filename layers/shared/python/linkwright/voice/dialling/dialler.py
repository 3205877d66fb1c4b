"""Dialling calls: what the dial worker does, safe to be killed at any instruction.

It begins the call that waits for longest and leaves the rest to what the carrier tells
(`callbacks.py`). A call of which nothing is told is asked after; none is dialled twice.
"""

import random
from datetime import datetime, timedelta

from linkwright import clock, deadline, jobs
from linkwright.jobs import Work
from linkwright.observability import count, logger, tell
from linkwright.providers import telephony
from linkwright.providers.telephony import (
    Carrier,
    CarrierNotConfigured,
    NotPlaced,
    RateLimited,
    TwilioError,
)
from linkwright.voice import agents
from linkwright.voice.agent_models import Agent
from linkwright.voice.calls import concurrency, items, lifecycle
from linkwright.voice.calls.items import CallItem, Superseded
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status, is_dialled
from linkwright.voice.compliance import rules
from linkwright.voice.dialling import carrier_reports, claims, inquiry
from linkwright.workspace import operations as workspace
from linkwright.workspace.operations import Tenant

_LEASE_GRACE_S = 5.0
# A call that was not dialled within this time of being due is not dialled any more, as after dead
# letters were sent again. Far longer than any line: who waits in it is never dropped.
_STALE = timedelta(days=7)
# The lease where nothing limits the run, as in a shell.
_LONGEST_RUN_S = 60.0
# What ordering a call and writing it down may take: with less left, none is begun.
_DIAL_BUDGET_S = 25.0
# When a carrier that did not take a call is asked again, where it does not say.
_TRY_AGAIN = timedelta(seconds=60)


def dial(work: Work) -> None:
    """See to a call: queue it if it is due, begin the first that waits, ask after one left behind.

    Work of the kind WAKE names no call: a place on the phone is free.
    """
    partition = work.pk.split("#")[1]
    if work.kind == jobs.WAKE:
        _begin_next(partition)
        return
    item = items.find(partition, work.sk)
    if item is None or work.pk != item["pk"]:
        # Never there: the message is not ours, or was written about something else.
        raise LookupError("no such call")
    status = Status(item["view"]["status"])
    is_time = not items.is_left_alone(item)
    if is_dialled(status) and is_time:
        _resume(item)
        return
    if status is Status.SCHEDULED and is_time:
        item = lifecycle.advance(item, Report(Status.QUEUED))
    is_queued = item["view"]["status"] == Status.QUEUED
    # Also if this call is under way: its message may have begun another, whose own is spent.
    _begin_next(partition, item if is_queued else None)


def _begin_next(partition: str, queued: CallItem | None = None) -> None:
    """Begin the call that waits for longest and may begin; `queued` waits, as was just read."""
    while deadline.seconds_left() > _DIAL_BUDGET_S:
        try:
            if _is_settled(partition, workspace.tenant(partition), queued):
                return
        except claims.Paced:
            # Not all of those who wait at the same moment.
            clock.sleep(1 - clock.now().microsecond / 1e6 + random.uniform(0, 0.5))  # noqa: S311 -- not a secret
        queued = queued and items.find(partition, queued["sk"])
    # It stays queued, and the sweeper finds it.
    count("dials_left_waiting")


def _is_settled(partition: str, tenant: Tenant, queued: CallItem | None) -> bool:
    """Go down the line until a call has begun or none may; no if another worker came between."""
    busy: set[str] = set()
    for call_id, agent_id in concurrency.waiting(partition, queued):
        if agent_id in busy:
            continue
        is_read = queued is not None and call_id == queued["sk"]
        item = queued if is_read else items.find(partition, call_id)
        if item is None or item["view"]["status"] != Status.QUEUED or items.is_left_alone(item):
            continue
        if item["view"]["to"] in busy:
            continue
        try:
            if _begin(item, tenant):
                return True
        except concurrency.Full:
            _repair(partition, concurrency.ALL)
            return True
        except concurrency.Busy as taken:
            _repair(partition, taken.of)
            busy.add(taken.of)
        except Superseded:
            return False
    return True


def _begin(item: CallItem, tenant: Tenant) -> bool:
    """Dial the call, unless it must not be dialled, or not now."""
    partition, view = items.partition_of(item), item["view"]
    agent = agents.find(partition, view["agent_id"], view.get("agent_version"))
    if agent is None:
        lifecycle.advance(item, _failed(EndedReason.AGENT_NOT_FOUND))
        return False
    now = clock.now()
    has_consent = view.get("consent") is not None
    reason = rules.refusal(tenant.settings, view["to"], has_consent=has_consent)
    if reason is not None or _is_late(item, now):
        lifecycle.advance(item, _canceled(EndedReason(reason or EndedReason.WINDOW_MISSED)))
        return False
    opening = rules.opening(view["to"], [tenant.settings.quiet_hours, agent.quiet_hours], now)
    if opening != now:
        _wait_for(opening, item)
        return False
    try:
        carrier = telephony.carrier(partition)
        carrier.caller_id(agent.phone_number)
        item = claims.claim(item, _lease_end(), agent, tenant, carrier)
    except CarrierNotConfigured:
        lifecycle.advance(item, _failed(EndedReason.CARRIER_NOT_CONFIGURED))
        return False
    except claims.NoMinutes:
        if concurrency.longest_on_the_phone(partition, concurrency.ALL) is not None:
            raise concurrency.Full from None
        lifecycle.advance(item, _failed(EndedReason.PLAN_LIMIT))
        return False
    except claims.Refused as refused:
        failed = refused.reason in claims.FAILURES
        lifecycle.advance(item, (_failed if failed else _canceled)(refused.reason))
        return False
    _place(item, agent, carrier)
    return True


def _place(item: CallItem, agent: Agent, carrier: Carrier) -> None:
    """Have the claimed call dialled, once: what is unknown then is asked, never repeated."""
    order = inquiry.dial_of(item, agent)
    tell("dialling", {"call": order.call_id, "attempt": order.attempt})
    item = claims.order(item)
    try:
        sid = carrier.place(order)
    except NotPlaced as refused:
        _not_placed(item, refused)
    except TwilioError:
        count("dials_unknown")
        inquiry.look_up(item, order, carrier)
    else:
        inquiry.bind(item, carrier, sid)


def _not_placed(item: CallItem, refused: NotPlaced) -> None:
    """The carrier knows of no call: it waits for another try, or ends if that is of no use."""
    if not refused.may_pass:
        lifecycle.advance(item, carrier_reports.refused(refused.refusal))
        return
    seconds = refused.retry_after_s if isinstance(refused, RateLimited) else None
    wait = timedelta(seconds=seconds) if seconds else _TRY_AGAIN
    _return_to_line(item, clock.now() + wait)


def _resume(item: CallItem) -> None:
    """Go on with an attempt whose worker is gone, or of which nothing was heard."""
    partition = items.partition_of(item)
    if inquiry.is_heard_of(item):
        return
    try:
        item = claims.take_over(item, _lease_end())
    except Superseded:
        return
    if not item.get("ordered_at"):
        # Time has passed: whether it may be dialled at all is asked again, in its turn.
        _begin_next(partition, _return_to_line(item, clock.now()))
        return
    inquiry.follow(item)


def _return_to_line(item: CallItem, until: datetime) -> CallItem | None:
    """The call as it waits then; None if it is somebody else's by now."""
    try:
        return claims.undo(item, _within_window(item, until))
    except Superseded:
        return None


def _wait_for(opening: datetime | None, item: CallItem) -> None:
    """The callee has quiet hours: the call waits for their end, or ends where it cannot."""
    if opening is None or item.get("on_quiet_hours") == "reject":
        lifecycle.advance(item, _canceled(EndedReason.WINDOW_MISSED))
    else:
        lifecycle.postpone(item, _within_window(item, opening))


def _within_window(item: CallItem, until: datetime) -> datetime:
    """Not later than just after the call's window: then it ends when that does."""
    latest = _latest(item)
    return min(until, latest + timedelta(seconds=1)) if latest else until


def _repair(partition: str, of: str) -> None:
    """Free the place of a call that is not on the phone: the truth is what the call says."""
    call_id = concurrency.longest_on_the_phone(partition, of)
    if call_id is None:
        return
    item = items.find(partition, call_id)
    if item is None or not is_dialled(Status(item["view"]["status"])):
        concurrency.remove(partition, of, call_id)
        logger().warning("freed a place that nobody held", extra={"call": call_id})


def _is_late(item: CallItem, now: datetime) -> bool:
    latest = _latest(item)
    return now > items.due_since(item) + _STALE or (latest is not None and now > latest)


def _latest(item: CallItem) -> datetime | None:
    latest = (item["view"].get("schedule") or {}).get("latest_at")
    return clock.parse(latest) if latest else None


def _failed(reason: EndedReason) -> Report:
    return Report(Status.FAILED, ended_reason=reason)


def _canceled(reason: EndedReason) -> Report:
    return Report(Status.CANCELED, ended_reason=reason)


def _lease_end() -> datetime:
    # From the wall clock and the function's own end: nobody takes over while it may still run.
    left = min(deadline.seconds_left(), _LONGEST_RUN_S)
    return clock.now() + timedelta(seconds=left + _LEASE_GRACE_S)
