"""The faults at the AWS calls of a run that takes longer than a request: one charge, or none.

Of the request, which hands its hold over; and of the job that goes on with it.
"""

from collections.abc import Iterator

import pytest

from linkwright import jobs
from linkwright.table import Item
from tests import processes, runs
from tests.faults import ledger, matrix, plan
from tests.faults.due import DueJob
from tests.faults.matrix import KEY, CleanRequest
from tests.faults.samples import RUN_ID
from tests.faults.world import World

AGENT = "POST /api/ai/agent"


def _prepared(world: World) -> None:
    """A request was answered 202."""
    world.reset()
    processes.forget()
    wanted = world.prepared(AGENT)
    with runs.no_time():
        answer = world.request(wanted, KEY)
    assert answer is not None
    assert answer.status == 202


def _left(world: World) -> list[str]:
    stored = world.items()
    [run] = _runs(stored["CoreTable"])
    found = ledger.violated(stored, world.partition)
    if "result" not in run or jobs.is_due(run):
        found.append(f"it has come to nothing: {run.get('error')}")
    if _charged(stored["LedgerTable"]) != 1 or ledger.held(stored):
        found.append("it was not charged once")
    if any(row.get("held") for row in stored["CoreTable"] if row["pk"].startswith("PACE#runs")):
        found.append("its room is not left")
    return found


def _runs(rows: list[Item]) -> list[Item]:
    return [row for row in rows if row["pk"].endswith("#RUN") and row["sk"] != RUN_ID]


def _charged(lines: list[Item]) -> int:
    settled = [line for line in lines if line.get("type") == "settle"]
    return sum(line["operation"] == "agent" for line in settled)


RUN = DueJob("a run", jobs.RUN, _prepared, _left, runs.WORKER)


def test_a_run_is_charged_once_whatever_strikes(world: World) -> None:
    assert RUN.struck(world) == []


def test_a_second_run_in_the_middle_charges_nothing_more(world: World) -> None:
    assert RUN.twice(world) == []


@pytest.fixture
def clean(world: World) -> Iterator[CleanRequest]:
    with runs.no_time():
        found = matrix.clean_request(world, AGENT)
        assert found.answer.status == 202
        yield found


def test_a_request_is_handed_over_or_not_at_all_whatever_strikes(
    world: World, clean: CleanRequest
) -> None:
    """And whoever asks again is answered the same."""
    injectors = plan.injectors(list(clean.calls))
    problems = [one for by in injectors for one in matrix.struck(world, AGENT, clean, by)]
    assert problems == []


def test_the_same_request_in_the_middle_is_one(world: World, clean: CleanRequest) -> None:
    steps = range(1, len(clean.calls) + 1)
    assert [one for at in steps for one in matrix.overlapping(world, AGENT, clean, at)] == []
