"""Dialling a call: what the dial worker does, safe to be killed at any instruction.

Claim first, so that the intent is written before the carrier hears of it. Whoever takes a claimed
call over asks the carrier whether it was dialled before dialling it.
"""

from datetime import datetime, timedelta

from linkwright import clock, deadline
from linkwright.observability import logger
from linkwright.outbox import Work
from linkwright.providers import telephony
from linkwright.providers.telephony import CarrierNotConfigured, Dial
from linkwright.table import Item
from linkwright.voice import agents, calls
from linkwright.voice.agent_models import Agent
from linkwright.voice.reports import Report
from linkwright.voice.states import EndedReason, Status, is_terminal

_LEASE_GRACE_S = 5.0
# How long after the longest talk that its agent allows a call may still be without an end.
_END_GRACE = timedelta(minutes=5)
# The lease where nothing limits the run, as in a shell.
_LONGEST_RUN_S = 60.0


def dial(work: Work) -> None:
    """Bring a queued call to its end. Does nothing if another worker has it, or it has ended."""
    partition = work.pk.split("#")[1]
    item = calls.find(partition, work.sk)
    if item is None or work.pk != item["pk"]:
        # Never there: the message is not ours, or was written about something else.
        raise LookupError("no such call")
    status = Status(item["view"]["status"])
    if is_terminal(status) or _is_leased(item) or _is_early(item):
        return
    if not _is_dialled(status) and _is_late(item):
        calls.advance(item, Report(Status.CANCELED, ended_reason=EndedReason.WINDOW_MISSED))
        return
    agent = agents.find(partition, item["view"]["agent_id"], item["view"].get("agent_version"))
    if _is_lost(item, agent):
        calls.advance(item, _failed(EndedReason.PROVIDER_TIMEOUT))
        return
    if status is Status.SCHEDULED:
        # Then from the beginning: somebody may have canceled it, or have it, by now.
        calls.advance(item, Report(Status.QUEUED))
        dial(work)
        return
    try:
        item = calls.claim(item, _lease_end(), agent.version if agent else None)
    except calls.Superseded:
        return
    taken_over = _is_dialled(status)
    logger().info("dialling", extra={"call": work.sk, "taken_over": taken_over})
    if agent is None:
        calls.advance(item, _failed(EndedReason.AGENT_NOT_FOUND))
    else:
        _conduct(item, agent, taken_over=taken_over)


def _conduct(item: Item, agent: Agent, *, taken_over: bool) -> None:
    partition, view = calls.partition_of(item), item["view"]
    try:
        carrier = telephony.carrier(partition)
    except CarrierNotConfigured:
        calls.advance(item, _failed(EndedReason.CARRIER_NOT_CONFIGURED))
        return
    order = Dial(partition, view["id"], 1, view["to"], agent)
    if not (taken_over and carrier.knows(order)):
        carrier.place(order)
    for report in carrier.reports(order):
        item = calls.advance(item, report)
        if is_terminal(Status(item["view"]["status"])):
            return  # canceled meanwhile: leaving the carrier's reports hangs up


def _is_lost(item: Item, agent: Agent | None) -> bool:
    """Whether the call is older than any call may become: nobody will tell its end any more."""
    longest = timedelta(seconds=agent.max_duration_s if agent else 0) + _END_GRACE
    created = clock.parse(item["view"]["created_at"])
    return clock.now() > max(created, _window(item, "earliest_at") or created) + longest


def _is_early(item: Item) -> bool:
    earliest = _window(item, "earliest_at")
    return earliest is not None and clock.now() < earliest


def _is_late(item: Item) -> bool:
    latest = _window(item, "latest_at")
    return latest is not None and clock.now() > latest


def _window(item: Item, end: str) -> datetime | None:
    schedule = item["view"].get("schedule")
    return clock.parse(schedule[end]) if schedule and schedule[end] else None


def _is_dialled(status: Status) -> bool:
    return status not in {Status.SCHEDULED, Status.QUEUED}


def _failed(reason: EndedReason) -> Report:
    return Report(Status.FAILED, ended_reason=reason)


def _is_leased(item: Item) -> bool:
    return str(item.get("lease_until", "")) > clock.timestamp()


def _lease_end() -> str:
    # From the wall clock and the function's own end: nobody takes over while it may still run.
    left = min(deadline.seconds_left(), _LONGEST_RUN_S)
    return clock.timestamp(clock.now() + timedelta(seconds=left + _LEASE_GRACE_S))
