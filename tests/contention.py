"""Transactions that overlap in time, as DynamoDB has them and no emulator: of two on one item the
later is cancelled. Time is that of the threads here, which take turns: only waiting takes any.
"""

import heapq
from collections import Counter
from collections.abc import Callable
from itertools import count
from random import Random
from threading import Event, Thread, local
from types import SimpleNamespace
from typing import TypeVar

import pytest
from pydynox.exceptions import TransactionCanceledException

from linkwright import clock, transaction
from linkwright.table import Driver, Item

Result = TypeVar("Result")
# What a transaction in one region takes, and of that how long it has its items.
TAKES_S = 0.02
_ON_THE_WAY_S = 0.005


class Course:
    """So many at once, one of whom runs; the next is whoever waits for the least time."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._waiting: list[tuple[float, int, Event]] = []
        self._numbers = count()
        self._mine = local()
        self._is_over = Event()

    def sleep(self, seconds: float) -> None:
        heapq.heappush(self._waiting, (self.now_s + seconds, next(self._numbers), self._mine.turn))
        self._pass_on()
        self._mine.turn.wait()
        self._mine.turn.clear()

    def run(self, many: int, work: Callable[[int], Result]) -> list[Result]:
        found: dict[int, Result] = {}

        def one(index: int, turn: Event) -> None:
            self._mine.turn = turn
            turn.wait()
            turn.clear()
            try:
                found[index] = work(index)
            finally:
                self._pass_on()

        for index in range(many):
            turn = Event()
            heapq.heappush(self._waiting, (self.now_s, next(self._numbers), turn))
            Thread(target=one, args=(index, turn), daemon=True).start()
        self._pass_on()
        assert self._is_over.wait(60)
        return [found[index] for index in range(many)]

    def _pass_on(self) -> None:
        if not self._waiting:
            self._is_over.set()
            return
        moment, _, turn = heapq.heappop(self._waiting)
        self.now_s = max(self.now_s, moment)
        turn.set()


class Overlapping:
    """Has each item be in one transaction at a time."""

    def __init__(self, driver: Driver, course: Course) -> None:
        self._driver = driver
        self._course = course
        self._taken: set[tuple[str, str, str]] = set()
        self.writes = 0
        # How often each item was written, or held to a condition; and met somebody else.
        self.touched: Counter[tuple[str, str, str]] = Counter()
        self.met: Counter[tuple[str, str, str]] = Counter()
        # Somebody is there before whoever comes, for ever.
        self.always = False

    def sync_transact_write(
        self, operations: list[Item], *, client_request_token: str | None = None
    ) -> None:
        self.writes += 1
        self._course.sleep(_ON_THE_WAY_S)
        places = [_place(one) for one in operations]
        met = set(places) if self.always else self._taken.intersection(places)
        if met:
            self.met.update(met)
            reasons = ["TransactionConflict" if at in met else "None" for at in places]
            raise TransactionCanceledException(f"Transaction cancelled [{', '.join(reasons)}]")
        self._taken.update(places)
        try:
            self._course.sleep(TAKES_S - _ON_THE_WAY_S)
            self._driver.sync_transact_write(operations, client_request_token=client_request_token)
            self.touched.update(places)
        finally:
            self._taken.difference_update(places)


def _place(operation: Item) -> tuple[str, str, str]:
    at = operation.get("item") or operation["key"]
    return operation["table"], at["pk"], at["sk"]


def overlapping(monkeypatch: pytest.MonkeyPatch, seed: int) -> tuple[Course, Overlapping]:
    course = Course()
    driver = Overlapping(transaction.driver(), course)
    monkeypatch.setattr(transaction, "driver", lambda: driver)
    monkeypatch.setattr(transaction, "random", SimpleNamespace(uniform=Random(seed).uniform))
    monkeypatch.setattr(clock, "sleep", course.sleep)
    monkeypatch.setattr(clock, "monotonic", lambda: course.now_s)
    return course, driver
