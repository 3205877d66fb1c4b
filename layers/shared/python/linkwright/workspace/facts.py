"""What credentials know of their workspace, its plan and its name: copied, and copied again.

A change of it and the job to copy it are one transaction. `facts_v` grows with each such change: a
copy is only ever replaced by a newer one, and who makes a credential meanwhile finds out at the
commit.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from linkwright import auth, clock, jobs
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.table import ConditionFailed, Item, Key, Table, query, update
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import keys, members, workspaces

_PAGE = 100


def change(tx: Transaction, workspace: Item, facts: Mapping[str, Any]) -> Item:
    """Let a workspace that was just read have other facts, and ask for them to be copied.

    Returns the workspace as it is then. Raises `Outrun` at the commit.
    """
    seen = workspace.get("facts_v", 0)
    wanted = {**facts, "facts_v": next_version(seen)}
    tx.update(
        Table.CORE,
        workspaces.key(workspace["id"]),
        "SET " + ", ".join(f"#{name} = :new_{name}" for name in wanted),
        condition=workspaces.UNCHANGED,
        values={f"new_{name}": value for name, value in wanted.items()} | {"facts_v": seen},
        otherwise=Outrun,
    )
    tx.put(Table.CORE, asked_for(workspace["id"]), condition="")
    return {**workspace, **wanted}


def next_version(seen: int) -> int:
    """By the clock, in milliseconds: also newer than any copy if the workspace was restored."""
    return max(clock.epoch_ms(), seen + 1)


def asked_for(workspace_id: str) -> Item:
    """The job, to be done from its beginning."""
    return {**key(workspace_id).attributes(), **jobs.requested(jobs.PLAN, workspace_id)}


def key(workspace_id: str) -> Key:
    """Where the job is."""
    return Key(f"W#{workspace_id}#PLAN", workspace_id)


def copy(work: Work) -> None:
    """Do the job: each credential has its own write, which leaves its counts as they are."""
    if not jobs.is_waiting(work.key):
        return
    workspace = workspaces.existing(work.sk)
    facts = auth.workspace_facts(workspace)
    for credential in _credentials(work.sk):
        _renew(credential, facts)
    tx = Transaction(work.sk, "")
    tx.finish(work.key)
    workspaces.require_unchanged(tx, workspace)
    try:
        with suppress(jobs.AlreadyDone):
            tx.commit()
    except Outrun:
        # What was copied is old already: from the start.
        raise Unavailable from None


def _renew(credential: Key, facts: Item) -> None:
    with suppress(ConditionFailed):  # it is gone, or newer
        update(
            Table.ACCESS,
            credential,
            "SET " + ", ".join(f"#{name} = :{name}" for name in facts),
            condition="attribute_exists(#pk)"
            " AND (attribute_not_exists(#facts_v) OR #facts_v < :facts_v)",
            values=facts,
        )


def _credentials(workspace_id: str) -> Iterator[Key]:
    yield from map(keys.credential, keys.of(workspace_id).keys)
    behind = None
    while True:
        rows, behind = query(
            Table.ACCESS,
            members.row(workspace_id, "").pk,
            start_after=behind,
            limit=_PAGE,
            newest_first=False,
            strong=True,
        )
        yield from (auth.membership(row["organisation"], row["subject"]) for row in rows)
        if behind is None:
            break
