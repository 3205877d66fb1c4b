"""The line of a mailbox: what it is to send next.

A mailbox's line is the one job of all that it sends, a job by level (`level.py`), as an endpoint is
of its deliveries. So there are no more messages than mailboxes, and a slow host holds up its own
mails alone.
"""

from collections.abc import Mapping
from datetime import datetime
from itertools import chain, islice
from typing import Any

from linkwright import clock, level
from linkwright.mailer import lines
from linkwright.table import Item, Key, Table, pages, query
from linkwright.transaction import Otherwise, Transaction

# More groups than these are looked at by turns.
_GROUPS = 100
_AT_ONCE, _PAGES = 100, 10
# All places are between them. A key is never empty.
_BEFORE, _BEHIND = " ", "~"
_TURN = "turn"


def look(partition: str, line: Item) -> tuple[list[Item], bool]:
    """Of each group who is due first, and whether these are all: first from the one on that was
    served last; where none of them may go and there are others, from the first on, look by look.
    """
    turn = _turn(line)
    if turn is None:
        return heads(partition, line["sk"], line.get("served", ""))
    return heads(partition, line["sk"], turn["after"], wraps=False)


def waits(
    partition: str, line: Item, found: tuple[list[Item], bool], until: datetime | None
) -> tuple[bool, datetime | None]:
    """None of those found may go before a moment. Returns whether all were looked at, and then
    until when all of them wait.
    """
    (rows, is_all), turn = found, _turn(line)
    if turn is None and is_all:
        return True, until
    tx, onward = Transaction(partition, ""), {"after": "", "bell": line.get("bell", 0)}
    if turn is not None:
        known = clock.parse(turn["until"]) if "until" in turn else None
        until = min((one for one in (known, until) if one), default=None)
        onward |= {"until": clock.timestamp(until)} if until else {}
        onward |= {"after": lines.group_at(rows[-1]["sk"])} if rows else {}
    is_over = turn is not None and is_all
    write(tx, line, {} if is_over else {_TURN: onward}, (_TURN,) if is_over else ())
    tx.commit()
    return is_over, until


def _turn(line: Item) -> Item | None:
    """How far those are looked at for whom one look has no room. Whoever is added rings: then it
    begins anew.
    """
    turn: Item | None = line.get(_TURN)
    return turn if turn is not None and turn["bell"] == line.get("bell", 0) else None


def heads(
    partition: str, mailbox_id: str, after: str = "", *, wraps: bool = True
) -> tuple[list[Item], bool]:
    """Of each group who is due first, and whether these are all groups: from the one `after` one
    on. So nobody is read who waits behind them, however many do.
    """
    found: list[Item] = []
    ranges = [(f"{after}#{_BEHIND}" if after else _BEFORE, _BEHIND)]
    for low, high in [*ranges, (_BEFORE, after)] if wraps else ranges:
        while high and (row := _one(partition, mailbox_id, low, f"{high}#{_BEHIND}")):
            if len(found) == _GROUPS:
                return found, False
            found.append(row)
            low = f"{lines.group_at(row['sk'])}#{_BEHIND}"
    return found, True


def _one(partition: str, mailbox_id: str, low: str, high: str) -> Item | None:
    where = lines.row_key(partition, mailbox_id, "")
    rows, _ = query(
        Table.CORE, where.pk, between=(low, high), limit=1, newest_first=False, strong=True
    )
    return rows[0] if rows else None


def movable(partition: str, mailbox_id: str, count: int) -> list[Item]:
    """Some of all that wait, whenever they are due, but for those that are set aside."""
    where, now = lines.row_key(partition, mailbox_id, ""), clock.timestamp()
    read = pages(Table.CORE, where.pk, limit=_AT_ONCE, newest_first=False, strong=True)
    rows = chain.from_iterable(islice(read, _PAGES))
    return list(islice((row for row in rows if row.get("aside", now) <= now), count))


def write(
    tx: Transaction,
    run: Item,
    facts: Mapping[str, Any],
    removed: tuple[str, ...] = (),
    *,
    lacks: str = "",
    otherwise: Otherwise = level.Lost,
) -> None:
    """Change the line that a run has: only as long as it has it, and where it lacks something. All
    of it is looked at anew then.
    """
    if _TURN in run and _TURN not in {*facts, *removed}:
        removed = (*removed, _TURN)
    parts = [level.written(dict(facts))] if facts else []
    if removed:
        parts.append("REMOVE " + ", ".join(f"#{name}" for name in removed))
    condition = f"{level.MINE} AND attribute_not_exists(#{lacks})" if lacks else level.MINE
    tx.update(
        Table.CORE,
        Key(run["pk"], run["sk"]),
        " ".join(parts),
        condition=condition,
        values={**facts, "lease": run["leased_until"]},
        otherwise=otherwise,
    )
