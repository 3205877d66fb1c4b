"""The one source of time, so that a test can stop it."""

import time
from datetime import UTC, date, datetime, timedelta, tzinfo

RFC3339 = "%Y-%m-%dT%H:%M:%SZ"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ALMOST_A_SECOND = timedelta(microseconds=999_999)


class NotYet(Exception):
    """Nothing was done, and nothing is wrong: it may be tried from a moment on, `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


def now() -> datetime:
    return datetime.now(UTC)


def epoch() -> int:
    """Whole seconds since 1970."""
    return int(now().timestamp())


def epoch_ms(moment: datetime | None = None) -> int:
    """Whole milliseconds since 1970; in integers, since a float may be one off."""
    return ((moment or now()) - _EPOCH) // _MILLISECOND


def from_epoch_ms(milliseconds: int) -> datetime:
    """The inverse of `epoch_ms`."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def timestamp(moment: datetime | None = None) -> str:
    """RFC 3339 in UTC with whole seconds, the form of every time the API prints."""
    return (moment or now()).astimezone(UTC).strftime(RFC3339)


def whole_second(moment: datetime) -> datetime:
    """The moment, or the next whole second: as `timestamp` shows it, never too early."""
    return (moment + _ALMOST_A_SECOND).replace(microsecond=0)


def parse(text: str) -> datetime:
    """The inverse of `timestamp`."""
    # Not `strptime`, which at its first use loads locales and calendars.
    return datetime.fromisoformat(text).astimezone(UTC)


def day(text: str, zone: tzinfo) -> date:
    """The day in a zone of what `timestamp` gives."""
    return parse(text).astimezone(zone).date()


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def monotonic() -> float:
    """Seconds of a clock that never jumps, for measuring how long something takes."""
    return time.monotonic()
