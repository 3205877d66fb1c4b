"""How facts of shares and changes are made."""

from collections.abc import Mapping

from linkwright.ai.facts import statistics
from linkwright.ai.facts.facts import Fact, Facts
from linkwright.ai.facts.series import named

DIMENSIONS = ("country", "referrer", "device", "browser")
_LEAST_PART, _MORE_THAN_USUAL = 0.5, 0.15
# Of which nobody learns anything.
NAMELESS = frozenset({"other", "unknown"})


def percent(share: float, window: str | None, n: int | None) -> Fact:
    return Fact(round(100 * share, 1), "percent", window, None, n)


def change(share: float, window: str, compared_with: str, n: int) -> Fact:
    return Fact(round(100 * share, 1), "change", window, compared_with, n)


def within(days: int, window: str) -> Facts:
    """How many days it is of; of one, which that was."""
    if days == 1:
        return {"day": Fact(window, "days", window)}
    return {"span": Fact(days, "span", window)}


def driver(
    before: Mapping[str, int], after: Mapping[str, int], window: str, compared_with: str
) -> Facts:
    """The segment that most of a change is of, where one has half of it, and more than its part."""
    found = []
    for dimension in DIMENSIONS:
        names = named(before, dimension)
        part = statistics.driver(names, named(after, dimension))
        if part is None or part.name in NAMELESS or not _LEAST_PART <= part.share <= 1:
            continue
        if part.share - part.before / max(sum(names.values()), 1) >= _MORE_THAN_USUAL:
            found.append((part, dimension))
    if not found:
        return {}
    part, dimension = max(found, key=lambda one: one[0].share)
    return {
        "segment": Fact(part.name, dimension, window, compared_with, part.after + part.before),
        "segment_share": percent(part.share, window, part.after + part.before),
    }
