"""Seeds of mail: what one of them finds is found again by it, `simulate(seed).trace` tells how."""

import random
import sys
from collections import Counter
from functools import cache

import pytest

from tests.simulation.mail import bugs
from tests.simulation.mail.bugs import Bug
from tests.simulation.mail.world import RARE_SEEDS, SEEDS, SES_SEEDS, WEATHERS, _World, simulate

_IN_ONE_TEST = 10
# Most mailboxes are of it then.
BY_SES = 0.8
_run = cache(simulate)
# What a trace says where something happens that does not happen in each run.
_TOLD = (
    *("is killed", "delivery 2", ": 503", "silent, and lost", "silent, and taken"),
    *("taken later", "killed behind the last dot", "a mail to", "away"),
)

_OF_SES = (
    *("tells Delivery", "tells hard", "tells soft", "tells Complaint", "tells Reject", "twice"),
    *(" s, late", "never tells", "foreign topic", "a guess", "nonsense"),
    *("hear_feedback is killed", "hear_feedback gets a message, delivery 2"),
)


@pytest.mark.parametrize("first", range(0, SEEDS, _IN_ONE_TEST))
@pytest.mark.xdist_group("seeds of mail")
def test_no_mail_goes_twice_unasked_or_too_soon(first: int) -> None:
    for seed in range(first, first + _IN_ONE_TEST):
        run = _run(seed)
        assert not run.problems, "\n".join([f"seed {seed}", *run.problems[:10]])


@pytest.mark.xdist_group("seeds of mail")
def test_all_that_can_go_wrong_does() -> None:
    """What the seeds do is worth something only if enough happens in them."""
    runs = [_run(seed) for seed in (*range(SEEDS), *RARE_SEEDS)]
    assert {run.weather for run in runs} == {weather.name for weather in WEATHERS}
    assert sum(run.arrived for run in runs) > 120
    assert sum(run.claims - run.arrived for run in runs) > 10
    assert sum(run.faults for run in runs) > 150
    assert sum(run.rests for run in runs) > 200
    told = Counter(what for run in runs for line in run.trace for what in _TOLD if what in line)
    assert {what for what in _TOLD if not told[what]} == set()


@pytest.mark.xdist_group("seeds of mail by SES")
def test_what_ses_tells_has_its_effect_once_and_nobody_else_any() -> None:
    runs = [_run(seed, BY_SES) for seed in SES_SEEDS]
    for run in runs:
        assert not run.problems, "\n".join([f"seed {run.seed} by SES", *run.problems[:10]])
    told = Counter(what for run in runs for line in run.trace for what in _OF_SES if what in line)
    assert {what for what in _OF_SES if not told[what]} == set()


def test_a_seed_is_all_that_decides() -> None:
    assert simulate(3).digest == simulate(3).digest != simulate(4).digest


def test_no_module_takes_a_chance_that_is_not_the_seeds() -> None:
    """Else what a seed finds depends on the process, and nobody can look at it again."""
    simulate(3)
    world = _World(3, BY_SES)
    with world.patched():
        modules = {name: vars(one) for name, one in sys.modules.items() if "linkwright" in name}
        free = [name for name, of in modules.items() if of.get("random") is random]
    world.scheduler.stop()
    assert free == []


@pytest.mark.parametrize("bug", bugs.ALL, ids=lambda bug: str(bug.__name__))
def test_bug_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bugs.ALL[bug]
    bug(monkeypatch)
    others = (seed for seed in range(SEEDS) if seed != first)
    assert any(simulate(seed).problems for seed in (first, *others))


@pytest.mark.parametrize("bug", bugs.OF_SES, ids=lambda bug: str(bug.__name__))
def test_bug_of_what_ses_tells_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bugs.OF_SES[bug]
    bug(monkeypatch)
    others = (seed for seed in SES_SEEDS if seed != first)
    assert any(simulate(seed, BY_SES).problems for seed in (first, *others))
