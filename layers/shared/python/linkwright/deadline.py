"""How long the running function has left. Unbounded outside Lambda."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol


class LambdaContext(Protocol):
    """The one thing of Lambda's context object that is used."""

    def get_remaining_time_in_millis(self) -> int: ...


_remaining: ContextVar[Callable[[], float]] = ContextVar("remaining", default=lambda: float("inf"))


@contextmanager
def of(context: LambdaContext) -> Iterator[None]:
    """While a function runs, its own time counts."""
    before = _remaining.set(lambda: context.get_remaining_time_in_millis() / 1000)
    try:
        yield
    finally:
        _remaining.reset(before)


def seconds_left() -> float:
    return _remaining.get()()
