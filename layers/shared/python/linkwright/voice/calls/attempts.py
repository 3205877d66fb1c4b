"""The attempts of a call, as its public form shows them: begun, reported of, and over.

Nothing here reads or writes: each function answers what the call's public form becomes.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from linkwright import clock
from linkwright.table import Item
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import Status, is_dialled

if TYPE_CHECKING:
    # Of the functions that place a call none needs an agent's model.
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


def reported(view: Item, report: Report) -> Item:
    """The call as a report of its attempt has it."""
    changes = report.changes()
    # Who answered may have been told before the answer.
    if report.answered_by == "unknown" and "answered_by" in view:
        del changes["answered_by"]
    return unscheduled(view) | changes


def ended(view: Item, report: Report) -> Item:
    """The call with its attempt over, if it was being dialled."""
    attempts = _all(view)
    if not is_dialled(Status(view["status"])):
        return view
    changes = report.changes()
    end = {name: changes.get(name) for name in ("status", "ended_at", "ended_reason")}
    return view | {"attempts": [*attempts[:-1], attempts[-1] | end]}


def is_at(view: Item, number: int) -> bool:
    """Whether the call is at this attempt, and the attempt on its way."""
    return number_of(view) == number and is_dialled(Status(view["status"]))


def number_of(view: Item) -> int:
    """How many times the call was dialled, the present time included."""
    return int(view.get("attempt", 0))


def started_at(view: Item) -> datetime:
    """When the attempt that the call is at began."""
    attempts = _all(view)
    return clock.parse(attempts[-1]["started_at"] if attempts else view["created_at"])


def _all(view: Item) -> list[Item]:
    return list(view.get("attempts", []))
