"""Times as the API prints them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from linkwright import clock

MOMENT = datetime(2026, 5, 21, 9, 14, 22, 987_654, tzinfo=UTC)


def test_times_are_utc_in_whole_seconds() -> None:
    assert clock.timestamp(MOMENT) == "2026-05-21T09:14:22Z"
    east = timezone(timedelta(hours=3))
    assert clock.timestamp(MOMENT.astimezone(east)) == "2026-05-21T09:14:22Z"


@pytest.mark.parametrize("text", ["2026-05-21T09:14:22Z", "1970-01-01T00:00:00Z"])
def test_a_printed_time_is_read_back(text: str) -> None:
    assert clock.timestamp(clock.parse(text)) == text
    assert clock.parse(text).tzinfo is UTC


def test_everything_follows_the_one_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: MOMENT)
    assert clock.timestamp() == "2026-05-21T09:14:22Z"
    assert clock.epoch() == 1_779_354_862
    assert clock.epoch_ms() == 1_779_354_862_987


def test_the_clock_runs_in_utc() -> None:
    assert clock.now().tzinfo is UTC
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert clock.monotonic() <= clock.monotonic()
