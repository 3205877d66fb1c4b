"""Rounds in which everything that is compared runs in turn, so that all meet the same machine.

What counts is the median of the ratios, round by round. What is not yet known well enough to be
judged is measured more often: on a machine that others share most of the time goes there.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from statistics import median

from benchmarks.processes import Reading, Subject
from benchmarks.subjects import Group

FEWEST, MOST = 5, 25
LONGEST_S = 1200
REQUESTS = 100


@dataclass
class Ratios:
    """Round by round: init to the floor's, and the rest to the bare handler's of the same route."""

    init: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        return {kind: round(median(found), 3) for kind, found in self._lists().items()}

    def errors(self) -> dict[str, float]:
        """The standard error of each median, as a part of it."""
        return {kind: _error(found) for kind, found in self._lists().items()}

    @property
    def error(self) -> float:
        return max(self.errors().values())

    def _lists(self) -> dict[str, list[float]]:
        lists = {"init": self.init, "first": self.first, "warm": self.warm}
        return {kind: found for kind, found in lists.items() if found}


def measure(
    groups: Iterable[Group], floor: Subject, is_known: Callable[[str, Ratios], bool]
) -> dict[str, Ratios]:
    """`is_known`: whether what was found of one of that name is enough."""
    found: dict[str, Ratios] = defaultdict(Ratios)
    left, began = list(groups), time.monotonic()
    for at in range(MOST):
        if not left or (at >= FEWEST and time.monotonic() - began > LONGEST_S):
            break
        _round(left, floor, found)
        if at + 1 >= FEWEST:
            left = [less for group in left if (less := _unknown(group, found, is_known)).subjects]
    return dict(found)


def _round(groups: Sequence[Group], floor: Subject, found: dict[str, Ratios]) -> None:
    before = floor.run().init
    for group in groups:
        bare = group.bare.run(REQUESTS) if group.bare else None
        readings = {subject.name: subject.run(REQUESTS) for subject in group.subjects}
        after = floor.run().init
        for name, reading in readings.items():
            _note(found[name], reading, (before + after) / 2, bare)
        if group.bare and bare:
            found[group.bare.name].init.append(bare.init / ((before + after) / 2))
        before = after


def _note(ratios: Ratios, reading: Reading, floor: float, bare: Reading | None) -> None:
    ratios.init.append(reading.init / floor)
    if bare:
        ratios.first.append(reading.first / bare.first)
        ratios.warm.append(reading.warm / bare.warm)


def _unknown(
    group: Group, found: dict[str, Ratios], is_known: Callable[[str, Ratios], bool]
) -> Group:
    subjects = [one for one in group.subjects if not is_known(one.name, found[one.name])]
    return replace(group, subjects=subjects)


def _error(ratios: Sequence[float]) -> float:
    """The standard error of the median, by the deviations from it: a few outliers do no harm."""
    middle = median(ratios)
    deviation = 1.4826 * median(abs(ratio - middle) for ratio in ratios)
    return 1.2533 * deviation / sqrt(len(ratios)) / middle
