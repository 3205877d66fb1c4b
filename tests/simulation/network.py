"""Between a function and a service: each call takes time, and some of them fail."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from linkwright.client import core
from linkwright.egress import EgressError
from tests.faults.injection import CANARY, Fault, Killed
from tests.faults.seams import dynamodb_failure, service_failure
from tests.simulation.clockwork import Scheduler
from tests.simulation.tables import cancelled

# What a client of DynamoDB sees besides: it sends again what got no answer, and two transactions
# meet on one item.
RESENT = "sent twice"
CONFLICT = "conflict"
_OF_AWS = (*Fault, RESENT, CONFLICT)
_TRANSACT = "sync_transact_write"

Failure = Callable[[str, str], BaseException]
"""What a fault raises, in which operation."""

_ENDS: ContextVar[datetime | None] = ContextVar("ends", default=None)


@dataclass(frozen=True)
class Weather:
    """How much goes wrong, as shares of the calls, records, messages and callbacks."""

    name: str
    faults: float = 0.0
    # Of what is asked of the carrier.
    trouble: float = 0.0
    lost: float = 0.0
    duplicates: float = 0.0
    # Slow enough for others to come between.
    slow: float = 0.1
    # Callbacks that take minutes.
    late: float = 0.0
    # Seconds that an index is behind, at most, and the carrier's list of calls.
    lag: float = 0.0
    listing: float = 0.0
    # For two minutes of ten nearly everything fails.
    outages: bool = False
    # So many calls one of the customers places at once.
    crowd: int = 0
    # The carrier refuses our account for some time.
    refused: bool = False

    @property
    def is_calm(self) -> bool:
        return self.is_faultless and not self.refused

    @property
    def is_faultless(self) -> bool:
        return not (self.loses or self.lag)

    @property
    def loses(self) -> bool:
        """Whether anything is not done, or not told, that should be."""
        return bool(self.faults or self.trouble or self.lost or self.outages)


class Network:
    def __init__(self, scheduler: Scheduler, chance: random.Random, weather: Weather) -> None:
        self.weather = weather
        self.struck = 0
        self._scheduler = scheduler
        self._random = chance

    def connect(self, client: object, failure: Failure, *, resends: bool = True) -> "Connected":
        """`resends`: what gets no answer its client sends again."""
        return Connected(self, client, failure, resends=resends)

    @contextmanager
    def invocation(self, timeout_s: float) -> Iterator[Callable[[], int]]:
        """While a function runs; yields what tells how many milliseconds it has left."""
        ends = self._scheduler.now + timedelta(seconds=timeout_s)
        token = _ENDS.set(ends)
        try:
            yield lambda: (ends - self._scheduler.now) // timedelta(milliseconds=1)
        finally:
            _ENDS.reset(token)

    def pass_time(self, seconds: float) -> None:
        """Wait; a function that would wait for longer than it may run is killed."""
        until, ends = self._scheduler.now + timedelta(seconds=seconds), _ENDS.get()
        if ends is not None and until >= ends:
            self._scheduler.sleep_until(ends)
            raise Killed
        self._scheduler.sleep_until(until)

    def draw(self, *faults: str, at_least: float = 0) -> str | None:
        """Which of the faults strikes a call, if one does."""
        if _ENDS.get() is None or self._random.random() >= max(self._share(), at_least):
            return None
        self.struck += 1
        return str(self._random.choice(faults))

    def latency(self) -> float:
        slow = self._random.random() < self.weather.slow
        return self._random.uniform(0.05, 1.5) if slow else 0.004

    def lag(self) -> float:
        return self._random.random() ** 4 * self.weather.lag

    def _share(self) -> float:
        is_out = self.weather.outages and self._scheduler.now.minute % 10 < 2
        return 0.9 if is_out else self.weather.faults

    def late(self, perform: Callable[[], object], at_most_s: float = 5) -> None:
        """The call arrives when nobody waits for its answer any more."""
        self._scheduler.spawn(self._random.uniform(0.1, at_most_s), lambda: _ignored(perform))


class Connected:
    """A client behind the network."""

    def __init__(
        self, network: Network, client: object, failure: Failure, *, resends: bool
    ) -> None:
        self._network = network
        self._client = client
        self._failure = failure
        self._resends = resends

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def call(*arguments: object, **options: object) -> Any:
            return self._call(name, lambda: method(*arguments, **options))

        self.__dict__[name] = call
        return call

    def _call(self, name: str, perform: Callable[[], object]) -> object:
        network = self._network
        network.pass_time(network.latency())
        fault = network.draw(*_OF_AWS)
        answer = perform() if fault is None else self._strike(fault, name, perform)
        network.pass_time(0.001)
        return answer

    def _strike(self, fault: str, name: str, perform: Callable[[], object]) -> object:
        if fault == RESENT and self._resends:
            _ignored(perform)
            return perform()
        if fault in {Fault.ERROR_500_AFTER, Fault.KILL_AFTER, Fault.LOST_REPLY}:
            _ignored(perform)
        elif fault == Fault.READ_TIMEOUT:
            self._network.late(perform)
            self._network.pass_time(4)
        raise self._failure(fault, name)


def dynamodb(fault: str, name: str) -> BaseException:
    if fault in {Fault.KILL_BEFORE, Fault.KILL_AFTER}:
        return Killed()
    if fault == CONFLICT:
        if name == _TRANSACT:
            return cancelled(["None", "TransactionConflict"])
        met: BaseException = core.PydynoxException(f"Transaction is ongoing for the item {CANARY}")
        return met
    return dynamodb_failure(Fault(fault))


def service(name: str) -> Failure:
    """How a client of a service other than DynamoDB fails."""

    def failure(fault: str, operation: str) -> BaseException:
        if fault in {CONFLICT, RESENT, Fault.GARBAGE}:
            fault = Fault.ERROR_503
        return service_failure(name, Fault(fault), operation)

    return failure


def _ignored(perform: Callable[[], object]) -> None:
    with suppress(core.PydynoxException, BotoCoreError, ClientError, EgressError):
        perform()
