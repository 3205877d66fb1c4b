"""Processes: what each does, replayed with the replies that it got up to the call that is next."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from linkwright import clock, ids, observability, plans, table, transaction
from linkwright.ai.agent import making, running
from linkwright.client import core
from linkwright.credits import charging, handing_over
from linkwright.credits.generations import Allowed, Made
from linkwright.errors import ApiError, ServerError
from linkwright.fields import Model
from linkwright.http import Response
from linkwright.table import Item
from tests.faults.injection import Fault
from tests.faults.seams import dynamodb_failure
from tests.simulation import seams
from tests.simulation.credits.stores import GET, LOST, MAKE, UPDATE, Call, Reply
from tests.simulation.values import copied

MADE, FAILS, FALLS_BACK, DIES = "made", "fails", "falls back", "dies"
_READ = SimpleNamespace(consumed_rcu=1.0, consumed_wcu=1.0)
# Short: who waits looks twice.
_WAIT_S = 0.2
# Of who was handed a hold: over at an end, as that of a request is.
_HANDED = timedelta(seconds=30)


class Suspended(BaseException):
    """The process asks for what is not known yet."""

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.call = call


class Dead(BaseException):
    """The process was killed while it worked."""


class _Broken(Exception):
    """The work that is paid for failed."""


class Said(Model):
    """An answer that no other attempt gives."""

    by: str
    number: int


class Outcome(NamedTuple):
    """What a process came to: the status of an answer, "done", "dead", or what is wrong.

    `is_own`: not a repetition of what another request was answered.
    """

    said: str
    body: str = ""
    charged: int = 0
    is_own: bool = True

    @classmethod
    def of(cls, response: Response) -> "Outcome":
        told = response.headers
        return cls(
            str(response.status),
            response.body,
            int(told["X-AI-Credits-Charged"]),
            "Idempotent-Replayed" not in told and told.get("X-Cache") != "hit",
        )

    @property
    def is_wrong(self) -> bool:
        return self.said not in {
            *("200", "202", "402", "409", "500", "503", "done", "dead"),
        }


@dataclass(frozen=True)
class Process:
    """`name` is also the id of its request. `again` is how its client asks once more, when all is
    quiet; `may_wait`: of a GET, which may wait in vain.
    """

    name: str
    act: Callable[["Run"], Outcome]
    again: Callable[["Run"], Outcome] | None = None
    key: str = ""
    may_wait: bool = False


class Run:
    """One replay. `ticks` are the moments at which it thought: before each call, and at its end."""

    def __init__(
        self, number: int, process: Process, replies: Sequence[Reply], ticks: Sequence[datetime]
    ) -> None:
        self.process = process
        self.slept = 0.0
        self._number = number
        self._replies = replies
        self._ticks = ticks
        self._at = self._drawn = self._works = 0
        # Whether it looked at the time since its last reply.
        self.is_timed = False
        # Of the transaction that nothing is heard of.
        self._lost: str | None = None

    @property
    def now(self) -> datetime:
        self.is_timed = True
        return self._ticks[self._at]

    def ask(self, call: Call) -> Reply:
        if self._lost is not None and call.token == self._lost:
            return LOST
        if self._at == len(self._replies):
            raise Suspended(call)
        reply = self._replies[self._at]
        self._at += 1
        self.is_timed = False
        if reply == LOST:
            self._lost = call.token
        return reply

    def draw(self, bits: int) -> int:
        """What is random, and differs from all that others draw."""
        self._drawn += 1
        return (self._number << 32) + self._drawn

    def make(self, allowed: Allowed) -> Made[Said]:
        self._works += 1
        said = self.ask(Call(MAKE)).value
        if said == DIES:
            raise Dead
        if said == FAILS:
            raise _Broken
        body = Said(by=self.process.name, number=self._works)
        return Made(body, is_fallback=said == FALLS_BACK)

    def outcome(self, act: Callable[["Run"], Outcome]) -> Outcome:
        try:
            return act(self)
        except ServerError as failure:
            return Outcome(repr(failure))
        except ApiError as failure:
            return Outcome(str(failure.status))
        except Dead:
            return Outcome("dead")
        except _Broken:
            return Outcome("500")
        except Exception as failure:  # noqa: BLE001 -- a finding, which the enumeration reports
            return Outcome(repr(failure))


class Stage:
    """Where one process runs at a time: the seams of the layer lead to whoever does."""

    def __init__(self, item: Callable[[int], Item | None]) -> None:
        self._item = item
        self._run: Run | None = None

    @property
    def run(self) -> Run:
        assert self._run is not None, "nobody runs"
        return self._run

    def play(self, run: Run, act: Callable[[Run], Outcome]) -> Call | Outcome:
        """Up to the next call, or to the end."""
        self._run = run
        try:
            return run.outcome(act)
        except Suspended as suspended:
            return suspended.call
        finally:
            self._run = None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The calls of the tables' client."""

        def call(*arguments: Any, **options: Any) -> Any:
            return self._told(name, self.run.ask(Call(name, arguments, options)))

        return call

    def _told(self, name: str, reply: Reply) -> Any:
        if reply == LOST:
            raise dynamodb_failure(Fault.LOST_REPLY)
        if reply.kind == "refused":
            if name == UPDATE:
                raise core.ConditionalCheckFailedException("The conditional request failed")
            raise core.TransactionCanceledException(reply.value)
        if name in {GET, UPDATE}:
            return copied(self._item(reply.value)), _READ
        return None

    def _new_id(self, prefix: str) -> str:
        """Of what a run draws, so that it can be repeated: no process knows what others made."""
        return f"{prefix}_{ids._ulid(clock.epoch_ms(), self.run.draw(80))}"

    @contextmanager
    def set(self, plans_of: dict[str, int]) -> Iterator[None]:
        """`plans_of` says what each plan grants."""

        def sleep(seconds: float) -> None:
            self.run.slept += seconds

        def monotonic() -> float:
            return self.run.now.timestamp() + self.run.slept

        with pytest.MonkeyPatch.context() as patch:
            for name, value in seams.ENVIRONMENT.items():
                patch.setenv(name, value)
            for name, granted in plans_of.items():
                patch.setitem(plans.PLANS, name, plans.PLANS[name]._replace(ai_credits=granted))
            seams.forget()
            for module in (table, transaction):
                patch.setattr(module, "driver", lambda: self)
            patch.setattr(transaction, "random", SimpleNamespace(uniform=lambda *_: 0.0))
            patch.setattr(transaction, "uuid4", lambda: UUID(int=self.run.draw(80)))
            patch.setattr(ids, "new", self._new_id)
            patch.setattr(clock, "now", lambda: self.run.now)
            patch.setattr(clock, "sleep", sleep)
            patch.setattr(clock, "monotonic", monotonic)
            patch.setattr(charging, "_WAIT_S", _WAIT_S)
            for module in (handing_over, making):
                patch.setattr(module, "LEASE", _HANDED)
            patch.setattr(running, "go_on", lambda *_, **__: self.run.make(Allowed(1.0)))
            # What is kept of a run is read as what was said.
            patch.setattr(making, "AgentAnswer", Said)
            for module in (charging, handing_over):
                patch.setattr(module, "count", lambda name: None)
            patch.setattr(observability, "write", lambda _: None)
            try:
                yield
            finally:
                seams.forget()
