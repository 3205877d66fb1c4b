"""Credits that many take at once, while replies are lost, leases end and a cycle begins.

Judged by MiniStack: in memory, requests come one by one.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock, plans
from linkwright.credits import balances, handing_over, records
from linkwright.credits.items import PENDING, Hold
from linkwright.errors import ApiError, Conflict, Unavailable
from linkwright.jobs import Work
from linkwright.plans import Period
from linkwright.transaction import Transaction
from tests.credits import Asker, balance, holds_of, kinds, violated
from tests.factories import Workspace
from tests.integration.test_concurrency import at_once
from tests.stack import Stack

THREADS, ROUNDS, KEYS = 8, 6, 5


def _ask(asker: Asker, **wanted: Any) -> str:
    """The answer, or the class of the error in its place."""
    try:
        return str(asker.post(**wanted).body if wanted else asker.get().body)
    except (ApiError, RuntimeError) as error:
        return type(error).__name__


def test_twenty_that_miss_at_once_are_one_answer_and_one_charge(
    workspace: Workspace, stack: Stack
) -> None:
    asker = Asker.of(workspace)
    balances.current(workspace.partition, "0")
    answers = at_once(20, lambda _: _ask(asker))
    assert set(answers) == {'{"number":1}'}
    assert (asker.made, balance(workspace).spent) == (1, 2)
    assert violated(stack, workspace) == []


def test_twenty_with_one_key_are_one_charge(workspace: Workspace, stack: Stack) -> None:
    asker = Asker.of(workspace)
    answers = at_once(20, lambda _: _ask(asker, key="k"))
    assert set(answers) <= {'{"number":1}', Conflict.__name__, Unavailable.__name__}
    assert asker.post("k").body == '{"number":1}'
    assert (asker.made, balance(workspace).spent) == (1, 2)
    assert violated(stack, workspace) == []


def test_no_more_is_taken_than_there_is(workspace: Workspace, stack: Stack) -> None:
    asker = Asker.of(workspace)
    granted = asker.account.plan.ai_credits
    balances.add(workspace.partition, 5, "invoice 1")
    while balance(workspace).monthly > 15:
        asker.post(operation="agent")
    at_once(12, lambda n: _ask(asker, key=f"k{n}", operation="bio_generate"))
    now = balance(workspace)
    assert 0 <= now.remaining < granted
    assert violated(stack, workspace) == []


@contextmanager
def _hostile(chance: random.Random, months: list[int]) -> Iterator[None]:
    """Replies are lost, transactions meet, each lease is over as soon as it begins, and so may the
    billing cycle be.
    """
    write, period = Transaction._write, plans.period

    def later(anchor_day: int) -> Period:
        return period(anchor_day, clock.now() + sum(months) * timedelta(days=31))

    def struck(tx: Transaction, token: str) -> None:
        drawn = chance.random()
        if drawn < 0.07:
            raise Unavailable
        write(tx, token)
        if drawn > 0.93:
            raise Unavailable

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Transaction, "_write", struck)
        patch.setattr(records.Record, "lease", lambda _: clock.epoch())
        patch.setattr(plans, "period", later)
        yield


def _sweep(stack: Stack, workspace: Workspace) -> None:
    for hold in holds_of(stack, workspace):
        if hold["st"] == PENDING:
            key = Hold.of(hold).key
            try:
                handing_over.sweep(Work("hold", *key))
            except (Unavailable, clock.NotYet):
                continue


@pytest.mark.parametrize("seed", range(3))
def test_the_ledger_is_right_whatever_meets(workspace: Workspace, stack: Stack, seed: int) -> None:
    chance, asker, months = random.Random(seed), Asker.of(workspace), [0]
    balances.add(workspace.partition, 50, "invoice 1")

    def whatever() -> None:
        asker.fails = chance.choice([None, None, RuntimeError("the work is broken")])
        asker.is_fallback = chance.random() < 0.2

    asker.meanwhile = whatever

    def work(thread: int) -> None:
        for _ in range(ROUNDS):
            drawn = chance.random()
            if drawn < 0.1:
                _sweep(stack, workspace)
            elif drawn < 0.13:
                months.append(1)
            elif drawn < 0.3:
                _ask(asker)
            else:
                _ask(asker, key=f"k{chance.randrange(KEYS)}")

    with _hostile(chance, months):
        at_once(THREADS, work)
    clock.sleep(1)
    for _ in range(3):
        _sweep(stack, workspace)
    assert violated(stack, workspace) == []
    assert balance(workspace).reserved == 0
    assert kinds(stack, workspace)["hold"] > KEYS
