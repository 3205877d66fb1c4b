"""How often a day is told as standing out that does not, and how often what does is found.

    python -m benchmarks.anomalies --seeds 10000-11999

Made up are links of all sizes, with a week of their own, a trend, and clicks that vary more than
chance. The thresholds of `linkwright.ai.facts.statistics` were chosen on seeds below 10000; what
docs/insight.md says is of those above. A link that dies has 20 clicks on some day since, but for
that; a day that is tripled has 10, so that it comes to more than 20.
"""

import argparse
import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from linkwright.ai.facts import statistics

MOST_DAYS = 91
_LEAST_CLICKS = 20.0
TRENDS = (0.4, 0.6, 1.0, 1.0, 1.0, 1.6, 2.5)
# Of a gamma distribution; the smaller, the more clicks vary from day to day.
_SHAPES = (math.inf, 100.0, 50.0, 20.0)


@dataclass(frozen=True)
class Made:
    """The mean of each day, and what came."""

    means: list[float]
    clicks: list[int]


@dataclass
class Rates:
    days: int = 0
    alarms: int = 0
    dead: int = 0
    dead_found: int = 0
    tripled: int = 0
    tripled_found: int = 0

    @property
    def false_alarms(self) -> float:
        return self.alarms / self.days

    @property
    def found_dead(self) -> float:
        return self.dead_found / self.dead

    @property
    def found_tripled(self) -> float:
        return self.tripled_found / self.tripled


def measure(seeds: Iterable[int], trends: tuple[float, ...] = TRENDS) -> Rates:
    """Of a link for each seed, as it is, as it dies, and as one of its days is tripled."""
    rates = Rates()
    for seed in seeds:
        chance = random.Random(seed)  # noqa: S311 -- to be made again
        shape = chance.choice(_SHAPES)
        means = list(_means(chance, chance.choice(trends)))
        quiet = _clicks(chance, means, shape)
        rates.days += len(quiet)
        rates.alarms += len(_told(quiet)) + (statistics.silent_since(quiet) is not None)
        # Between three days ago and a third of what is known; nobody has followed it since.
        died = len(means) - chance.randrange(3, len(means) // 3 + 1)
        if max(means[died:]) >= _LEAST_CLICKS:
            rates.dead += 1
            gone = [*quiet[:died], *[0] * (len(means) - died)]
            stands_out = any(at >= died for at in _told(gone))
            rates.dead_found += stands_out or statistics.silent_since(gone) is not None
        day = chance.randrange(len(means))
        if means[day] >= _LEAST_CLICKS / 2:
            rates.tripled += 1
            tripled = [*quiet]
            (tripled[day],) = _clicks(chance, [3 * means[day]], shape)
            rates.tripled_found += day in _told(tripled)
    return rates


def _means(chance: random.Random, trend: float) -> Iterator[float]:
    days = chance.randrange(statistics.LEAST_DAYS, MOST_DAYS + 1)
    level = math.exp(chance.uniform(math.log(2), math.log(2000)))
    week = [chance.uniform(0.5, 1.5) for _ in range(7)]
    for at in range(days):
        yield level * week[at % 7] * trend ** (at / days)


def _clicks(chance: random.Random, means: list[float], shape: float) -> list[int]:
    varied = (
        mean if math.isinf(shape) else chance.gammavariate(shape, mean / shape) for mean in means
    )
    return [_poisson(chance, mean) for mean in varied]


def _poisson(chance: random.Random, mean: float) -> int:
    if mean > 200:
        return max(round(chance.gauss(mean, math.sqrt(mean))), 0)
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def _told(clicks: list[int]) -> list[int]:
    (days,) = statistics.standing_out([statistics.judged(clicks)])
    return [day.at for day in days]


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=_seeds, default=_seeds("10000-11999"))
    seeds = parser.parse_args().seeds
    for name, trends in (
        ("all", TRENDS),
        ("without trend", (1.0,)),
        ("with", (0.4, 0.6, 1.6, 2.5)),
    ):
        rates = measure(seeds, trends)
        print(
            f"{name}: {rates.false_alarms:.3%} of {rates.days} days are false alarms;"
            f" found are {rates.found_dead:.1%} of {rates.dead} links that died,"
            f" and {rates.found_tripled:.1%} of {rates.tripled} tripled days"
        )


if __name__ == "__main__":
    main()
