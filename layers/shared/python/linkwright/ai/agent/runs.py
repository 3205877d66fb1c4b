"""A run that takes longer than a request: its item is its job, and keeps what came of it.

Of what was looked at it keeps which tool and which id: whoever goes on looks again.
"""

from dataclasses import dataclass

from linkwright import clock, ids, jobs
from linkwright.ai.agent.models import (
    AgentAnswer,
    AgentRun,
    RunAgent,
    RunError,
    Tool,
)
from linkwright.auth import Account
from linkwright.errors import ApiError, ResourceNotFound, ServerError
from linkwright.jobs import AlreadyDone, Work
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Transaction

LookedAt = list[tuple[Tool, str | None]]


@dataclass(frozen=True)
class Run:
    """What is left to do of one, and the hold that it ends."""

    wanted: RunAgent
    looked_at: LookedAt
    hold_id: str
    lease: str

    @classmethod
    def of(cls, row: Item) -> "Run":
        wanted = RunAgent(goal=row["goal"], link_id=row.get("link_id"))
        looked_at = [(tool, object_id) for tool, object_id in row["looked_at"]]
        return cls(wanted, looked_at, row["hold"], row["lease"])


def key(partition: str, run_id: str) -> Key:
    return Key(f"W#{partition}#RUN", run_id)


def find(account: Account, run_id: str) -> AgentRun:
    """Errors: no such run (404)."""
    row = get(Table.CORE, key(account.partition, run_id)) if ids.matches("run", run_id) else None
    if row is None:
        raise ResourceNotFound("There is no such run.")
    if "result" in row:
        result = AgentAnswer.model_validate_json(row["result"])
        return AgentRun(id=run_id, status="succeeded", result=result, error=None)
    if jobs.has_given_up(row):
        row = failed(ServerError()) | row
    if "error" in row:
        error = RunError.model_validate(row["error"])
        return AgentRun(id=run_id, status="failed", result=None, error=error)
    return AgentRun(id=run_id, status="running", result=None, error=None)


def is_over(row: Item) -> bool:
    """Whether one that was read has come to something, whatever becomes of its job."""
    return "ended_at" in row


def succeeded(answer: AgentAnswer) -> Item:
    return {"result": answer.model_dump_json(), "ended_at": clock.timestamp()}


def failed(failure: ApiError) -> Item:
    error = RunError.model_validate({"code": failure.code, "message": failure.message})
    return {"error": error.model_dump(), "ended_at": clock.timestamp()}


def end(tx: Transaction, work: Work, facts: Item) -> None:
    """Write what it has come to, and finish its job. Raises `AlreadyDone` at the commit."""
    removed = ", ".join(f"#{name}" for name in (*jobs.ATTRIBUTES, "claimed_ms", "made"))
    said = ", ".join(f"#{name} = :{name}" for name in facts)
    tx.update(
        Table.CORE,
        work.key,
        f"SET {said} REMOVE {removed}",
        condition="attribute_exists(#gsi2pk) AND attribute_not_exists(#ended_at)",
        values=facts,
        otherwise=AlreadyDone,
    )
