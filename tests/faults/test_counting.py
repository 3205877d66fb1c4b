"""The faults at the calls of what counts clicks, in a process that knows nothing yet.

Whatever strikes, and if it is killed at any of them: once the stream has brought the batch again,
each click is in its rows once.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from linkwright.links.metrics.rows import MOST_NAMES
from linkwright.table import Item
from tests import clicks, processes
from tests.faults import plan
from tests.faults.injection import Injector, Killed
from tests.faults.matrix import told
from tests.faults.tally import TALLY
from tests.faults.world import World

AT = datetime(2026, 11, 3, 10, 30, tzinfo=UTC)
LINK, OTHER = "lnk_0001", "lnk_0002"

Counted = tuple[list[Item], list[Item]]


def _several(world: World) -> Counted:
    """Of two links; nothing was counted before."""
    scan = clicks.click(world, LINK, AT, qr=True, campaign="lcmp_1", referrer="a.example")
    return [], [
        scan,
        clicks.click(world, LINK, AT, campaign="lcmp_1", country="IL"),
        clicks.click(world, OTHER, AT, bot="known_agent", kind="preview"),
        clicks.conversion(scan, "order", AT, 5, "USD"),
    ]


def _partly_counted(world: World) -> Counted:
    """Some were, in another batch."""
    _, whole = _several(world)
    return whole[1:2], whole


def _full(world: World) -> Counted:
    """The row has no room for another referrer."""
    hosts = [f"{at}.example" for at in range(MOST_NAMES)]
    before = [clicks.click(world, LINK, AT, referrer=host) for host in hosts]
    return before, [clicks.click(world, LINK, AT, referrer="new.example")]


CASES: dict[str, Callable[[World], Counted]] = {
    "count_clicks": _several,
    "count_clicks of a batch that is counted in part": _partly_counted,
    "count_clicks where a row is full": _full,
}
case = pytest.mark.parametrize("named", CASES)


def _prepared(world: World, named: str) -> Counted:
    world.reset()
    processes.forget()
    before, batch = CASES[named](world)
    known = {(one["pk"], one["sk"]): one for one in (*before, *batch)}
    world.stack.put("ClicksTable", *known.values())
    for few in (before[at : at + 25] for at in range(0, len(before), 25)):
        clicks.count(few)
    processes.forget()
    return list(known.values()), batch


def _struck(world: World, batch: Sequence[Item], injector: Injector) -> Any:
    with world.seam.use(injector):
        try:
            return clicks.count(batch)
        except Killed:
            return None


def _problems(world: World, written: Sequence[Item]) -> list[str]:
    """What differs from a count of all that was written."""
    found = clicks.counted(world.items()["MetricsTable"])
    wanted = clicks.folded(clicks.brute_force(written, {world.partition: ZoneInfo("UTC")}))
    return [
        f"{where}: {clicks.folded(found).get(where)} and not {wanted.get(where)}"
        for where in sorted({*found, *wanted})
        if clicks.folded(found).get(where) != wanted.get(where)
    ]


def _clean(world: World, named: str) -> list[str]:
    written, batch = _prepared(world, named)
    injector = Injector()
    assert _struck(world, batch, injector) == {"batchItemFailures": []}
    assert _problems(world, written) == []
    TALLY.calls[named] = len(injector.calls)
    return injector.calls


@case
def test_a_fault_counts_each_click_once_when_the_batch_comes_again(
    world: World, named: str
) -> None:
    problems = []
    for injector in plan.injectors(_clean(world, named)):
        written, batch = _prepared(world, named)
        answer = _struck(world, batch, injector)
        found = [] if injector.struck else ["the call was not made"]
        if answer == {"batchItemFailures": []}:
            found += _problems(world, written)
        # Of a new process, which the stream gives it cut elsewhere first.
        processes.forget()
        for again in (batch[1:], batch):
            if _struck(world, again, Injector()) != {"batchItemFailures": []}:
                found.append("it was not made good")
        problems += told(found + _problems(world, written), injector)
        TALLY.runs[named, "struck"] += 1
    assert problems == []


@case
def test_another_worker_in_the_middle_counts_each_click_once(world: World, named: str) -> None:
    problems = []
    for at in range(1, len(_clean(world, named)) + 1):
        written, batch = _prepared(world, named)

        def meanwhile(batch: Sequence[Item] = batch) -> None:
            clicks.count(batch)

        _struck(world, batch, Injector(at=at, meanwhile=meanwhile))
        problems += _problems(world, written)
        TALLY.runs[named, "overlapping"] += 1
    assert problems == []


@case
def test_a_call_that_the_client_sends_twice_counts_each_click_once(
    world: World, named: str
) -> None:
    problems = []
    for at in plan.effects(_clean(world, named)):
        written, batch = _prepared(world, named)
        _struck(world, batch, Injector(at=at, resent=True))
        processes.forget()
        _struck(world, batch, Injector())
        problems += _problems(world, written)
        TALLY.runs[named, "resent"] += 1
    assert problems == []
