"""What becomes of an own key where the plan has none any more: it rests, and goes after 30 days.

That it is not used follows from the plan, which each generation reads. The job is asked for where a
plan is followed, and a plan that has own keys again ends it.
"""

from contextlib import suppress
from datetime import timedelta

from linkwright import clock, jobs
from linkwright.ai.own_key.keys import ENTITY
from linkwright.audit import Actor
from linkwright.errors import Unavailable
from linkwright.jobs import AlreadyDone, Work
from linkwright.table import Key, Table
from linkwright.transaction import Outrun, Transaction
from linkwright.workspace import operations

RESTS = timedelta(days=30)
# Longer than it may rest and then fail.
_TTL_S = int(timedelta(days=60).total_seconds())
# Who told the plan by which it goes.
_BILLING = Actor("billing", "billing")


def key(workspace_id: str) -> Key:
    return Key(f"W#{workspace_id}#BYOK", workspace_id)


def follow_plan(workspace_id: str) -> None:
    """Ask for the job, or end it. Raises `Unavailable` where the plan is another by now."""
    live, test = operations.both_modes(workspace_id)
    if not (live.own_key or test.own_key):
        return
    tx = Transaction(workspace_id, "")
    operations.require_unchanged(tx, workspace_id, live)
    if live.plan.own_keys:
        tx.finish(key(workspace_id))
    else:
        at = clock.now() + RESTS
        job = {
            **key(workspace_id).attributes(),
            **jobs.due(jobs.OWN_KEY, workspace_id, at),
            "goes_at": clock.timestamp(at),
            "ttl": clock.epoch() + _TTL_S,
        }
        tx.put(Table.CORE, job, condition="attribute_not_exists(#gsi2pk)", otherwise=AlreadyDone)
    _commit(tx)


def destroy(work: Work) -> None:
    """Do the job. Raises `NotYet`, and `Unavailable` where the plan is another by now."""
    job = jobs.stored(work.key)
    if not jobs.is_due(job):
        return
    if clock.now() < (at := clock.parse(job["goes_at"])):
        raise clock.NotYet(at)
    live, test = operations.both_modes(work.sk)
    tx = Transaction(work.sk, "", _BILLING)
    tx.finish(work.key)
    if live.plan.own_keys:
        operations.require_unchanged(tx, work.sk, live)
    else:
        if live.own_key or test.own_key:
            operations.drop_all_own_keys(tx, work.sk, live.facts_v)
            tx.audit("own_key.destroyed", ENTITY)
    _commit(tx)


def _commit(tx: Transaction) -> None:
    try:
        with suppress(AlreadyDone):
            tx.commit()
    except Outrun:
        raise Unavailable from None
