"""A clock for tests in which time is what matters."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from linkwright import clock


def noon() -> str:
    """A zone in which no day begins for hours, for what takes real time."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


@dataclass(frozen=True)
class Left:
    """A function that has so long left, however long one looks."""

    ms: int

    def get_remaining_time_in_millis(self) -> int:
        return self.ms


class Hand:
    """A clock that goes on only where a test moves it."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._now = clock.now()
        patch.setattr(clock, "now", lambda: self._now)

    def set(self, moment: datetime) -> None:
        self._now = moment

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
