"""The line of a mailbox: what it is to send next, and when.

A mailbox's line is the one job of all that it sends, a job by level, as an endpoint is of its
deliveries (`webhooks/queue.py`): a run sends what is due, and rests until the next may go. So there
are no more messages than mailboxes, and a slow host holds up its own mails alone.

Who adds rings the `bell`: a run that found nothing rests only if it has not rung since it looked.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from linkwright import clock, jobs
from linkwright.errors import Unavailable
from linkwright.mailer import lines
from linkwright.table import ConditionFailed, Item, Key, Table, get, query, update
from linkwright.transaction import Otherwise, Transaction

# Longer than a run takes; then another one may.
LEASE_MS = 90_000
_FREE = "attribute_not_exists(#leased_until) OR #leased_until < :now"
_MINE = "#leased_until = :lease"
_FAILURES = ", ".join(f"#{name}" for name in jobs.FAILURES)


class Lost(Exception):
    """Another run has the line."""


def begin(where: Key) -> Item | None:
    """Begin a run: the line as it is, held for a while.

    None if there is nothing to do, as for most of many messages, or another run.
    """
    now = clock.epoch_ms()
    try:
        return update(
            Table.CORE,
            where,
            "SET #leased_until = :lease",
            condition=f"attribute_exists(#gsi2pk) AND ({_FREE})",
            values={"lease": now + LEASE_MS, "now": now},
        )
    except ConditionFailed:
        return None


def look(run: Item) -> Item | None:
    """The line as it is now, in a run; None if another run has it."""
    now = get(Table.CORE, Key(run["pk"], run["sk"]))
    if now is None or now.get("leased_until") != run["leased_until"]:
        return None
    return now


def first(partition: str, mailbox_id: str, count: int) -> list[Item]:
    """Those that are due first, whether or not they are due yet."""
    where = lines.row_key(partition, mailbox_id, "")
    rows, _ = query(Table.CORE, where.pk, limit=count, newest_first=False, strong=True)
    return rows


def write(
    tx: Transaction,
    run: Item,
    facts: Mapping[str, Any],
    removed: tuple[str, ...] = (),
    *,
    lacks: str = "",
    otherwise: Otherwise = Lost,
) -> None:
    """Change the line that a run has: only as long as it has it, and where it lacks something."""
    parts = [_set(dict(facts))] if facts else []
    if removed:
        parts.append("REMOVE " + ", ".join(f"#{name}" for name in removed))
    condition = f"{_MINE} AND attribute_not_exists(#{lacks})" if lacks else _MINE
    tx.update(
        Table.CORE,
        Key(run["pk"], run["sk"]),
        " ".join(parts),
        condition=condition,
        values={**facts, "lease": run["leased_until"]},
        otherwise=otherwise,
    )


def rest(line: Item, until: datetime | None) -> bool:
    """End a run until a moment, or until the bell rings; False if it has rung since `line` was
    read.
    """
    seen = {"lease": line["leased_until"], "bell": line.get("bell", 0)}
    condition = f"{_MINE} AND (#bell = :bell OR attribute_not_exists(#bell))"
    if until is None:
        gone = ", ".join(f"#{name}" for name in ("leased_until", *jobs.ATTRIBUTES))
        return _ended(line, f"REMOVE {gone}", condition, seen)
    facts = jobs.requested(jobs.MAILBOX_LINE, line["sk"]) | jobs.waits_until(
        clock.whole_second(until)
    )
    expression = f"{_set(facts)} REMOVE #leased_until, {_FAILURES}"
    return _ended(line, expression, condition, {**seen, **facts})


def hand_over(line: Item) -> None:
    """End a run that has no time left: another one goes on at once."""
    facts = jobs.requested(jobs.MAILBOX_LINE, line["sk"])
    expression = f"{_set(facts)} REMOVE #leased_until, #next_at, {_FAILURES}"
    _ended(line, expression, _MINE, {**facts, "lease": line["leased_until"]})


def let_go(run: Item) -> None:
    """End a run that failed; when there is another one is told by who caught it."""
    with suppress(Unavailable):
        _ended(run, "REMOVE #leased_until", _MINE, {"lease": run["leased_until"]})


def _ended(run: Item, expression: str, condition: str, values: Item) -> bool:
    where = Key(run["pk"], run["sk"])
    try:
        update(Table.CORE, where, expression, condition=condition, values=values)
    except ConditionFailed:
        return False
    return True


def _set(facts: Item) -> str:
    return "SET " + ", ".join(f"#{name} = :{name}" for name in facts)
