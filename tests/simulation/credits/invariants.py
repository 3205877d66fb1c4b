"""What must hold after every step, and once all is quiet: by the numbers of docs/credits.md."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from linkwright import clock, jobs
from linkwright.ai.agent import going_on
from linkwright.credits import handing_over, items
from linkwright.credits.items import COMMITTED, PENDING, RELEASED, Balance
from linkwright.errors import Unavailable
from linkwright.jobs import HOLD, RUN, Work
from linkwright.table import Item
from tests.faults import ledger
from tests.simulation.credits.processes import Outcome, Process, Run
from tests.simulation.credits.stores import FIND_DUE, FIND_RUNS, Call, Place, View

if TYPE_CHECKING:
    from tests.simulation.credits.enumeration import Scenario


def sweep(run: Run) -> Outcome:
    """As the sweeper's worker: each hold that the index has, by its own job."""
    for where in run.ask(Call(FIND_DUE)).value:
        with suppress(Unavailable, clock.NotYet):
            handing_over.sweep(Work(HOLD, *where))
    return Outcome("done")


def go_on(run: Run) -> Outcome:
    """As the worker of runs: each that is to be gone on with."""
    for where in run.ask(Call(FIND_RUNS)).value:
        with suppress(Unavailable, clock.NotYet):
            going_on.go_on(Work(RUN, *where))
    return Outcome("done")


def _last(run: Run) -> Outcome:
    go_on(run)
    return sweep(run)


SWEEPER = Process("the last sweeper", _last)


@dataclass(frozen=True)
class Settled:
    """What is stored when all is quiet, what each client is answered then, and what is stored."""

    quiet: View
    swept: Outcome
    again: Mapping[str, Outcome]
    after: View


def _rows(view: View) -> dict[str, list[Item]]:
    rows: dict[str, list[Item]] = {table: [] for table in ledger.TABLES}
    for place, item in view.items():
        rows[place.table].append(item)
    return rows


def _holds(view: View) -> list[Item]:
    return [item for place, item in view.items() if place.pk.endswith("#HOLD")]


# ---- after each step -----------------------------------------------------------------------------


def of_step(
    scenario: "Scenario",
    before: View,
    after: View,
    changed: Sequence[Place],
    by: str,
    now: datetime,
) -> list[str]:
    found = ledger.violated(_rows(after), scenario.partition)
    for place in changed:
        was, is_ = before.get(place), after.get(place)
        if "#GEN#" in place.pk and was is not None:
            found += _of_kept(was, is_ or {}, now)
        if place.pk.endswith("#HOLD"):
            found += _of_hold(scenario, before, after, was, is_ or {}, by, now)
        elif place.sk.startswith("L#") and was is not None:
            found.append(f"I4: the line {was} became {is_}")
        elif place.pk.endswith("#CRD") and not 0 <= (is_ or {})["committed"] <= (
            scenario.per_day or 0
        ):
            found.append(f"a key took {is_} of {scenario.per_day} on a day")
    return found


def _of_kept(was: Item, is_: Item, now: datetime) -> Iterator[str]:
    is_paid = was.get("charged") and now.timestamp() < was["fresh_until"]
    if is_paid and not is_.get("charged"):
        yield f"I11: {was} was paid for, and gave way to {is_}"


def _of_hold(
    scenario: "Scenario",
    before: View,
    after: View,
    was: Item | None,
    hold: Item,
    by: str,
    now: datetime,
) -> Iterator[str]:
    st = hold.get("st")
    if was is None:
        yield from _of_taking(scenario, before, hold)
    elif was["st"] != PENDING and was["st"] != st:
        yield f"I4: a hold that was {was['st']} became {st}"
    elif st == COMMITTED:
        record = after.get(Place("IdemTable", hold["record"], "-"), {})
        if (record.get("st"), record.get("own")) != ("DONE", hold["id"]):
            yield f"I6: charged, and its answer is not kept: {record}"
    elif "job" in hold:
        # What holds of it and its job together, the ledger's invariants say.
        return
    elif st == RELEASED and by != hold["request_id"] and now.timestamp() < hold["lease"]:
        yield f"{by} gave back what {hold['request_id']} still works for"


def _of_taking(scenario: "Scenario", before: View, hold: Item) -> Iterator[str]:
    where = items.balance_key(scenario.partition)
    balance = Balance.of(dict(before[Place("LedgerTable", *where)]))
    if hold["period"] != balance.period:
        yield f"I10: taken of {hold['period']} where it is {balance.period}"
    if hold["monthly"] > balance.monthly or hold["extra"] > balance.extra:
        yield f"I2: taken {hold['monthly']} and {hold['extra']} of {balance}"
    if hold["extra"] and hold["monthly"] != balance.monthly:
        yield f"extra credits were taken before those of the month: {balance}"


# ---- at an end -----------------------------------------------------------------------------------


def of_end(
    scenario: "Scenario", outcomes: Sequence[Outcome], settled: Settled, *, is_faultless: bool
) -> list[str]:
    return list(_of_end(scenario, outcomes, settled, is_faultless=is_faultless))


def _of_end(
    scenario: "Scenario", outcomes: Sequence[Outcome], settled: Settled, *, is_faultless: bool
) -> Iterator[str]:
    yield from (f"ended with {one.said}" for one in outcomes if one.is_wrong)
    for view in (settled.quiet, settled.after):
        yield from ledger.violated(_rows(view), scenario.partition)
        if (held := ledger.held(_rows(view))) or settled.swept.is_wrong:
            yield f"I7: {held} are reserved for ever, {settled.swept.said}"
    holds = {hold["request_id"]: hold for hold in _holds(settled.quiet)}
    heard: dict[str, set[str]] = {}
    for process, outcome in zip(scenario.processes, outcomes, strict=True):
        if outcome.said in {"200", "202"}:
            of_it = _of_200 if outcome.said == "200" else _of_202
            yield from of_it(process, outcome, holds.get(process.name))
            heard.setdefault(process.key, set()).add(outcome.body)
        elif is_faultless and outcome.said in {"500", "503"} and not process.may_wait:
            yield f"{process.name} was told {outcome.said}, and nothing had gone wrong"
    for process in scenario.processes:
        if process.again is not None:
            yield from _of_retry(
                process, heard.get(process.key, set()), settled.again[process.name]
            )
    yield from _of_runs(settled.quiet)
    paid = Counter(hold["record"] for hold in _holds(settled.quiet) if hold["st"] == COMMITTED)
    for record, count in paid.items():
        if "#GEN#" in record and count > scenario.most_answers:
            yield f"I5: {count} answers of {record} are paid for"


def _of_200(process: Process, outcome: Outcome, hold: Item | None) -> Iterator[str]:
    """Who was answered was charged what they were told, and nobody for another's answer."""
    charged = 0 if hold is None or hold["st"] != COMMITTED else hold["monthly"] + hold["extra"]
    if outcome.is_own and (hold is None or hold["st"] == PENDING or charged != outcome.charged):
        yield f"I8: {process.name} was told {outcome.charged}, and the hold is {hold}"
    if not outcome.is_own and charged:
        yield f"I8: {process.name} was answered another's, and charged {charged}"


def _of_202(process: Process, outcome: Outcome, hold: Item | None) -> Iterator[str]:
    """Who was told that it goes on has one who does, and is charged once that is done."""
    if outcome.is_own and (hold is None or hold["st"] == PENDING or "job" not in hold):
        yield f"I12: {process.name} was told that it goes on, and the hold is {hold}"
    if not outcome.is_own and hold is not None and hold["st"] == COMMITTED:
        yield f"I8: {process.name} was answered another's, and charged"


def _of_runs(quiet: View) -> Iterator[str]:
    for place, run in quiet.items():
        if place.pk.endswith("#RUN") and jobs.is_due(run):
            yield f"I12: a run goes on for ever: {run}"


def _of_retry(process: Process, heard: set[str], again: Outcome) -> Iterator[str]:
    if again.said not in {"200", "202", "402"}:
        yield f"I9: once all is quiet, {process.name} asks again and is told {again.said}"
    if process.key.startswith("GET"):
        return
    if len(heard) > 1:
        yield f"I9: with one key were answered {sorted(heard)}"
    if heard and (again.said not in {"200", "202"} or again.body not in heard):
        yield f"I9: {process.name} was told {heard}, and then {again}"
