"""Who meets whom. Each is small enough to be looked at whole."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from linkwright import jobs, plans, worker
from linkwright.ai.agent import beginning, going_on
from linkwright.ai.agent.models import RunAgent
from linkwright.auth import Account
from linkwright.credits import balances, items
from linkwright.credits.charging import Charge
from linkwright.credits.generations import Allowed, Generation, Later, Made
from linkwright.http import Request
from linkwright.plans import PLANS
from linkwright.transaction import Transaction
from linkwright.workspace import facts, workspaces
from linkwright.workspace.settings import OFF
from tests.simulation.credits.enumeration import Scenario
from tests.simulation.credits.invariants import go_on, sweep
from tests.simulation.credits.processes import Outcome, Process, Run, Said
from tests.simulation.credits.stores import FIND_RUNS, Call

_ID = "ws_a"
_NOON = datetime(2026, 11, 14, 12, tzinfo=UTC)
# Ten seconds before a new cycle, and day.
_MIDNIGHT = datetime(2026, 11, 30, 23, 59, 50, tzinfo=UTC)
_WORKSPACE = {
    **workspaces.key(_ID).attributes(),
    **{"id": _ID, "name": "A", "plan": "pro", "anchor_day": 1},
    "settings": OFF.model_dump(mode="json"),
}
_GRANTS = {"pro": 100, "business": 200}


def _account(per_day: int | None = None) -> Account:
    return Account(
        *(_ID, "A", "live", PLANS["pro"], 1, "owner", frozenset(), "key_a", "api_key", None, ""),
        ai_credits_per_day=per_day,
    )


def _request(run: Run, method: str, key: str | None) -> Request:
    headers = {"idempotency-key": key} if key else {}
    return Request(run.process.name, method, f"{method} /x", "", "/x", headers, {}, "", "", False)


def post(name: str, key: str, operation: str = "intent", per_day: int | None = None) -> Process:
    """A POST that costs 2 credits, unless it says which operation it is."""

    def act(run: Run) -> Outcome:
        request = _request(run, "POST", key)
        made = Generation(run.make)
        answer = Charge(operation).answer(_account(per_day), request, {}, 200, lambda: made)
        return Outcome.of(answer)

    return Process(name, act, act, f"POST {key}")


def handing(name: str, key: str) -> Process:
    """A POST that takes longer than a request may, unless it falls back: so it is handed over."""

    def act(run: Run) -> Outcome:
        def make(allowed: Allowed) -> Made[Said] | Later:
            made = run.make(allowed)
            return made if made.is_fallback else beginning.later(_ID, RunAgent(goal="x"), [])

        request, made = _request(run, "POST", key), Generation(make)
        return Outcome.of(Charge("intent").answer(_account(), request, {}, 200, lambda: made))

    return Process(name, act, act, f"POST {key}")


def continuing(name: str) -> Process:
    return Process(name, go_on)


def giving_up(name: str) -> Process:
    """As the worker of a run that has failed for too long."""
    return _with_runs(name, going_on.give_up)


def marking(name: str) -> Process:
    """As where even that breaks: nothing but the job is over."""
    return _with_runs(name, worker.mark_given_up)


def _with_runs(name: str, do: Callable[[jobs.Work], None]) -> Process:
    def act(run: Run) -> Outcome:
        for where in run.ask(Call(FIND_RUNS)).value:
            do(jobs.Work(jobs.RUN, *where))
        return Outcome("done")

    return Process(name, act)


def get(name: str, *, force: bool = False) -> Process:
    """A GET that costs 2 credits; with `force` only the one that asks again does not insist."""

    def asking(force: bool) -> Callable[[Run], Outcome]:
        def act(run: Run) -> Outcome:
            charge = Charge("insight_link", timedelta(hours=6))
            made = Generation(run.make, "lnk_a", force)
            request = _request(run, "GET", None)
            return Outcome.of(charge.answer(_account(), request, {}, 200, lambda: made))

        return act

    return Process(name, asking(force), asking(False), "GET", may_wait=True)


def sweeper(name: str) -> Process:
    return Process(name, sweep)


def purchase(name: str, credits: int, reference: str = "inv_1") -> Process:
    def act(run: Run) -> Outcome:
        balances.add(_ID, credits, reference)
        return Outcome("done")

    return Process(name, act)


def new_plan(name: str, plan: str) -> Process:
    """The plan is changed, and its job done."""

    def act(run: Run) -> Outcome:
        tx = Transaction(_ID, name)
        facts.change(tx, workspaces.existing(_ID), {"plan": plan})
        tx.commit()
        balances.follow_plan(_ID)
        return Outcome("done")

    return Process(name, act)


def renewal(name: str) -> Process:
    def act(run: Run) -> Outcome:
        balances.renew(jobs.at(items.renewal_key(_ID)))
        return Outcome("done")

    return Process(name, act)


def _scenario(name: str, *processes: Process, **changed: Any) -> Scenario:
    grants = {**_GRANTS, "pro": changed.pop("granted", _GRANTS["pro"])}
    usual = {"past": (_begin(),), "start": _NOON, "grants": grants}
    return Scenario(
        name=name,
        rows={"CoreTable": [_WORKSPACE]},
        partition=_ID,
        processes=processes,
        **{**usual, **changed},
    )


def _begin() -> Process:
    """The cycle's credits are granted."""

    def act(run: Run) -> Outcome:
        balances.current(_ID, plans.period(1).label)
        return Outcome("done")

    return Process("the beginning", act)


ALL = (
    _scenario("one key twice", post("a", "k"), post("b", "k"), failures=0),
    _scenario("two keys, credits for one", post("a", "k"), post("b", "l"), granted=3),
    _scenario("two GETs", get("a"), get("b"), failures=0),
    _scenario(
        *("a GET and one with force", get("a"), get("b", force=True)),
        past=(_begin(), get("p")),
        most_answers=2 + 1,
    ),
    _scenario("a request and a sweeper", post("a", "k"), sweeper("s")),
    _scenario(
        *("two sweepers of a dead hold", sweeper("s"), sweeper("t")),
        dying=(post("z", "k"), post("y", "l")),
    ),
    _scenario(
        *("a dead hold taken over and swept", post("a", "k"), sweeper("s")),
        failures=0,
        dying=(post("z", "k"),),
    ),
    _scenario(
        *("a new cycle and two requests", post("a", "k"), post("b", "l")),
        failures=0,
        start=_MIDNIGHT,
        moments=(-60, 0, 20),
    ),
    _scenario(
        *("a new cycle, its job and a request", renewal("r"), post("a", "k")),
        start=_MIDNIGHT,
        moments=(-60, 0, 20),
    ),
    _scenario("another plan meanwhile", post("a", "k"), new_plan("c", "business")),
    _scenario(
        *("a lower plan meanwhile", post("a", "k", "bio_generate"), new_plan("c", "business")),
        grants={"pro": 6, "business": 5},
    ),
    _scenario(
        *("both pools", post("a", "k", "bio_generate"), post("b", "l")),
        faults=0,
        past=(_begin(), purchase("p", 6), post("q", "m", "insight_campaign")),
        granted=5,
    ),
    _scenario(
        *("both pools over a new cycle", post("a", "k", "bio_generate"), renewal("r")),
        past=(_begin(), purchase("p", 6)),
        granted=3,
        start=_MIDNIGHT,
        moments=(-60, 0, 20),
    ),
    _scenario("one purchase twice", purchase("p", 5), purchase("q", 5)),
    _scenario("a purchase and a request", purchase("p", 5), post("a", "k"), granted=1),
    _scenario(
        *("what a key may take on a day", post("a", "k", per_day=3), post("b", "l", per_day=3)),
        per_day=3,
    ),
    _scenario("a hold that is handed over and a sweeper", handing("a", "k"), sweeper("s")),
    _scenario("one key twice, handed over", handing("a", "k"), handing("b", "k"), failures=0),
    _scenario(
        *("a hold that is handed over, its run and a sweeper", handing("a", "k")),
        *(continuing("w"), sweeper("s")),
    ),
    _scenario(
        *("a run and a sweeper", continuing("w"), sweeper("s")),
        past=(_begin(), handing("p", "k")),
    ),
    _scenario(
        *("a run that comes twice", continuing("w"), continuing("v")),
        past=(_begin(), handing("p", "k")),
    ),
    _scenario(
        *("a run that is given up", continuing("w"), giving_up("g")),
        past=(_begin(), handing("p", "k")),
    ),
    _scenario(
        *("a run whose job is gone", continuing("w"), marking("m"), sweeper("s")),
        past=(_begin(), handing("p", "k")),
        failures=0,
    ),
    _scenario(
        *("a run in a new cycle", continuing("w"), renewal("r")),
        past=(_begin(), handing("p", "k")),
        start=_MIDNIGHT,
        moments=(-60, 0, 20),
    ),
    _scenario("the first that ask", post("a", "k"), post("b", "l"), past=(), faults=0),
)
