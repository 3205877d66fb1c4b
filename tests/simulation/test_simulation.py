"""Seeds: what one of them finds, `python -m tests.simulation --seed …` replays with its trace."""

import os
import subprocess
import sys
from collections import Counter
from functools import cache

import pytest

from tests.simulation.world import SEEDS, WEATHERS, simulate
from tools.template import ROOT

_IN_ONE_TEST = 40
# What a trace says where something happens that does not happen in each run.
_TOLD = (
    *("attempt 3,", "is killed", "is lost", "delivery 2", ": 503"),
    *("provider_timeout", "transferred", "model_failed", "silence", "max_duration"),
    *("call_screening", "voicemail", "do_not_call", "by api", "gets rec", "gets hup"),
)


# What several tests look at.
_run = cache(simulate)
_LOOKED_AT = 60
# Those that look at the same runs are for one process; the others are for whoever is free.
_together = pytest.mark.xdist_group("runs that are looked at")
_FIRSTS = [
    pytest.param(first, marks=_together if first < _LOOKED_AT else ())
    for first in range(0, SEEDS, _IN_ONE_TEST)
]


@pytest.mark.longest
@pytest.mark.parametrize("first", _FIRSTS)
def test_nothing_goes_wrong_that_must_not(first: int) -> None:
    for seed in range(first, first + _IN_ONE_TEST):
        run = _run(seed)
        replay = f".venv/bin/python -m tests.simulation --seed {seed}"
        assert not run.problems, "\n".join([replay, *run.problems[:10]])


def test_a_seed_is_all_that_decides() -> None:
    """In this process and in others, whatever order they give to sets."""
    first = simulate(1)
    assert first.digest == simulate(1).digest
    assert first.digest != simulate(2).digest
    told = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seed", "1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert first.digest[:12] in told.stdout.splitlines()[-1]


@_together
def test_every_weather_comes() -> None:
    """What the seeds do is worth something only if enough happens in them."""
    runs = [_run(seed) for seed in range(_LOOKED_AT)]
    assert {run.weather for run in runs} == {weather.name for weather in WEATHERS}
    assert sum(run.dials for run in runs) > 200
    assert sum(run.faults for run in runs) > 300
    told = Counter(what for run in runs for line in run.trace for what in _TOLD if what in line)
    assert {what for what in _TOLD if told[what] < 3} == set()
