"""How a call moves on: by what is reported of the attempt that it is at, forward only.

Each change is one transaction, with its event, on condition that nobody changed the call meanwhile.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from linkwright import clock
from linkwright.observability import count
from linkwright.table import Item, Table
from linkwright.transaction import Otherwise, Transaction
from linkwright.voice.calls import attempts, endings, items, line
from linkwright.voice.calls.items import CallItem, Facts, Superseded
from linkwright.voice.calls.line import Waiting
from linkwright.voice.calls.reports import Report
from linkwright.voice.calls.states import Status, is_dialled, is_terminal, may_follow

# How long after the longest talk that its agent allows a call may still be without an end.
END_GRACE = timedelta(minutes=5)

_EVENTS = {
    Status.QUEUED: "call.queued",
    Status.RINGING: "call.ringing",
    Status.IN_PROGRESS: "call.answered",
}


def postpone(item: CallItem, until: datetime) -> None:
    """Let a call that waits be due later. Raises `Superseded`."""
    tx = items.transaction(item)
    items.write(tx, item, attempts.scheduled(item["view"], until), items.due(item["sk"], until))
    tx.commit()


def wait_in_line(item: CallItem, of: str, until: datetime) -> None:
    """Let a call wait for a place on the phone, so long at most. Raises `Superseded`."""
    tx = items.transaction(item)
    items.write(tx, item, item["view"], {"waits_in": of, **items.next_try(item["sk"], until)})
    tx.commit()


def leave_line(partition: str, waiting: Waiting) -> None:
    """Let a call that waits be a job by itself again, whatever else is wrong with it.

    Raises `Superseded`.
    """
    tx = Transaction(partition, "")
    now = items.next_try(waiting.call_id, clock.now())
    tx.update(
        Table.CORE,
        items.key(partition, waiting.call_id),
        "SET #gsi2pk = :gsi2pk, #gsi2sk = :gsi2sk, #next_at = :next_at, #v = #v + :one"
        " REMOVE #waits_in",
        condition="#waits_in = :of",
        values={**now, "one": 1, "of": waiting.of},
        otherwise=Superseded,
    )
    line.follow(tx, waiting.call_id, {"waits_in": waiting.of}, {}, None, is_undone=False)
    tx.commit()


def advance(item: CallItem, report: Report) -> CallItem:
    """Apply what is reported of the attempt that the call is at.

    What comes late, or is of another attempt, changes nothing.
    """
    begun_as, is_news = _stage(item), False

    def reported(now: CallItem, tx: Transaction) -> CallItem | None:
        nonlocal is_news
        is_news = _stage(now) == begun_as and says_something(now, report)
        return change(tx, now, report) if is_news else None

    after = items.changing(item, reported)
    if is_news and is_terminal(report.status) and is_dialled(Status(item["view"]["status"])):
        # Counted at its end: over some time it is how many were in progress on average.
        on_the_way = clock.now() - attempts.started_at(item["view"])
        count("call_seconds", on_the_way.total_seconds(), "Seconds")
    return after


def note(
    item: CallItem, facts: Item, *, only_if: Callable[[Item], bool] = lambda _: True
) -> CallItem:
    """Add to what a call on the phone shows of itself; one that is over stays as it is.

    `only_if`: judged by what it shows when it is written.
    """
    number = attempts.number_of(item["view"])

    def noted(now: CallItem, tx: Transaction) -> CallItem | None:
        view = now["view"]
        is_on = attempts.is_at(view, number) and only_if(view)
        return items.write(tx, now, view | facts) if is_on else None

    return items.changing(item, noted)


def change(
    tx: Transaction, item: CallItem, report: Report, otherwise: Otherwise = Superseded
) -> CallItem:
    """Put what a report changes into a transaction. Returns the call as it is after it."""
    if is_terminal(report.status):
        return endings.end(tx, item, report, otherwise)
    view = attempts.reported(item["view"], report)
    after = items.write(tx, item, view, _expected(item, report), otherwise)
    tx.emit(_EVENTS[report.status], view, sequence=after["v"])
    return after


def tell(
    tx: Transaction, item: CallItem, event: str, view: Item, facts: Facts | None = None
) -> CallItem:
    """Write what is told of an ended call, which knows by what events: they may have its analysis,
    as the jobs after a call are done in any order.
    """
    event_id = tx.emit(event, view, sequence=item["v"] + 1)
    told: Facts = {"told_in": [*item.get("told_in", []), event_id]}
    return items.write(tx, item, view, {**told, **(facts or {})})


def says_something(item: CallItem, report: Report) -> bool:
    """Whether a report is news of the call."""
    return may_follow(report.status, Status(item["view"]["status"]))


def _stage(item: CallItem) -> tuple[int, bool]:
    """Which attempt, and whether it is on its way: a call that waits again still has its number."""
    view = item["view"]
    return attempts.number_of(view), is_dialled(Status(view["status"]))


def _expected(item: CallItem, report: Report) -> Facts:
    """Something was heard of the call: if nothing more is, it is asked after."""
    if not is_dialled(report.status):
        return {}
    return items.next_look(item["sk"], clock.now() + items.UNHEARD)
