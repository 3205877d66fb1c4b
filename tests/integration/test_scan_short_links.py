"""A scan of links that are made for a while, or for a few clicks: nobody is told what they know."""

from datetime import timedelta
from typing import Any

import pytest

from linkwright import clock
from linkwright.links import candidates
from tests import clicks, shortlinks
from tests.clocks import Hand
from tests.factories import Workspace
from tests.integration.test_scan import changed, events, opened, scan, told, within
from tests.stack import Stack


def ends_in(**time: float) -> Any:
    return pytest.param(timedelta(**time), id="-".join(f"{time[one]}{one}" for one in time))


@pytest.mark.parametrize("life", [ends_in(hours=1), ends_in(days=1), ends_in(days=2, hours=23)])
def test_200_one_that_is_made_for_less_than_three_days_is_never_told(
    workspace: Workspace, hand: Hand, life: timedelta
) -> None:
    workspace.link(expires_at=clock.timestamp(clock.now() + life))
    for _ in range(8):
        assert scan(workspace) == 0
        hand.move((life / 7).total_seconds())


@pytest.mark.parametrize(
    ("days", "wanted"),
    [(3, [(2, "24h")]), (6, [(4, "7d"), (5, "24h")]), (12, [(8, "7d"), (11, "24h")])],
)
def test_200_one_is_told_in_the_last_third_of_its_days(
    workspace: Workspace, hand: Hand, days: int, wanted: list[tuple[int, str]]
) -> None:
    workspace.link(expires_at=within(days=days, seconds=30))
    found = []
    hand.move(60)
    for day in range(days + 1):
        if scan(workspace):
            found.append((day, events(workspace)[-1]["data"]["within"]))
        hand.move(timedelta(days=1).total_seconds())
    assert found == wanted
    assert opened(workspace) == set()


def test_200_an_end_that_is_moved_is_judged_by_the_days_that_it_makes(
    workspace: Workspace, hand: Hand
) -> None:
    link = workspace.link(expires_at=within(hours=6))
    changed(workspace, link, expires_at=within(days=60))
    hand.move(timedelta(days=54).total_seconds())
    assert scan(workspace) == 1


@pytest.mark.parametrize(("cap", "at"), [(1, None), (2, 1), (5, 4), (9, 8), (10, 9), (20, 18)])
def test_200_a_cap_is_told_before_it_is_used_up_and_over_when_it_is(
    stack: Stack, workspace: Workspace, cap: int, at: int | None
) -> None:
    """As who follows it is counted, and a scan comes after each."""
    link = workspace.link(click_cap=cap)
    seen = []
    for passed in range(1, cap + 1):
        shortlinks.ask(f"/{link['alias']}", address=f"192.0.2.{passed}")
        clicks.count(shortlinks.clicks_of(stack, link["id"]))
        if scan(workspace):
            seen.append(passed)
    assert seen == ([at] if at else [])
    assert (len(told(workspace)), opened(workspace)) == (len(seen), set())


@pytest.mark.parametrize(
    ("cap", "wanted"), [(1, []), (2, [1]), (9, [8]), (10, [9]), (30, [27, 28, 29])]
)
def test_near_are_whole_clicks_below_the_cap(cap: int, wanted: list[int]) -> None:
    assert list(candidates.nearly_used(cap)) == wanted
