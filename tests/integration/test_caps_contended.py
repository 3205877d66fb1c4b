"""Visitors at once on one link, where transactions that overlap cancel each other."""

import pytest

from tests.contention import overlapping
from tests.factories import Workspace
from tests.shortlinks import ask, clicks_of, passed, stored
from tests.stack import Stack
from tools.template import ROOT

CAP = 10
# As docs/redirects.md has it.
AT_ONCE = 60


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("visitors", [20, 100])
def test_302_for_as_many_as_the_cap_says_and_503_for_nobody(
    workspace: Workspace, stack: Stack, monkeypatch: pytest.MonkeyPatch, visitors: int, seed: int
) -> None:
    alias, link = stored(workspace, click_cap=CAP)
    ask("/nobody")  # what a process reads before its first visitor
    course, driver = overlapping(monkeypatch, seed)
    answers = course.run(visitors, lambda n: ask(f"/{alias}", address=f"198.51.100.{n}").status)
    assert sorted(answers) == [302] * CAP + [410] * (visitors - CAP)
    assert (passed(link), len(clicks_of(stack, link))) == (CAP, CAP)
    assert driver.writes > visitors


@pytest.mark.parametrize("seed", range(5))
def test_302_for_as_many_at_once_as_the_docs_say_while_the_cap_lasts(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    assert f"some {AT_ONCE} at once" in (ROOT / "docs/redirects.md").read_text()
    alias, link = stored(workspace, click_cap=1000)
    ask("/nobody")
    course, _ = overlapping(monkeypatch, seed)
    answers = course.run(AT_ONCE, lambda n: ask(f"/{alias}", address=f"198.51.100.{n}").status)
    assert answers == [302] * AT_ONCE
    assert passed(link) == AT_ONCE


def test_503_for_the_right_password_where_it_cannot_be_counted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told that the cap is used up, who guesses would know that it was right."""
    alias, link = stored(workspace, click_cap=1, password="secret")
    assert ask(f"/{alias}", "POST", body="password=secret").status == 303
    course, driver = overlapping(monkeypatch, 1)
    driver.always = True

    def guess(n: int) -> int:
        body = f"password={('secret', 'wrong')[n]}"
        return ask(f"/{alias}", "POST", body=body, address=f"198.51.100.{n}").status

    assert course.run(2, guess) == [503, 503]
    assert passed(link) == 1


def test_302_at_the_first_try_without_a_cap(
    workspace: Workspace, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias, link = stored(workspace)
    ask("/nobody")
    course, driver = overlapping(monkeypatch, 1)
    answers = course.run(100, lambda n: ask(f"/{alias}", address=f"198.51.100.{n}").status)
    assert answers == [302] * 100
    assert (driver.writes, len(clicks_of(stack, link))) == (100, 100)
