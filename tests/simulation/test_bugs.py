"""Bugs that somebody could write: each is found by one of the seeds."""

import pytest

from tests.simulation import bugs, search
from tests.simulation.bugs import Bug
from tests.simulation.world import SEEDS

# So many may have moved to other seeds before the table must be renewed.
_MOST_MOVED = 10
_moved: list[str] = []


@pytest.mark.parametrize("bug", bugs.ALL, ids=lambda bug: str(bug.__name__))
def test_bug_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    found = search.seed_that_shows(bug, monkeypatch)
    assert found is not None
    if found != search.known().get(bug.__name__):
        _moved.append(bug.__name__)
    renewed = ".venv/bin/python -m tests.simulation --bugs"
    assert len(_moved) <= _MOST_MOVED, f"{renewed} looks where these show now: {_moved}"


def test_the_table_is_of_these_bugs_and_seeds() -> None:
    known = search.known()
    assert known.keys() == {bug.__name__ for bug in bugs.ALL}
    assert all(seed in range(SEEDS) for seed in known.values())
