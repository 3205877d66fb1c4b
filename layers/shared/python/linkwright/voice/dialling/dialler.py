"""Dialling a call: what the dial worker does with one, safe to be killed at any instruction.

It begins the call and leaves the rest to what the carrier tells (`callbacks.py`). A call of which
nothing is told is asked after; none is dialled twice. Those that wait in line are begun in turn, by
`next_in_line.py`.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from linkwright import clock, deadline, pace
from linkwright.jobs import Work
from linkwright.observability import count, tell
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
from linkwright.voice.calls import items, lifecycle, line, places
from linkwright.voice.calls.items import CallItem, Superseded
from linkwright.voice.calls.places import Busy, Full
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status, is_dialled, is_terminal
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
_JUST_AFTER = timedelta(seconds=1)
# When a carrier that did not take a call is asked again, where it does not say.
_TRY_AGAIN = timedelta(seconds=60)


def dial(work: Work) -> None:
    """See to a call: begin it if it is due, ask after one left behind."""
    item = items.at(work.key)
    if item is None:
        # Never there: the message is not ours, or was written about something else.
        raise LookupError("no such call")
    status = Status(item["view"]["status"])
    if is_terminal(status) or items.is_left_alone(item):
        return
    if is_dialled(status):
        _resume(item)
        return
    if status is Status.SCHEDULED:
        item = lifecycle.advance(item, Report(Status.QUEUED))
    if item["view"]["status"] == Status.QUEUED:
        _begin_or_wait(item)


def give_up(work: Work) -> None:
    """End a call that breaks whenever it is tried: what it holds is given back."""
    item = items.at(work.key)
    if item is not None:
        lifecycle.advance(item, _failed(EndedReason.INTERNAL_ERROR))


def _begin_or_wait(item: CallItem) -> None:
    """Dial the call; while there is no room for it, or others wait for room, it waits in line."""
    tenant, agent = workspace.tenant(items.partition_of(item)), agent_of(item)
    with suppress(Superseded):  # whoever changed it sees to it
        try:
            begin(item, agent, tenant)
        except Busy as busy:
            wait_in_line(item, busy.of)
        except (Full, clock.NotYet):
            wait_in_line(item, line.of(agent))


def wait_in_line(item: CallItem, of: str) -> None:
    """Let the call wait for a place on the phone, or for its turn; not for ever.

    It is no job while it waits: whoever leaves the phone wakes the line. Raises `Superseded`.
    """
    patience = _due_since(item) + _STALE + _JUST_AFTER
    lifecycle.wait_in_line(item, of, _within_window(item, patience))


def agent_of(item: CallItem) -> Agent | None:
    view = item["view"]
    return agents.find(items.partition_of(item), view["agent_id"], view.get("agent_version"))


def begin(item: CallItem, agent: Agent | None, tenant: Tenant) -> None:
    """Dial a call that waits, unless it must not be dialled, or not now.

    Raises `Full`, also `claims.NoMinutes`, `Busy` and `clock.NotYet`, and `Superseded` if it is
    somebody else's by now.
    """
    partition, view = items.partition_of(item), item["view"]
    if agent is None:
        lifecycle.advance(item, _failed(EndedReason.AGENT_NOT_FOUND))
        return
    now = clock.now()
    has_consent = view.get("consent") is not None
    reason = rules.refusal(tenant.settings, view["to"], has_consent=has_consent)
    if reason is not None or _is_late(item, now):
        lifecycle.advance(item, _canceled(EndedReason(reason or EndedReason.WINDOW_MISSED)))
        return
    opening = rules.opening(view["to"], [tenant.settings.quiet_hours, agent.quiet_hours], now)
    if opening != now:
        _wait_for(opening, item)
        return
    try:
        carrier = telephony.carrier(partition)
        carrier.caller_id(agent.phone_number)
        item = claims.claim(item, _lease_end(), agent, tenant, carrier)
    except CarrierNotConfigured:
        lifecycle.advance(item, _failed(EndedReason.CARRIER_NOT_CONFIGURED))
    except claims.NoMinutes:
        # Who has left the phone since then has given back minutes.
        if places.read(partition).get("active") or claims.minutes_left(item, tenant):
            raise
        lifecycle.advance(item, _failed(EndedReason.PLAN_LIMIT))
    except claims.Refused as refused:
        failed = refused.reason in claims.FAILURES
        lifecycle.advance(item, (_failed if failed else _canceled)(refused.reason))
    else:
        _place(item, agent, carrier)


def _place(item: CallItem, agent: Agent, carrier: Carrier) -> None:
    """Have the claimed call dialled, once: what is unknown then is asked, never repeated."""
    order = inquiry.dial_of(item, agent)
    tell("dialling", {"call": order.call_id, "attempt": order.attempt})
    item = claims.order(item)
    try:
        sid = carrier.place(order)
    except pace.Paused as paused:
        _return_to_line(item, paused.until)
    except NotPlaced as refused:
        _not_placed(item, refused)
    except TwilioError:
        count("carrier_unreachable")
        inquiry.look_up(item, order, carrier)
    else:
        count("calls_dialled")
        inquiry.bind(item, carrier, sid)


def _not_placed(item: CallItem, refused: NotPlaced) -> None:
    """The carrier knows of no call: it waits for another try, or ends if that is of no use."""
    if not refused.may_pass:
        lifecycle.advance(item, carrier_reports.refused(refused.refusal))
        return
    seconds = refused.retry_after_s if isinstance(refused, RateLimited) else None
    count("carrier_busy" if isinstance(refused, RateLimited) else "carrier_unreachable")
    wait = timedelta(seconds=seconds) if seconds else _TRY_AGAIN
    _return_to_line(item, clock.now() + wait)


def _resume(item: CallItem) -> None:
    """Go on with an attempt whose worker is gone, or of which nothing was heard."""
    if inquiry.is_heard_of(item):
        return
    try:
        item = claims.take_over(item, _lease_end())
    except Superseded:
        return
    if not item.get("ordered_at"):
        # Time has passed: whether it may be dialled at all is asked again, in its turn.
        if returned := _return_to_line(item, clock.now()):
            _begin_or_wait(returned)
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
    # The window may end with the calendar.
    return latest + _JUST_AFTER if latest and latest < until else until


def _due_since(item: CallItem) -> datetime:
    """A call that was due at once has no moment of its own."""
    return clock.parse(item.get("due_at") or item["view"]["created_at"])


def _is_late(item: CallItem, now: datetime) -> bool:
    latest = _latest(item)
    return now > _due_since(item) + _STALE or (latest is not None and now > latest)


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
