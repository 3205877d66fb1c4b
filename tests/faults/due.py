"""A job of a worker that is due: struck at each of its calls, and run twice at each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from tests.faults import plan
from tests.faults.injection import Injector
from tests.faults.matrix import told
from tests.faults.tally import TALLY
from tests.faults.world import World

WORKER = "update_workspace"


@dataclass(frozen=True)
class DueJob:
    """`prepared` makes it due in a world that was reset; `left` says what is wrong at the end."""

    case: str
    kind: str
    prepared: Callable[[World], None]
    left: Callable[[World], list[str]]
    worker: str = WORKER

    def struck(self, world: World) -> list[str]:
        """What is wrong after any fault at any of its calls."""
        at, calls = self._run(world)
        TALLY.calls[self.case] = len(calls)
        return [one for by in plan.injectors(calls) for one in self._by(world, at, by, "struck")]

    def twice(self, world: World) -> list[str]:
        """The same, where another run comes in the middle."""
        at, calls = self._run(world)
        runs = [Injector(at=n, meanwhile=world.repeat) for n in range(1, len(calls) + 1)]
        return [one for by in runs for one in self._by(world, at, by, "twice")]

    def _by(self, world: World, at: int, injector: Injector, how: str) -> list[str]:
        self.prepared(world)
        world.arms = {(self.worker, at): [injector]}
        TALLY.runs[self.case, how] += 1
        found = self._happens(world)
        if not injector.struck:
            found.append("the call was not made")
        return told(found, injector)

    def _run(self, world: World) -> tuple[int, list[str]]:
        """The place of its run among the events of the worker, and the calls that it makes."""
        self.prepared(world)
        assert self._happens(world) == []
        assert self.kind in world.kinds
        events = [event for event in world.events if event.file == self.worker]
        at = next(at for at, event in enumerate(events) if event.about == self.kind)
        return at, events[at].calls

    def _happens(self, world: World) -> list[str]:
        """All that comes of it, by the sweeper and the queue."""
        with world.seam.use(Injector()):
            for _ in range(3):
                world.run_schedules()
                world.settle()
                world.advance(timedelta(seconds=70))
        return [*self.left(world), *world.problems]
