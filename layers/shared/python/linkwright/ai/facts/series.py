"""The days of an object, in the workspace's zone: the last of them is today, and is not over."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from linkwright.links.metrics import operations as links

MOST_DAYS = 92
_DAY = timedelta(days=1)
# Of clicks that are younger it is not known yet what comes of them.
CONVERTS_WITHIN = 7
# From one to the other it may be 26 hours later.
_ZONES_APART = 2 * _DAY


@dataclass(frozen=True)
class Series:
    """What was counted on each day from `first` to today; the names are those of the rows."""

    first: date
    days: Sequence[Mapping[str, int]]

    @cached_property
    def clicks(self) -> list[int]:
        """Of people, of the days that are over."""
        return [day.get("clicks", 0) for day in self.days[:-1]]

    @property
    def today(self) -> date:
        return self.first + (len(self.days) - 1) * _DAY

    def day(self, at: int) -> date:
        return self.first + at * _DAY

    def counted(self, begin: int = 0, end: int | None = None) -> Counter[str]:
        """The sums of some days; of all, today included, if none are named."""
        total = Counter[str]()
        for day in self.days[begin:end]:
            total.update({name: n for name, n in day.items() if isinstance(n, int)})
        return total

    def last(self, days: int, before: int = 0) -> Counter[str]:
        """The sums of so many days that are over, or of those that came before so many."""
        end = len(self.days) - 1 - before
        return self.counted(max(end - days, 0), max(end, 0))

    def window(self, begin: int, end: int) -> str:
        """The days from one to another, the last not included, as an ISO 8601 interval."""
        return f"{self.day(begin)}/{self.day(end - 1)}"

    def over(self) -> "Series":
        """Without what came today: of that nothing is told yet."""
        return Series(self.first, [*self.days[:-1], {}])

    def part(self, first: date, days: int) -> "Series":
        """So many days from one on; the last of them counts for sums alone, as today does."""
        begin = (first - self.first).days
        inside = range(len(self.days))
        wanted = range(begin, begin + days)
        return Series(first, [self.days[at] if at in inside else {} for at in wanted])

    @property
    def whole(self) -> str:
        return self.window(0, len(self.days))

    def without(self, other: "Series") -> "Series":
        """What is left of each of its days; of what came before the other one nothing is."""
        skipped = (other.first - self.first).days
        rest = []
        for at, less in enumerate(other.days, skipped):
            mine, theirs = _numbers(self.days[at] if at >= 0 else {}), _numbers(less)
            # Rows of both are written together, but are not read so.
            rest.append({name: max(n - theirs.get(name, 0), 0) for name, n in mine.items()})
        return Series(other.first, rest)


def read(rows: str, today: date, since: date | None = None) -> Series:
    """By one query. From `since`, which may have begun before it was there, or from the first day
    that has clicks: in the zone that the workspace had, days may have begun earlier.
    """
    oldest = today - (MOST_DAYS - 1) * _DAY
    begin = max(oldest, since - _ZONES_APART) if since else oldest
    # Of a week that is over, a link may have been made since.
    found = links.daily(rows, min(begin, today), today)
    known = [links.date_of(min(found))] if found else [since or oldest]
    first = min(max(min(since or today, *known), oldest), today)
    days = [first + at * _DAY for at in range((today - first).days + 1)]
    return Series(first, [found.get(f"{day:%Y%m%d}", {}) for day in days])


def named(counts: Mapping[str, int], dimension: str) -> dict[str, int]:
    """Of a dimension's names the numbers."""
    start = f"{dimension}#"
    return {
        name.removeprefix(start): n
        for name, n in counts.items()
        if name.startswith(start) and n > 0
    }


def _numbers(day: Mapping[str, int]) -> dict[str, int]:
    return {name: n for name, n in day.items() if isinstance(n, int)}
