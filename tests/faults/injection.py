"""The eleven faults, and an injector that lets one of them strike at the n-th call."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, StrEnum

# Part of every text that a service or its client says in a fault: no caller and no log may see it.
CANARY = "canary-7f3a arn:aws:dynamodb:us-east-1:000000000000:table/secret"


class Killed(BaseException):
    """The process is gone. No `except Exception` can hide that."""


class Effect(Enum):
    NONE = "the call does nothing"
    DONE = "the call does its work, the caller hears of a failure"
    LATE = "the call does its work after the caller gave it up"


class Fault(StrEnum):
    THROTTLE = "throttle"
    ERROR_500 = "500"
    ERROR_503 = "503"
    ERROR_500_AFTER = "500 after the effect"
    RESET = "connection reset"
    CONNECT_TIMEOUT = "connect timeout"
    READ_TIMEOUT = "read timeout"
    KILL_BEFORE = "killed before"
    KILL_AFTER = "killed after"
    LOST_REPLY = "lost reply"
    GARBAGE = "garbage 200"

    @property
    def kills(self) -> bool:
        return self in {Fault.KILL_BEFORE, Fault.KILL_AFTER}

    @property
    def effect(self) -> Effect:
        if self in {Fault.ERROR_500_AFTER, Fault.KILL_AFTER, Fault.LOST_REPLY}:
            return Effect.DONE
        return Effect.LATE if self is Fault.READ_TIMEOUT else Effect.NONE


class Reach(StrEnum):
    """Which calls a fault strikes."""

    ONCE = "at"
    TRIES = "at every try of"
    OUTAGE = "from"


@dataclass
class Injector:
    """Counts the calls of one invocation, to AWS and the carrier; without a fault it only counts.

    `reach` says what the fault strikes: the n-th call, that and every later one of its name, or all
    from there on. `meanwhile` runs before the n-th call: what another process does at that moment.
    `resent`: the n-th call is done, its reply is lost, and the client itself sends it again.
    """

    fault: Fault | None = None
    at: int = 0
    reach: Reach = Reach.ONCE
    resent: bool = False
    meanwhile: Callable[[], None] | None = None
    calls: list[str] = field(default_factory=list)
    _late: list[Callable[[], object]] = field(default_factory=list)

    @property
    def struck(self) -> bool:
        return 0 < self.at <= len(self.calls)

    @property
    def called(self) -> str:
        """What the n-th call was."""
        return self.calls[self.at - 1] if self.struck else "never reached"

    def hit(self, call: str) -> Fault | None:
        """Count a call. Returns the fault that strikes it."""
        self.calls.append(call)
        number = len(self.calls)
        if self.meanwhile and number == self.at:
            self.meanwhile()
        return self.fault if number == self.at or self._goes_on(call) else None

    @property
    def sends_again(self) -> bool:
        """Whether it is the call that was counted last."""
        return self.resent and len(self.calls) == self.at

    def _goes_on(self, call: str) -> bool:
        """Whether the fault strikes a call after the n-th as well."""
        if not self.struck or self.reach is Reach.ONCE:
            return False
        return self.reach is Reach.OUTAGE or call == self.called

    def postpone(self, perform: Callable[[], object]) -> None:
        self._late.append(perform)

    def take_late(self) -> list[Callable[[], object]]:
        late, self._late = self._late, []
        return late

    def finish(self) -> None:
        """What was given up and is still on its way arrives when the invocation is over."""
        land(self.take_late())


def land(late: list[Callable[[], object]]) -> None:
    for perform in late:
        with suppress(Exception):  # nobody is left to hear of it
            perform()
