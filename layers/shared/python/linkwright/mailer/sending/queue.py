"""The line of a mailbox: what it is to send next.

A mailbox's line is the one job of all that it sends, a job by level (`level.py`), as an endpoint is
of its deliveries. So there are no more messages than mailboxes, and a slow host holds up its own
mails alone.
"""

from collections.abc import Mapping
from typing import Any

from linkwright import level
from linkwright.mailer import lines
from linkwright.table import Item, Key, Table, query
from linkwright.transaction import Otherwise, Transaction


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
    otherwise: Otherwise = level.Lost,
) -> None:
    """Change the line that a run has: only as long as it has it, and where it lacks something."""
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
