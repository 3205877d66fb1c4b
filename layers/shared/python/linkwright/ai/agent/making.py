"""What a run comes to, made once: by one worker at a time, and kept before it is charged.

So neither a second delivery nor a charge that fails has a model asked again. Who is killed leaves
the claim behind, until its lease is over.
"""

from contextlib import suppress
from datetime import timedelta

from linkwright import clock, jobs
from linkwright.ai.agent import running
from linkwright.ai.agent.models import AgentAnswer
from linkwright.ai.agent.runs import Run
from linkwright.clock import NotYet
from linkwright.credits.operations import Handed, Made
from linkwright.errors import Unavailable
from linkwright.jobs import Work
from linkwright.table import ConditionFailed, Item, Table, update

# Longer than the worker may run.
LEASE = timedelta(seconds=75)
_MINE = "#claimed_ms = :mine"


def made(work: Work, row: Item, run: Run, handed: Handed) -> Made[AgentAnswer]:
    """Raises `NotYet` while another worker may be at it, `OwnKeyFailed`, and `Unavailable`."""
    if kept := row.get("made"):
        return Made(
            AgentAnswer.model_validate_json(kept["answer"]),
            is_fallback=kept["is_fallback"],
            is_own=kept["is_own"],
        )
    mine = clock.epoch_ms(clock.now() + LEASE)
    try:
        _claim(work, mine)
        found = running.go_on(jobs.partition_of(work.pk), run, may_ask=handed.may_ask())
        _keep(work, mine, found)
    except NotYet:
        raise
    except Exception:
        with suppress(ConditionFailed, Unavailable):
            update(
                *(Table.CORE, work.key, "REMOVE #claimed_ms"),
                condition=_MINE,
                values={"mine": mine},
            )
        raise
    return found


def _claim(work: Work, mine: int) -> None:
    now = clock.epoch_ms()
    try:
        update(
            *(Table.CORE, work.key, "SET #claimed_ms = :mine"),
            condition="begins_with(#gsi2pk, :due)"
            " AND (attribute_not_exists(#claimed_ms) OR #claimed_ms <= :now)",
            values={"mine": mine, "now": now, "due": jobs.DUE},
        )
    except ConditionFailed:
        raise NotYet(clock.now() + LEASE) from None


def _keep(work: Work, mine: int, found: Made[AgentAnswer]) -> None:
    kept = {
        "answer": found.body.model_dump_json(),
        "is_fallback": found.is_fallback,
        "is_own": found.is_own,
    }
    # Who was too slow settles what they have: one of both commits.
    with suppress(ConditionFailed):
        update(
            *(Table.CORE, work.key, "SET #made = :made"),
            condition=_MINE,
            values={"made": kept, "mine": mine},
        )
