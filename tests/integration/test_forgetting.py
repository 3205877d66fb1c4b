"""Who visited is forgotten: hashes and salts are gone within 48 hours of the visit."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from linkwright import clock
from linkwright.errors import Unavailable
from linkwright.links import items
from linkwright.links.metrics import forgetting
from linkwright.links.redirect import salts
from linkwright.table import Table, get
from linkwright.transaction import Transaction
from tests.client import Context, invoke
from tests.integration.in_memory import in_memory
from tests.simulation.tables import Tables
from tests.stack import Stack

JOB = "forget_visits"
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def tables(stack: Stack) -> Iterator[Tables]:
    salts.forget()
    with in_memory(stack) as made:
        yield made
    salts.forget()


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def visits(moment: datetime, number: int = 300) -> None:
    day = salts.day(moment)
    salts.make(day)
    for name in range(number):
        key = items.visit_key(day, moment.hour, "lnk_0001", sha256(str(name).encode()).hexdigest())
        put({**key.attributes(), "click": "clk_1", "ttl": 0})


def put(item: dict[str, Any]) -> None:
    tx = Transaction("", "")
    tx.put(Table.CLICKS, item)
    tx.commit()


def left(tables: Tables, stack: Stack) -> tuple[list[str], int]:
    """The days that have a salt, and how many visits there are."""
    rows = tables.rows(stack.names["ClicksTable"])
    days = sorted(row["sk"] for row in rows if row["pk"] == "SALT" and "salt" in row)
    return days, sum(row["pk"].startswith("VIS#") for row in rows)


def test_a_salt_that_is_asked_for_is_known_whatever_days_were_before() -> None:
    made = {day: salts.make(day)["salt"] for day in ("20261130", "20261129", "20261128")}
    assert {day: salts.of(day).hex() for day in made} == made
    assert list(salts._known()) == ["20261129", "20261128"]


def test_what_is_of_a_day_goes_an_hour_after_it_and_not_before(
    stack: Stack, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOON)
    visits(NOON)
    for hours in range(0, 13):
        at(monkeypatch, NOON + timedelta(hours=hours))
        invoke(JOB, {}, Context(600_000))
        assert left(tables, stack)[1] == 300
    at(monkeypatch, NOON + timedelta(hours=13))
    invoke(JOB, {}, Context(600_000))
    assert left(tables, stack) == (["20261104"], 0)


def test_the_next_days_salt_is_there_before_the_day_and_stays_what_it_is(
    stack: Stack, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, NOON + timedelta(hours=10))
    invoke(JOB, {}, Context(600_000))
    made = get(Table.CLICKS, items.salt_key("20261104"))
    invoke(JOB, {}, Context(600_000))
    assert get(Table.CLICKS, items.salt_key("20261104")) == made
    assert left(tables, stack)[0] == ["20261103", "20261104"]


@pytest.mark.parametrize("begun", range(0, 24, 5))
def test_a_visit_and_its_salt_are_gone_within_48_hours_although_the_job_was_away_for_20(
    stack: Stack, tables: Tables, monkeypatch: pytest.MonkeyPatch, begun: int
) -> None:
    visited = NOON.replace(hour=begun)
    at(monkeypatch, visited)
    visits(visited, 40)
    end = visited.replace(hour=0) + timedelta(hours=25 + 20)
    assert end < visited + timedelta(hours=48) or begun == 0
    at(monkeypatch, end)
    invoke(JOB, {}, Context(600_000))
    days, number = left(tables, stack)
    assert (salts.day(visited) in days, number) == (False, 0)


def test_a_run_that_has_no_time_left_is_gone_on_with(
    stack: Stack, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The salt goes first: from then on hashes tell nobody anything."""
    at(monkeypatch, NOON)
    visits(NOON)
    at(monkeypatch, NOON + timedelta(hours=14))
    pages = iter(range(3))

    def delete(keys: Any) -> int:
        if next(pages, None) is None:
            raise Unavailable
        return delete_all(keys)

    delete_all = forgetting._delete
    with monkeypatch.context() as patch:
        patch.setattr(forgetting, "_delete", delete)
        with pytest.raises(RuntimeError):
            invoke(JOB, {}, Context(600_000))
    days, number = left(tables, stack)
    assert days == ["20261104"]
    assert 0 < number < 300
    invoke(JOB, {}, Context(600_000))
    assert left(tables, stack) == (["20261104"], 0)


def test_an_old_day_has_no_visits_left_where_the_job_was_away_for_days(
    stack: Stack, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in range(3):
        at(monkeypatch, NOON + timedelta(days=days))
        visits(clock.now(), 20)
    at(monkeypatch, NOON + timedelta(days=5))
    invoke(JOB, {}, Context(600_000))
    assert left(tables, stack) == (["20261108"], 0)


def test_no_salt_waits_for_what_is_left_of_another_day(
    stack: Stack, tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in (0, 1):
        at(monkeypatch, NOON + timedelta(days=days))
        visits(NOON + timedelta(days=days))
    forget = forgetting._forget

    def stuck(day: str) -> int:
        if day == salts.day(NOON):
            raise Unavailable
        return forget(day)

    monkeypatch.setattr(forgetting, "_forget", stuck)
    at(monkeypatch, NOON + timedelta(days=1, hours=13))
    with pytest.raises(Unavailable):
        forgetting.run()
    days_with_salt, still_there = left(tables, stack)
    assert days_with_salt == ["20261105"]
    assert still_there == 300, "the other day's are gone"
