"""How long the running function has left. Unbounded outside Lambda."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Protocol


class LambdaContext(Protocol):
    """The one thing of Lambda's context object that is used."""

    def get_remaining_time_in_millis(self) -> int: ...


_remaining: ContextVar[Callable[[], float]] = ContextVar("remaining", default=lambda: float("inf"))


class _Running:
    """Not `contextmanager`, whose generator costs each event ten times as much."""

    def __init__(self, context: LambdaContext) -> None:
        self._context = context

    def __enter__(self) -> None:
        self._before = _remaining.set(self._seconds)

    def __exit__(self, *_failure: object) -> None:
        _remaining.reset(self._before)

    def _seconds(self) -> float:
        return self._context.get_remaining_time_in_millis() / 1000


def of(context: LambdaContext) -> AbstractContextManager[None]:
    """While a function runs, its own time counts."""
    return _Running(context)


def seconds_left() -> float:
    return _remaining.get()()
