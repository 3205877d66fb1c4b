"""Asking the carrier after a call: whether there is one, and what became of it.

A call may be there although nobody said so, since an answer was lost, or a worker killed. It is
looked for by its numbers and its moment, and is ours only if it is the one that no other attempt
has; its own callbacks, which name the attempt, say so more surely and often sooner.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from linkwright import clock, pace
from linkwright.observability import count, logger
from linkwright.providers import telephony, twilio_words
from linkwright.providers.telephony import (
    Carrier,
    CarrierNotConfigured,
    Dial,
    NotFound,
    TwilioError,
)
from linkwright.transaction import Transaction
from linkwright.voice import agents
from linkwright.voice.agent_models import Agent
from linkwright.voice.calls import attempts, follow_ups, items, lifecycle, turn_log
from linkwright.voice.calls.items import CallItem, Superseded
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import EndedReason, Status, is_terminal
from linkwright.voice.dialling import carrier_reports, claims
from linkwright.voice.dialling.claims import Taken

# How far two clocks may be apart, and how long a carrier may take to list what it took.
_SKEW = timedelta(seconds=30)
_LISTED = timedelta(seconds=60)
_LOOK_AGAIN = timedelta(seconds=30)
# A call that must be over is given up: how long after that, while the carrier does not answer.
_PATIENCE = timedelta(minutes=30)
_A_MOMENT = timedelta(seconds=1)


def dial_of(item: CallItem, agent: Agent) -> Dial:
    view = item["view"]
    return Dial(
        items.partition_of(item),
        view["id"],
        attempts.number_of(view),
        view["to"],
        agent.phone_number,
        # Shorter than its agent allows where the plan had less left.
        item.get("longest_s", agent.max_duration_s),
        whole_greeting=agent.voicemail.action == "leave_message",
        recorded=attempts.records_unasked(agent),
    )


def bind(item: CallItem, carrier: Carrier, sid: str, *, is_guess: bool = False) -> CallItem | None:
    """The attempt is this call at the carrier. If the attempt is over, the call is hung up."""
    try:
        return claims.bind(item, carrier.account, sid, is_guess=is_guess)
    except Taken:
        count("calls_taken")
    except Superseded:
        hang_up(items.partition_of(item), item["request_id"], sid)
    return None


def hang_up(partition: str, request_id: str, sid: str) -> None:
    """Have a call ended at the carrier: by a worker, which tries until it is."""
    tx = Transaction(partition, request_id)
    follow_ups.request_hang_up(partition, sid, tx)
    tx.commit()


def follow(item: CallItem) -> None:
    """Find out what became of an attempt that was ordered."""
    partition, view = items.partition_of(item), item["view"]
    agent = agents.find(partition, view["agent_id"], view.get("agent_version"))
    if agent is None:
        give_up(item)
        return
    try:
        carrier = telephony.carrier(partition)
    except CarrierNotConfigured:
        # There was one, and there may be again.
        wait_for_carrier(item)
        return
    if item.get("sid"):
        ask(item, carrier)
    else:
        look_up(item, dial_of(item, agent), carrier)


def look_up(item: CallItem, order: Dial, carrier: Carrier) -> None:
    """Adopt the call that was ordered, if there is exactly one that may be it; else give up.

    While the carrier may not list it yet, it is looked for again.
    """
    ordered_at = clock.parse(item["ordered_at"])
    until = ordered_at + _LISTED
    try:
        found = carrier.find(order, ordered_at - _SKEW, until + _SKEW)
    except pace.Paused as paused:
        _look_at(item, paused.until)
        return
    except TwilioError:
        count("carrier_unreachable")
        _wait_or_give_up(item, _LOOK_AGAIN)
        return
    candidates = claims.unclaimed(carrier.account, found)
    if len(candidates) == 1:
        logger().warning("adopted a call of the carrier", extra={"call": order.call_id})
        bind(item, carrier, candidates[0], is_guess=True)
    elif not candidates and clock.now() < until:
        _look_at(item, clock.now() + _LOOK_AGAIN)
    else:
        give_up(item)


def is_heard_of(item: CallItem) -> bool:
    """Whether the talk goes on: then the call is looked at again once it has been silent."""
    is_talking = item["view"]["status"] == Status.IN_PROGRESS and not _is_lost(item)
    last_at = turn_log.last_at(item) if is_talking else None
    if last_at is None or clock.now() >= last_at + items.UNHEARD:
        return False
    _look_at(item, last_at + items.UNHEARD)
    return True


def ask(item: CallItem, carrier: Carrier) -> None:
    """Bring the call to what the carrier says of it. One that is too old by far is ended."""
    try:
        state = carrier.twilio.fetch(item["sid"])
    except NotFound:
        # It named the call, and may know it later.
        _wait_or_give_up(item, items.UNHEARD)
        return
    except pace.Paused as paused:
        # However long: that is no sign of what became of the call.
        _look_at(item, paused.until)
        return
    except TwilioError:
        wait_for_carrier(item)
        return
    who, seconds = state.answered_by, state.duration_s
    update = twilio_words.update(state.status, answered=who, duration_s=seconds)
    report = carrier_reports.reported(update) if update else None
    is_news = report is not None and lifecycle.says_something(item, report)
    if report is not None and (is_terminal(report.status) or (is_news and not _is_lost(item))):
        lifecycle.advance(item, report)
    else:
        _wait_or_give_up(item, items.UNHEARD)


def wait_for_carrier(item: CallItem) -> None:
    """It does not answer, or there is none: it is asked later, for as long as there is patience."""
    count("carrier_unreachable")
    _wait_or_give_up(item, items.UNHEARD, _PATIENCE)


def give_up(item: CallItem) -> None:
    """Nobody will tell the end any more."""
    reason = EndedReason.PROVIDER_TIMEOUT
    lifecycle.advance(item, Report(Status.FAILED, ended_reason=reason))


def _wait_or_give_up(item: CallItem, wait: timedelta, patience: timedelta = timedelta(0)) -> None:
    now, end = clock.now(), _lost_at(item) + patience
    if now > end:
        give_up(item)
    else:
        _look_at(item, min(now + wait, end + _A_MOMENT))


def _is_lost(item: CallItem) -> bool:
    return clock.now() > _lost_at(item)


def _lost_at(item: CallItem) -> datetime:
    """From when on the attempt is older than any may become."""
    longest = timedelta(seconds=item.get("longest_s", 0)) + lifecycle.END_GRACE
    return attempts.started_at(item["view"]) + longest


def _look_at(item: CallItem, moment: datetime) -> None:
    """Let the sweeper find the call at a moment, unless it goes on meanwhile."""
    tx = items.transaction(item)
    items.write(tx, item, item["view"], items.next_look(item["sk"], moment))
    with suppress(Superseded):
        tx.commit()
