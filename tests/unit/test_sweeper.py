"""What a sweep of a shard asks for: in which order, and for how long."""

from typing import Any

import pytest

from linkwright import deadline, jobs, sweeper, table
from linkwright.table import Item
from tests.clocks import Left

PAGES = 3


@pytest.fixture
def asked(environment: pytest.MonkeyPatch) -> list[tuple[str, Item | None]]:
    """Partitions, each with the place from which it was asked on: of empty pages, three each."""
    asked: list[tuple[str, Item | None]] = []

    def query(_: object, partition: str, **options: Any) -> tuple[list[Item], Item | None]:
        behind = options["start_after"]
        asked.append((partition, behind))
        page = (behind or {"page": 1})["page"]
        return [], {"page": page + 1} if page < PAGES else None

    environment.setattr(table, "query", query)
    return asked


def test_looks_at_what_is_under_way_come_before_what_has_only_to_begin(
    asked: list[tuple[str, Item | None]],
) -> None:
    assert sweeper.sweep(3) == 0
    places = [None, {"page": 2}, {"page": 3}]
    looks, others = jobs.due_partition(3, is_look=True), jobs.due_partition(3)
    assert asked == [(of, place) for of in (looks, others) for place in places]


@pytest.mark.parametrize(("left_ms", "pages"), [(15_001, 2 * PAGES), (15_000, 0)])
def test_a_page_is_read_with_more_than_fifteen_seconds_left_and_not_with_less(
    asked: list[tuple[str, Item | None]], left_ms: int, pages: int
) -> None:
    with deadline.of(Left(left_ms)):
        assert sweeper.sweep(0) == 0
    assert len(asked) == pages
