"""Bugs that somebody could write into the protocol: each is found by one of the scenarios."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from linkwright import clock, jobs
from linkwright.credits import balances, charging, handing_over, holds, records
from linkwright.credits.generations import Later
from linkwright.credits.items import Balance, Hold
from linkwright.credits.records import Answer, Record
from linkwright.idempotency import Reply
from linkwright.table import Item, Key, Table
from linkwright.transaction import Transaction

Patch = pytest.MonkeyPatch
Bug = Callable[[Patch], None]


class _Ahead:
    """The clock, for who thinks that every lease is over."""

    def epoch(self) -> int:
        return 2**33

    def __getattr__(self, name: str) -> Any:
        return getattr(clock, name)


def balance_without_a_condition(patch: Patch) -> None:
    _without_condition(patch, holds, "_take", "BAL")


def charge_apart_from_the_answer(patch: Patch) -> None:
    keep = Answer.keep

    def later(self: Answer, tx: Transaction, hold: Hold, *, charged: int) -> None:
        effect = tx.commit

        def one_after_the_other() -> None:
            effect()
            apart = Transaction(tx.partition, tx.request_id)
            keep(self, apart, hold, charged=charged)
            apart.commit()

        patch.setattr(tx, "commit", one_after_the_other)

    patch.setattr(Answer, "keep", later)


def given_back_whatever_it_is(patch: Patch) -> None:
    """By neither of the conditions that say it is not ended, nor by what is reserved."""
    hold_ended_whatever_it_is(patch)
    _without_condition(patch, holds, "_give_back", "BAL")


def state_of_a_hold_ignored(patch: Patch) -> None:
    _without_condition(patch, holds, "_end", "hold_")


def hold_ended_whatever_it_is(patch: Patch) -> None:
    """Neither by its state nor by its line."""
    state_of_a_hold_ignored(patch)
    put = Transaction.put

    def over(self: Transaction, at: Table, item: Any, **how: Any) -> None:
        is_line = item.get("type") in {"settle", "release"}
        put(self, at, item, **(how | {"condition": ""} if is_line else how))

    patch.setattr(Transaction, "put", over)


def given_back_to_any_cycle(patch: Patch) -> None:
    give_back = holds._give_back

    def careless(hold: Hold, balance: Balance, *rest: Any, **how: Any) -> None:
        give_back(replace(hold, period=balance.period), balance, *rest, **how)

    patch.setattr(holds, "_give_back", careless)


def given_back_to_the_other_pool(patch: Patch) -> None:
    give_back = holds._give_back

    def careless(hold: Hold, *rest: Any, **how: Any) -> None:
        give_back(replace(hold, monthly=hold.extra, extra=hold.monthly), *rest, **how)

    patch.setattr(holds, "_give_back", careless)


def record_not_released(patch: Patch) -> None:
    patch.setattr(Record, "release", lambda tx, hold: None)


def lease_ignored(patch: Patch) -> None:
    patch.setattr(charging, "clock", _Ahead())


def charged_without_a_line(patch: Patch) -> None:
    tell = holds._tell

    def silent(tx: Transaction, hold: Hold, kind: str, **what: Any) -> None:
        if kind != "settle":
            tell(tx, hold, kind, **what)

    patch.setattr(holds, "_tell", silent)


def another_plan_forgets_what_is_spent(patch: Patch) -> None:
    update = Transaction.update

    def careless(self: Transaction, at: Table, key: Key, expression: str, **how: Any) -> None:
        if expression == "SET #granted = :granted, #facts_v = :v":
            expression += ", #spent = :none"
            how["values"] = {**how["values"], "none": 0}
        update(self, at, key, expression, **how)

    patch.setattr(Transaction, "update", careless)


def extra_credits_first(patch: Patch) -> None:
    take = holds._take

    def dear(tx: Transaction, hold: Hold, balance: Balance) -> None:
        cost, extra = hold.credits, min(hold.credits, balance.extra)
        object.__setattr__(hold, "extra", extra)
        object.__setattr__(hold, "monthly", cost - extra)
        take(tx, hold, balance)

    patch.setattr(holds, "_take", dear)


def charged_whatever_becomes_of_the_answer(patch: Patch) -> None:
    """Who comes too late answers all the same."""
    settle = charging._Asked._settle

    def careless(self: Any, *what: Any) -> None:
        with suppress(charging.Unavailable):
            settle(self, *what)

    patch.setattr(charging._Asked, "_settle", careless)


def cycle_begun_by_whoever_comes(patch: Patch) -> None:
    patch.setattr(balances, "_AS_SEEN", "NOT #period = :never")
    patch.setattr(balances, "_seen", lambda balance: {"never": ""})


def day_never_given_back(patch: Patch) -> None:
    patch.setattr(holds.days, "give_back", lambda tx, hold: None)


def paid_answer_gives_way_to_a_free_one(patch: Patch) -> None:
    patch.setattr(records, "is_paid", lambda kept: False)


def handed_over_whatever_it_is(patch: Patch) -> None:
    """By neither the hold nor the record, which ends with it: one of both would do."""
    _without_condition(patch, handing_over, "hand_over", "hold_", "-")


def run_not_waited_for(patch: Patch) -> None:
    patch.setattr(handing_over, "jobs", _NothingDue())
    patch.setattr(holds, "_require_over", lambda tx, job: None)


class _NothingDue:
    """The registry of jobs, for who thinks that all of them are done."""

    def is_due(self, job: Item) -> bool:
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(jobs, name)


def hold_ended_by_who_was_slow(patch: Patch) -> None:
    """By its state alone, though it was handed over since it was read."""
    update = Transaction.update

    def careless(self: Transaction, at: Table, key: Key, expression: str, **how: Any) -> None:
        if key.sk.startswith("hold_") and "#lease" in (how["condition"] or ""):
            how["condition"] = "#st = :pending"
            how["values"] = {n: v for n, v in how["values"].items() if n != "lease"}
        update(self, at, key, expression, **how)

    end = holds._end

    def ended(*arguments: Any) -> None:
        with pytest.MonkeyPatch.context() as within:
            within.setattr(Transaction, "update", careless)
            end(*arguments)

    patch.setattr(holds, "_end", ended)


def charged_apart_from_the_result(patch: Patch) -> None:
    keep = handing_over._Result.keep

    def later(self: Any, tx: Transaction, hold: Hold, *, charged: int) -> None:
        effect = tx.commit

        def one_after_the_other() -> None:
            effect()
            apart = Transaction(tx.partition, tx.request_id)
            keep(self, apart, hold, charged=charged)
            apart.commit()

        patch.setattr(tx, "commit", one_after_the_other)

    patch.setattr(handing_over._Result, "keep", later)


def answered_before_the_run_begins(patch: Patch) -> None:
    """The run's item is written by itself, behind the record and the hold."""
    hand_over = handing_over.hand_over

    def careless(hold: Hold, later: Later, reply: Reply) -> None:
        hand_over(hold, replace(later, begin=lambda tx, hold_id: None), reply)
        apart = Transaction(hold.partition, hold.request_id)
        later.begin(apart, hold.id)
        apart.commit()

    patch.setattr(handing_over, "hand_over", careless)


def _without_condition(patch: Patch, module: Any, name: str, *sk: str) -> None:
    """What a function writes to such items, it writes whatever is there."""
    proper, update = getattr(module, name), Transaction.update

    def careless(*arguments: Any, **options: Any) -> Any:
        with pytest.MonkeyPatch.context() as within:
            within.setattr(Transaction, "update", unconditional)
            return proper(*arguments, **options)

    def unconditional(self: Transaction, at: Table, key: Key, expression: str, **how: Any) -> None:
        if key.sk.startswith(sk):
            how["condition"] = None
            words = set(expression.replace(",", " ").split())
            how["values"] = {n: v for n, v in how["values"].items() if f":{n}" in words}
        update(self, at, key, expression, **how)

    patch.setattr(module, name, careless)


# By the scenario that finds it.
ALL = (
    (balance_without_a_condition, "two keys, credits for one"),
    (charge_apart_from_the_answer, "one key twice"),
    (given_back_whatever_it_is, "two sweepers of a dead hold"),
    (state_of_a_hold_ignored, "a request and a sweeper"),
    (hold_ended_whatever_it_is, "a request and a sweeper"),
    (given_back_to_any_cycle, "a new cycle, its job and a request"),
    (given_back_to_the_other_pool, "both pools"),
    (record_not_released, "one key twice"),
    (lease_ignored, "one key twice"),
    (charged_without_a_line, "one key twice"),
    (another_plan_forgets_what_is_spent, "another plan meanwhile"),
    (extra_credits_first, "both pools"),
    (charged_whatever_becomes_of_the_answer, "a request and a sweeper"),
    (cycle_begun_by_whoever_comes, "a new cycle and two requests"),
    (day_never_given_back, "what a key may take on a day"),
    (paid_answer_gives_way_to_a_free_one, "a GET and one with force"),
    (handed_over_whatever_it_is, "a hold that is handed over and a sweeper"),
    (run_not_waited_for, "a run and a sweeper"),
    (hold_ended_by_who_was_slow, "one key twice, handed over"),
    (charged_apart_from_the_result, "a run that comes twice"),
    (answered_before_the_run_begins, "a hold that is handed over and a sweeper"),
)
