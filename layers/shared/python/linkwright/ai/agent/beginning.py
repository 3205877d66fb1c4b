"""Beginning a run that takes longer than a request: a job, to which a hold is handed."""

from datetime import timedelta

from linkwright import clock, ids, jobs
from linkwright.ai.agent import room
from linkwright.ai.agent.models import RunAgent, RunStarted
from linkwright.ai.agent.runs import LookedAt, key
from linkwright.credits.operations import Later
from linkwright.table import Table
from linkwright.transaction import Transaction

_KEPT = timedelta(days=30)


def later(partition: str, wanted: RunAgent, looked_at: LookedAt) -> Later:
    run_id = ids.new("run")
    where = key(partition, run_id)

    def begin(tx: Transaction, hold_id: str) -> None:
        lease = room.take(tx, run_id)
        tx.put(
            Table.CORE,
            {
                **where.attributes(),
                **wanted.model_dump(exclude_none=True),
                "looked_at": [list(step) for step in looked_at],
                "hold": hold_id,
                "lease": lease,
                "ttl": clock.epoch() + int(_KEPT.total_seconds()),
                **jobs.requested(jobs.RUN, run_id),
            },
        )

    body = RunStarted(id=run_id, status="running")
    return Later(body, f"/api/ai/agent/{run_id}", where, begin)
