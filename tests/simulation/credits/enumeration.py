"""The search: from each state every step that may come next, until none is new."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from linkwright.table import Item
from tests.simulation.credits import invariants
from tests.simulation.credits.processes import (
    DIES,
    FAILS,
    FALLS_BACK,
    MADE,
    Outcome,
    Process,
    Run,
    Stage,
)
from tests.simulation.credits.stores import (
    DONE,
    FIND_DUE,
    FIND_RUNS,
    LOST,
    MAKE,
    Call,
    Reply,
    Stores,
)

# In place of what a process was answered: it was killed.
_DEAD = -1
_EFFECTS = {DONE, Reply("said", MADE)}
_LEASES_OVER = timedelta(seconds=40)


@dataclass(frozen=True)
class Scenario:
    """`past` are done one after the other at the first of `moments`, of which only the others are
    looked at; `dying` are killed while they work. `faults`: so many kill a process or lose a reply;
    `failures` are of the work that is paid for. `most_answers` of one GET may be paid for.
    """

    name: str
    start: datetime
    rows: dict[str, list[Item]]
    grants: dict[str, int]
    partition: str
    processes: tuple[Process, ...]
    past: tuple[Process, ...] = ()
    dying: tuple[Process, ...] = ()
    moments: tuple[int, ...] = (-60, 0, 40)
    faults: int = 1
    failures: int = 1
    per_day: int | None = None
    most_answers: int = 1


class State(NamedTuple):
    """All that decides what may come. `where` has for each process its thought, or below 0 its end.

    `flying`: writes of which the reply is lost, and that may arrive yet.
    """

    store: int
    tick: int
    faults: int
    failures: int
    flying: tuple[tuple[int, Call], ...]
    where: tuple[int, ...]


class _Thought(NamedTuple):
    """A process that got one reply more, at a moment; it goes on then, or at a later one."""

    before: int
    tick: int
    reply: Reply | None
    at: int


class _Move(NamedTuple):
    """A step of one process, and what it takes of the faults and failures that are left."""

    label: str
    store: int
    where: int
    faults: int = 0
    failures: int = 0
    flying: Call | None = None


class _Moves(NamedTuple):
    """`are_work`: the process makes what is paid for."""

    moves: tuple[_Move, ...]
    are_work: bool


@dataclass
class Found:
    """What an enumeration came to. `is_whole`: there is no state that was not looked at."""

    scenario: str
    states: int = 0
    ends: int = 0
    stores: int = 0
    is_whole: bool = True
    problems: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)


class Enumeration:
    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._stores = Stores()
        self._stage = Stage(self._stores.item)
        self._moments = [scenario.start + timedelta(seconds=s) for s in scenario.moments]
        self._moments.append(self._moments[-1] + _LEASES_OVER)
        again = [process for process in scenario.processes if process.again]
        self._all = [
            *scenario.processes,
            *scenario.past,
            *scenario.dying,
            *again,
            invariants.SWEEPER,
        ]
        self._thoughts: list[_Thought] = []
        self._numbers: dict[tuple[int, _Thought], int] = {}
        self._next: dict[tuple[int, int, int], tuple[Call | Outcome, bool]] = {}
        self._possible: dict[tuple[int, int, int, int], _Moves] = {}
        self._outcomes: list[Outcome] = []
        self._outcome_numbers: dict[Outcome, int] = {}
        self._settled: dict[int, invariants.Settled] = {}
        self._steps: dict[tuple[int, int, int, int], list[str]] = {}
        self._parents: dict[State, tuple[State, str] | None] = {}

    def run(self, most: int) -> Found:
        """Look at so many states at most, and stop at the first where something is wrong."""
        with self._stage.set(self._scenario.grants):
            return self._search(most)

    def _search(self, most: int) -> Found:
        found = Found(self._scenario.name)
        first = self._first()
        self._parents[first] = None
        todo = [first]
        while todo and not found.problems:
            state = todo.pop()
            found.states += 1
            if found.states > most:
                found.is_whole = False
                break
            if all(where < 0 for where in state.where):
                found.ends += 1
                found.problems = self._judged(state)
                found.trace = self._trace(state)
                continue
            for label, after, by in self._steps_from(state):
                if after in self._parents:
                    continue
                self._parents[after] = (state, label)
                if after.store != state.store and (wrong := self._wrong(state, after, by)):
                    found.problems, found.trace = wrong, self._trace(after)
                    break
                todo.append(after)
        found.stores = len(self._stores)
        return found

    # ---- what may come next ---------------------------------------------------------------------

    def _steps_from(self, state: State) -> Iterator[tuple[str, State, int]]:
        """Each with its name, and the process whose step it is."""
        store, tick, faults, failures, flying, where = state
        moves = [
            (number, self._moves(store, number, at, tick))
            for number, at in enumerate(where)
            if at >= 0
        ]
        working = next((one for one in moves if one[1].are_work), None)
        if working is not None:
            # That is nobody else's business: whatever is done meanwhile may be done after it.
            moves = [working]
        else:
            if tick + 2 < len(self._moments):
                yield "time passes", State(store, tick + 1, *state[2:]), -1
            for at, (number, call) in enumerate(flying):
                rest = flying[:at] + flying[at + 1 :]
                landed, _ = self._stores.apply(store, call)
                yield "a write arrives late", State(landed, *state[1:4], rest, where), number
        for number, possible in moves:
            before, behind = where[:number], where[number + 1 :]
            for move in possible.moves:
                left = faults - move.faults, failures - move.failures
                if min(left) < 0:
                    continue
                flies = flying if move.flying is None else (*flying, (number, move.flying))
                then = (*before, move.where, *behind)
                yield move.label, State(move.store, tick, *left, flies, then), number

    def _moves(self, store: int, number: int, where: int, tick: int) -> "_Moves":
        """What one process may do, whatever becomes of the others."""
        known = self._possible.get((store, number, where, tick))
        if known is None:
            next_, _ = self._think(number, where, tick)
            are_work = isinstance(next_, Call) and next_.name == MAKE
            moves = tuple(self._moved(store, number, where, tick))
            known = self._possible[(store, number, where, tick)] = _Moves(moves, are_work)
        return known

    def _moved(self, store: int, number: int, where: int, now: int) -> Iterator["_Move"]:
        name = self._all[number].name
        # Who was killed after a read might as well have been before it.
        if self._thoughts[where].reply in _EFFECTS:
            yield _Move(f"{name} is killed", store, _DEAD, faults=1)
        for tick in range(self._thoughts[where].at, now + 1):
            thought, is_timed = self._think(number, where, tick)

            def told(reply: Reply, tick: int = tick) -> int:
                return self._told(number, _Thought(where, tick, reply, now))

            if isinstance(thought, Outcome):
                yield _Move(f"{name} ends", store, self._end(thought))
            elif thought.name == MAKE:
                yield _Move(f"{name}: {MADE}", store, told(Reply("said", MADE)))
                for said in (FAILS, FALLS_BACK):
                    yield _Move(f"{name}: {said}", store, told(Reply("said", said)), failures=1)
            else:
                then, reply = self._stores.apply(store, thought)
                yield _Move(f"{name}: {thought} {reply.kind}", then, told(reply))
                if thought.name not in {FIND_DUE, FIND_RUNS}:
                    flying = thought if thought.is_write else None
                    label = f"{name}: {thought} unheard"
                    yield _Move(label, store, told(LOST), faults=1, flying=flying)
            if not is_timed:
                break

    def _told(self, number: int, thought: _Thought) -> int:
        """Where a process is with its reply; if that is its last one, it has come to its end."""
        where = self._number(number, thought)
        then, is_timed = self._think(number, where, thought.at)
        if isinstance(then, Outcome):
            return self._end(then)
        # Where it does not look at the time, one moment is as good as another.
        return where if is_timed else self._number(number, thought._replace(at=0))

    def _think(self, number: int, where: int, tick: int) -> tuple[Call | Outcome, bool]:
        """What a process does next, if it goes on at that moment, and whether that matters."""
        known = self._next.get((number, where, tick))
        if known is None:
            replies, ticks = [], [tick]
            at = where
            while (thought := self._thoughts[at]).reply is not None:
                replies.append(thought.reply)
                ticks.append(thought.tick)
                at = thought.before
            process = self._all[number]
            moments = [self._moments[one] for one in reversed(ticks)]
            run = Run(number, process, replies[::-1], moments)
            act = process.again if self._is_again(number) else process.act
            assert act is not None
            next_ = self._stage.play(run, act)
            known = self._next[(number, where, tick)] = next_, run.is_timed
        return known

    def _is_again(self, number: int) -> bool:
        first = len(self._scenario.processes + self._scenario.past + self._scenario.dying)
        return first <= number < len(self._all) - 1

    def _number(self, process: int, thought: _Thought) -> int:
        number = self._numbers.setdefault((process, thought), len(self._thoughts))
        if number == len(self._thoughts):
            self._thoughts.append(thought)
        return number

    def _end(self, outcome: Outcome) -> int:
        number = self._outcome_numbers.setdefault(outcome, len(self._outcomes))
        if number == len(self._outcomes):
            self._outcomes.append(outcome)
        return _DEAD - 1 - number

    def _outcome(self, where: int) -> Outcome:
        return Outcome("dead") if where == _DEAD else self._outcomes[_DEAD - 1 - where]

    # ---- one after the other --------------------------------------------------------------------

    def _first(self) -> State:
        scenario = self._scenario
        store = self._stores.of(scenario.rows)
        count = len(scenario.processes)
        for number in range(count, count + len(scenario.past) + len(scenario.dying)):
            said = DIES if number >= count + len(scenario.past) else MADE
            store, outcome = self._alone(store, number, 0, said)
            assert not outcome.is_wrong, outcome
        began = [self._number(number, _Thought(-1, 1, None, 1)) for number in range(count)]
        return State(store, 1, scenario.faults, scenario.failures, (), tuple(began))

    def _alone(self, store: int, number: int, tick: int, said: str = MADE) -> tuple[int, Outcome]:
        """A process to its end, while nobody else does anything and nothing fails."""
        where = self._number(number, _Thought(-1, tick, None, tick))
        while isinstance(next_ := self._think(number, where, tick)[0], Call):
            reply = Reply("said", said)
            if next_.name != MAKE:
                store, reply = self._stores.apply(store, next_)
            where = self._number(number, _Thought(where, tick, reply, tick))
        return store, next_

    # ---- what must hold -------------------------------------------------------------------------

    def _wrong(self, before: State, after: State, by: int) -> list[str]:
        step = (before.store, after.store, after.tick, by)
        known = self._steps.get(step)
        if known is None:
            stores = self._stores
            known = self._steps[step] = invariants.of_step(
                self._scenario,
                stores.view(before.store),
                stores.view(after.store),
                stores.changed(before.store, after.store),
                self._all[by].name,
                self._moments[after.tick],
            )
        return known

    def _judged(self, state: State) -> list[str]:
        outcomes = [self._outcome(where) for where in state.where]
        settled = self._settled.get(state.store)
        if settled is None:
            settled = self._settled[state.store] = self._settle(state.store)
        asked = self._scenario
        is_faultless = (state.faults, state.failures, state.tick) == (
            *(asked.faults, asked.failures),
            1,
        )
        return invariants.of_end(self._scenario, outcomes, settled, is_faultless=is_faultless)

    def _settle(self, store: int) -> invariants.Settled:
        """All is quiet: what goes on is done, the leases are over, the sweeper comes, and every
        client asks again.
        """
        tick, last = len(self._moments) - 1, len(self._all) - 1
        store, swept = self._alone(store, last, tick)
        quiet = self._stores.view(store)
        again: dict[str, Outcome] = {}
        for number in range(len(self._all)):
            if self._is_again(number):
                store, again[self._all[number].name] = self._alone(store, number, tick)
        store, _ = self._alone(store, last, tick)
        return invariants.Settled(quiet, swept, again, self._stores.view(store))

    def _trace(self, state: State) -> list[str]:
        labels: list[str] = []
        at = self._parents[state]
        while at is not None:
            before, label = at
            labels.append(label)
            at = self._parents[before]
        ends = [
            f"{process.name} came to {self._outcome(where)}"
            for process, where in zip(self._scenario.processes, state.where, strict=True)
            if where < 0
        ]
        return [*reversed(labels), *ends]
