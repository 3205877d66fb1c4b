"""Time that only the simulation moves, and processes that share it.

A process is a thread, of which one runs at a time: it runs until it sleeps, and whoever is due next
goes on. So the order of all that happens is that of the clock, and a run can be repeated exactly.
"""

import contextvars
import heapq
import itertools
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar

Work = Callable[[], None]


class Doomed(BaseException):
    """The simulation is over: a process that still waits is to end."""


class _Thread(threading.Thread):
    """Does one piece of work after another: making a thread takes longer than most of them."""

    idle: ClassVar[list["_Thread"]] = []

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._wanted = threading.Lock()
        self._wanted.acquire()
        self._work: Work
        self.start()

    def begin(self, work: Work) -> None:
        self._work = work
        self._wanted.release()

    def run(self) -> None:
        while True:
            self._wanted.acquire()
            contextvars.Context().run(self._work)


class Process:
    """Runs only between `resume`, which the scheduler calls, and `give_up_turn`, which it calls."""

    def __init__(self, scheduler: "Scheduler", work: Work) -> None:
        self._scheduler = scheduler
        self._work = work
        self._mine = threading.Lock()
        self._others = threading.Lock()
        self._mine.acquire()
        self._others.acquire()
        self.has_begun = self.is_over = False
        # Which of its turns is the next one: it may be woken before the one that it waits for.
        self.turn = 0
        self.waiting: list[Process] = []

    def resume(self) -> None:
        if not self.has_begun:
            self.has_begun = True
            thread = _Thread.idle.pop() if _Thread.idle else _Thread()
            thread.begin(lambda: self._run(thread))
        else:
            self._mine.release()
        self._others.acquire()

    def give_up_turn(self) -> None:
        self._others.release()
        self._mine.acquire()
        if self._scheduler.is_over:
            raise Doomed

    def _run(self, thread: _Thread) -> None:
        try:
            self._work()
        except Doomed:
            pass
        except BaseException as failure:  # noqa: BLE001 -- raised again where the run was started
            self._scheduler.failures.append(failure)
        self.is_over = True
        _Thread.idle.append(thread)
        self._others.release()


class Scheduler:
    def __init__(self, start: datetime) -> None:
        self.now = start
        self.is_over = False
        self.failures: list[BaseException] = []
        self._due: list[tuple[datetime, int, Process]] = []
        self._numbers = itertools.count()
        self._current: Process | None = None
        self._until = start

    @property
    def current(self) -> Process | None:
        """The process that runs; None outside of all."""
        return self._current

    @property
    def pending(self) -> int:
        return len(self._due)

    def spawn(self, delay_s: float, work: Work) -> Process:
        process = Process(self, work)
        self._push(self.now + timedelta(seconds=delay_s), process)
        return process

    def join(self, process: Process, patience_s: float) -> bool:
        """Wait for another one, so long at most. Returns whether it is over."""
        me = self._current
        assert me is not None, "only a process can wait for another"
        if not process.is_over:
            process.waiting.append(me)
            self._push(self.now + timedelta(seconds=patience_s), me)
            me.give_up_turn()
            process.waiting.remove(me)
        return process.is_over

    def sleep(self, seconds: float) -> None:
        self.sleep_until(self.now + timedelta(seconds=seconds))

    def sleep_until(self, moment: datetime) -> None:
        process = self._current
        # Where nobody else is due before, there is nobody to give the turn to.
        nobody = moment <= self._until and (not self._due or self._due[0][0] > moment)
        if process is None or nobody:
            self.now = max(moment, self.now)
            return
        self._push(moment, process)
        process.give_up_turn()

    def run(self, until: datetime) -> None:
        """All that happens up to a moment, which it is then."""
        self._until = until
        while self._due and self._due[0][0] <= until and not self.failures:
            moment, turn, process = heapq.heappop(self._due)
            if process.turn == turn:
                self.now = max(moment, self.now)
                self._run(process)
        if self.failures:
            raise self.failures[0]
        self.now = max(until, self.now)

    def stop(self) -> None:
        """End every process that still waits."""
        self.is_over = True
        for _, _, process in self._due:
            if process.has_begun and not process.is_over:
                process.resume()

    def _run(self, process: Process) -> None:
        self._current = process
        process.resume()
        self._current = None
        if process.is_over:
            for other in process.waiting:
                self._push(self.now, other)

    def _push(self, moment: datetime, process: Process) -> None:
        process.turn = next(self._numbers)
        heapq.heappush(self._due, (moment, process.turn, process))
