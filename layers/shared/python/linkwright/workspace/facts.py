"""What credentials know of their workspace, its plan and its name: copied, and copied again.

A change of it and the job to copy it are one transaction. `facts_v` grows with each such change: a
copy is only ever replaced by a newer one, and who makes a credential meanwhile finds out at the
commit.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from linkwright import auth, clock, deadline, jobs, usage
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.table import CALL_BUDGET_S, ConditionFailed, Item, Key, Table, query, update
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import keys, members, workspaces

_PAGE = 100
# A page is not begun with less than this: 60 ms for each of its writes, before the last may begin.
_A_PAGE_S = CALL_BUDGET_S + 6


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
    """Do the job: each credential has its own write, which leaves its counts as they are.

    Of many the place that was come to is kept on the job, and the next run goes on from there. The
    last write has it told what is used, by the limits that hold now. Raises `NotYet`, to go on, and
    `Unavailable`.
    """
    job = jobs.stored(work.key)
    if not jobs.is_due(job):
        return
    workspace = workspaces.existing(work.sk)
    facts = auth.workspace_facts(workspace)
    for page, place in _pages(work.sk, _reached(job, facts["facts_v"])):
        for credential in page:
            _renew(credential, facts)
        if place is not None:
            _keep(work.key, facts["facts_v"], place)
    tx = Transaction(work.sk, "")
    tx.finish(work.key)
    workspaces.require_unchanged(tx, workspace)
    for partition in (work.sk, f"{work.sk}.test"):
        usage.look_again(partition, workspace["anchor_day"], tx)
    try:
        with suppress(jobs.AlreadyDone):
            tx.commit()
    except Outrun:
        # What was copied is old already: from the start.
        raise Unavailable from None


def _reached(job: Item, version: int) -> Item | None:
    """A place is of what was copied up to there: with other facts it is begun anew."""
    place: Item | None = job["reached"] if job.get("reached_v") == version else None
    return place


def _keep(job: Key, version: int, place: Item) -> None:
    with suppress(ConditionFailed):  # it is done, by another delivery
        update(
            Table.CORE,
            job,
            "SET #reached = :reached, #reached_v = :reached_v",
            condition="attribute_exists(#gsi2pk)",
            values={"reached": place, "reached_v": version},
        )
    if deadline.seconds_left() < _A_PAGE_S:
        raise clock.NotYet(clock.now())


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


def _pages(
    workspace_id: str, behind: Item | None = None
) -> Iterator[tuple[Iterable[Key], Item | None]]:
    """Keys, then members page by page, each with the place to go on from; None for the last."""
    if behind is None:
        yield map(keys.credential, keys.of(workspace_id).keys), None
    while True:
        rows, behind = query(
            Table.ACCESS,
            members.row(workspace_id, "").pk,
            start_after=behind,
            limit=_PAGE,
            newest_first=False,
            strong=True,
        )
        yield (auth.membership(row["organisation"], row["subject"]) for row in rows), behind
        if behind is None:
            break
