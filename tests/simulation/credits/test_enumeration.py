"""All that can happen in each scenario. `python -m tests.simulation.credits` counts it."""

import pytest

from tests.simulation.credits import bugs, scenarios
from tests.simulation.credits.bugs import Bug
from tests.simulation.credits.enumeration import Enumeration, Scenario

_BY_NAME = {scenario.name: scenario for scenario in scenarios.ALL}
# What the largest has now is a fifth of it.
_MOST = 100_000


@pytest.mark.parametrize("scenario", scenarios.ALL, ids=lambda scenario: str(scenario.name))
def test_nothing_that_must_hold_is_ever_broken(scenario: Scenario) -> None:
    found = Enumeration(scenario).run(_MOST)
    assert not found.problems, "\n".join([*found.problems, *found.trace])
    assert found.is_whole
    assert found.ends > 0


@pytest.mark.parametrize(
    ("bug", "where"), bugs.ALL, ids=lambda one: getattr(one, "__name__", str(one))
)
def test_bug_in_the_protocol_is_found(
    bug: Bug, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bug(monkeypatch)
    found = Enumeration(_BY_NAME[where]).run(_MOST)
    # A bug that only breaks down is none of the protocol: its code was changed and it was not.
    broken = [one for one in found.problems if one.startswith("ended with")]
    assert all("ServerError" in one for one in broken), broken
    assert found.problems
    assert found.trace
