"""The attempts of a call, as its public form shows them: begun, over, and whether another follows.

Nothing here reads or writes: each function answers what the call's public form becomes.
"""

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from linkwright import clock
from linkwright.table import Item
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import Status, is_dialled

if TYPE_CHECKING:
    # Reading a call needs no models of agents.
    from linkwright.voice.agent_models import Agent


def begun(view: Item, agent: "Agent") -> Item:
    """The call once a worker is about to dial it."""
    number = number_of(view) + 1
    attempt = {"attempt": number, "started_at": clock.timestamp(), "status": Status.DIALING.value}
    return unscheduled(view) | {
        "status": Status.DIALING.value,
        "agent_version": agent.version,
        "attempt": number,
        "attempts": [*_all(view), attempt],
        **({"recording_consent": {"type": "not_asked"}} if records_unasked(agent) else {}),
    }


def records_unasked(agent: "Agent") -> bool:
    """Whether a call is recorded from the moment at which it is answered."""
    return agent.recording and not agent.recording_consent


def undone(view: Item) -> Item:
    """The call as if it had never been dialled this time: it waits again."""
    return view | {
        "status": Status.QUEUED.value,
        "attempt": number_of(view) - 1,
        "attempts": _all(view)[:-1],
    }


def scheduled(view: Item, until: datetime) -> Item:
    return view | {"status": Status.SCHEDULED.value, "next_attempt_at": clock.timestamp(until)}


def unscheduled(view: Item) -> Item:
    return {name: value for name, value in view.items() if name != "next_attempt_at"}


def ended(view: Item, report: Report) -> Item:
    """The call with its attempt over, if it was being dialled."""
    attempts = _all(view)
    if not is_dialled(Status(view["status"])):
        return view
    changes = report.changes()
    end = {name: changes.get(name) for name in ("status", "ended_at", "ended_reason")}
    return view | {"attempts": [*attempts[:-1], attempts[-1] | end]}


def next_at(view: Item, report: Report) -> datetime | None:
    """When the call is dialled again after an attempt that ends so; None if that was the last."""
    retry, number = view.get("retry"), number_of(view)
    if not retry or report.status not in retry["on"] or number > retry["max"]:
        return None
    moment = clock.now() + timedelta(seconds=retry["backoff"] * 2 ** (number - 1))
    latest = (view.get("schedule") or {}).get("latest_at")
    return None if latest and moment > clock.parse(latest) else moment


def number_of(view: Item) -> int:
    """How many times the call was dialled, the present time included."""
    return int(view.get("attempt", 0))


def started_at(view: Item) -> datetime:
    """When the attempt that the call is at began."""
    attempts = _all(view)
    return clock.parse(attempts[-1]["started_at"] if attempts else view["created_at"])


def answered_at(view: Item, talked_s: int) -> datetime:
    """When the callee must have answered, if a talk of so many seconds has ended now."""
    return max(clock.now() - timedelta(seconds=talked_s), started_at(view))


def seconds_talked(view: Item) -> int:
    """How long ago the call was answered: at least a second, and none if it was not."""
    answered_at = view.get("answered_at")
    if answered_at is None:
        return 0
    return max(math.ceil((clock.now() - clock.parse(answered_at)).total_seconds()), 1)


def _all(view: Item) -> list[Item]:
    return list(view.get("attempts", []))
