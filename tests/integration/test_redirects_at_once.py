"""Short links that many follow at once. Judged by MiniStack: in memory they come one by one."""

import pytest

from linkwright.links import items
from linkwright.links.redirect import clicks, salts
from tests import shortlinks
from tests.agents import BOTS, BROWSERS, PREVIEWS
from tests.factories import Workspace
from tests.integration.test_concurrency import at_once
from tests.shortlinks import ask, clicks_of, passed, stored
from tests.stack import Stack

# Visitors are counted by the hour, and guesses by its quarters: none ends meanwhile.
pytestmark = pytest.mark.usefixtures("hand")

CAP = 10
# What takes nothing of a cap.
OTHERS = [
    {"method": "HEAD"},
    {"headers": {"Sec-Purpose": "prefetch"}},
    {"agent": None},
    {"agent": PREVIEWS[0]},
    {"agent": BOTS[0]},
]


def _counted(stack: Stack, link: str) -> int:
    return len([click for click in clicks_of(stack, link) if "bot" not in click])


def test_of_a_hundred_visitors_exactly_as_many_pass_as_the_cap_says(
    workspace: Workspace, stack: Stack
) -> None:
    alias, link = stored(workspace, click_cap=CAP)
    answers = at_once(100, lambda n: ask(f"/{alias}", address=f"198.51.100.{n}"))
    statuses = sorted(answer.status for answer in answers)
    assert statuses == [302] * CAP + [410] * 90
    assert (passed(link), _counted(stack, link)) == (CAP, CAP)


def test_what_is_no_person_takes_none_of_it(workspace: Workspace, stack: Stack) -> None:
    alias, link = stored(workspace, click_cap=CAP)

    def come(n: int) -> int:
        who = OTHERS[n % len(OTHERS)] if n % 2 else {"address": f"198.51.100.{n}"}
        return ask(f"/{alias}", **who).status  # type: ignore[arg-type]

    statuses = at_once(80, come)
    people = [statuses[n] for n in range(0, 80, 2)]
    assert (people.count(302), people.count(410)) == (CAP, 30)
    assert (passed(link), _counted(stack, link)) == (CAP, CAP)
    assert set(statuses) == {302, 410}


def test_one_visitor_at_once_is_counted_once(workspace: Workspace, stack: Stack) -> None:
    alias, link = stored(workspace, click_cap=CAP, track_conversion=True)
    answers = at_once(30, lambda _: ask(f"/{alias}"))
    assert {answer.status for answer in answers} == {302}
    assert (passed(link), _counted(stack, link)) == (1, 1)
    # All of them name it.
    assert len({shortlinks.location(answer) for answer in answers}) == 1


def test_a_day_has_one_salt_whoever_makes_it(stack: Stack) -> None:
    stack.delete("ClicksTable", items.salt_key("20200101"))
    made = at_once(16, lambda _: salts.make("20200101")["salt"])
    assert len(set(made)) == 1


@pytest.mark.slow
def test_guesses_at_once_are_no_more_than_one_after_another(
    workspace: Workspace, stack: Stack
) -> None:
    alias, _ = stored(workspace, password="secret")

    def guess(n: int) -> int:
        return ask(f"/{alias}", "POST", body=f"password={n}", agent=f"{BROWSERS[0]} {n}").status

    statuses = at_once(40, guess)
    assert (statuses.count(403), statuses.count(429)) == (clicks.TRIES_OF_NETWORK, 30)
