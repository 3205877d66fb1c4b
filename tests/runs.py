"""Runs of the agent that take longer than a request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import pytest

from linkwright import ids, jobs
from linkwright.ai.agent import running, runs
from linkwright.errors import ServerError
from linkwright.table import Item, Table, get
from linkwright.transaction import Transaction

PATH = "/api/ai/agent"
WORKER = "continue_run"


class Whose(Protocol):
    @property
    def partition(self) -> str: ...


@contextmanager
def no_time() -> Iterator[None]:
    """A request has none: whatever is asked for takes longer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "LONGEST_S", 0.0)
        yield


def put_failed(whose: Whose, run_id: str | None = None) -> str:
    """One that has failed; returns its id."""
    return _put(whose, run_id, runs.failed(ServerError()))


def put_without_a_hold(whose: Whose, run_id: str | None = None) -> str:
    """One that goes on, for which nothing is held; returns its id."""
    return _put(whose, run_id, jobs.requested(jobs.RUN, run_id or ""))


def _put(whose: Whose, run_id: str | None, facts: Item) -> str:
    where = runs.key(whose.partition, run_id or ids.new("run"))
    wanted = {"goal": "What stands out?", "looked_at": [], "hold": "hold_0", "lease": "0#"}
    tx = Transaction(whose.partition, "req_test")
    tx.put(Table.CORE, {**where.attributes(), **wanted, **facts}, condition="")
    tx.commit()
    return where.sk


def stored(whose: Whose, run_id: str) -> Item:
    item = get(Table.CORE, runs.key(whose.partition, run_id))
    assert item is not None
    return item


def message(whose: Whose, run_id: str) -> str:
    return jobs.at(runs.key(whose.partition, run_id)).message()


def shown(whose: Any, run_id: str) -> Any:
    answer = whose.client.get(f"/api/ai/agent/{run_id}")
    assert answer.status == 200, answer.raw
    return answer.json
