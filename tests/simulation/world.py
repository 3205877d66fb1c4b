"""One run: a world made from a seed, in which some days pass."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from linkwright import (
    egress,
    plans,
)
from linkwright.providers import llm
from linkwright.webhooks import deliverer
from tests.receiver import InTurn
from tests.simulation import customers, model, network
from tests.simulation.clockwork import Scheduler
from tests.simulation.cloud import Cloud
from tests.simulation.customers import Customers
from tests.simulation.dials import Dials
from tests.simulation.hooks import HOST, Hooks
from tests.simulation.invariants import Watch
from tests.simulation.network import Weather
from tests.simulation.seams import ENVIRONMENT, layer, names
from tests.simulation.stored import Stored
from tests.simulation.tables import Tables
from tests.simulation.telephone import Telephone
from tests.simulation.truth import Truth
from tests.simulation.wire import OF_A_RECEIVER, Wire

# Faults stop with the customers; then whatever was begun has this long to come to its end.
# Long: where quiet hours leave hardly an opening, a call may wait for days, and more than once.
_PATIENCE = timedelta(days=40)
# The schedule runs only when something is due: so often is far more than it takes.
_MOST_SWEEPS = 1500
# Few enough for some workspaces to come to the end of them.
_DIALS_PER_DAY = 12

# Those that are looked at each time.
SEEDS = 320

WEATHERS = (
    Weather("calm"),
    Weather("calm and busy", slow=0.5),
    Weather("doubled", duplicates=0.5, slow=0.3, late=0.4),
    Weather("drizzle", faults=0.01, lost=0.05, duplicates=0.1, lag=1, listing=10),
    Weather("rain", faults=0.04, lost=0.1, duplicates=0.1, slow=0.2, late=0.2, lag=5, listing=60),
    Weather("storm", faults=0.12, lost=0.3, duplicates=0.2, slow=0.3, late=0.1, lag=30, listing=99),
    Weather("outages", faults=0.01, slow=0.3, outages=True),
    Weather("bad line", trouble=0.5, lost=0.4, duplicates=0.2, late=0.2, listing=30),
    Weather("deaf", trouble=0.5, lost=0.85, listing=5),
    Weather("fog", slow=0.3, late=0.3, lag=30),
    Weather("lagging", slow=0.3, lag=90),
    Weather("noisy", crowd=40, slow=0.3),
    Weather("account pause", slow=0.2, refused=True),
)

_DAYS = (
    (2026, 3, 7),  # the night in which the clocks of the United States are set
    (2026, 3, 26),  # those of Israel
    (2026, 10, 24),  # and back, with Europe's
    (2026, 11, 30),
    (2026, 7, 14),
)

# Python keeps a few: a number that may be anywhere in America has it read dozens of files.
_ZONES = [ZoneInfo(name) for name in sorted(available_timezones()) if name.startswith("America/")]


@dataclass(frozen=True)
class Run:
    """What became of a seed."""

    seed: int
    weather: str
    problems: list[str]
    trace: list[str]
    dials: int
    faults: int
    lasted: timedelta

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()


def weather_of(seed: int) -> str:
    """Without a run."""
    return _World(seed).weather.name


def simulate(seed: int) -> Run:
    world = _World(seed)
    with world.patched():
        try:
            world.live()
        finally:
            world.scheduler.stop()
    return Run(
        seed,
        world.weather.name,
        world.watch.problems,
        world.trace,
        world.dials.count,
        world.network.struck,
        world.scheduler.now - world.began,
    )


class _World:
    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)
        self.scheduler = scheduler = Scheduler(_morning(chance))
        self.began = scheduler.now
        self.trace: list[str] = []
        self.weather = chance.choice(WEATHERS)
        self.dials_per_second = chance.choice((1, 3, 100))
        self.network = network.Network(scheduler, chance, self.weather)
        self.tables = Tables(names(), lambda: scheduler.now.timestamp(), self.network.lag)
        self.cloud = Cloud(scheduler, self.network, self.tables, chance, self._note)
        self.telephone = Telephone(scheduler, self.network, self.cloud, chance, self._note)
        self.watch = Watch(self.tables, customers.ZONES, self._note)
        self.dials = Dials(
            self.watch, self.tables, self.telephone, self.weather, self.dials_per_second
        )
        # Calls to one number are told apart with care only where an answer was lost.
        is_crowded = bool(self.weather.trouble)
        self.people = Customers(
            scheduler, self.cloud, self.watch, chance, self._note, is_crowded=is_crowded
        )
        self.hooks = Hooks(scheduler, self.cloud, self.tables, self.watch, seed)
        self.watch.is_calm, self.watch.loses = self.weather.is_calm, self.weather.loses
        self.watch.is_refused = self.weather.refused

    def _note(self, text: str) -> None:
        self.trace.append(f"{self.scheduler.now:%m-%d %H:%M:%S.%f} {text}")

    def live(self) -> None:
        self.people.furnish()
        self.hooks.furnish(self.people.workspaces)
        self.watch.is_furnished = True
        self.people.crowd(self.weather.crowd)
        if self.chance.random() < 0.3:
            # So that the billing cycle ends about now.
            self.scheduler.now += timedelta(days=self.chance.choice((28, 30, 31)), hours=-1)
        acting = self.people.begin()
        self.telephone.begin(acting)
        self.hooks.begin(acting)
        trouble = acting + timedelta(minutes=self.chance.randint(1, 30))
        self.cloud.run(self.scheduler.now + trouble, self.watch.is_stuck)
        self.network.weather = Weather("clear", slow=self.weather.slow)
        self._settle()
        self.scheduler.sleep_until(self.scheduler.now + timedelta(days=1))
        self.cloud.redrive()
        self._settle()
        self._judge()

    def _settle(self) -> None:
        cloud, watch = self.cloud, self.watch
        end, most = self.scheduler.now + _PATIENCE, cloud.sweeps + _MOST_SWEEPS
        cloud.run(end, lambda: cloud.sweeps > most or watch.is_stuck())
        if self.scheduler.now >= end or cloud.sweeps > most:
            watch.problem("something goes on for ever")

    def _judge(self) -> None:
        cloud, watch, telephone = self.cloud, self.watch, self.telephone
        # What comes of a recording waits for the end of its call, which may be told after it.
        del cloud.undone["follow_up_call"]
        if self.weather.is_faultless and (cloud.dead or cloud.undone):
            watch.problem(f"failed without a fault: {dict(cloud.undone)} {cloud.dead}")
        watch.finish(cloud.sent, telephone.second_legs())
        for text in self.hooks.problems():
            watch.problem(text)
        self.dials.finish()
        stored, mistaken, loses = Stored(self.tables), self.dials.mistaken, self.weather.loses
        for text in Truth(stored, telephone, mistaken, cloud.objects, loses).problems():
            watch.problem(text)

    @contextmanager
    def patched(self) -> Iterator[None]:
        """The seams of the layer; everything else is as it is deployed."""
        net, chance = self.network, self.chance
        environment = ENVIRONMENT | {"DIALS_PER_SECOND": f"{self.dials_per_second}"}
        with layer(environment, self.scheduler, net, self.tables, self.cloud, chance) as patch:
            for name, plan in plans.PLANS.items():
                patch.setitem(plans.PLANS, name, plan._replace(dials_per_day=_DIALS_PER_DAY))
            carriers = Wire(net, chance, self.telephone.perform)
            receivers = Wire(net, chance, self.hooks.perform, OF_A_RECEIVER)

            def fetch(url: str, **asked: Any) -> egress.Answer:
                wire = receivers if urlsplit(url).hostname == HOST else carriers
                return wire.fetch(url, **asked)

            patch.setattr(egress, "fetch", fetch)
            patch.setattr(egress, "judge", lambda url: None)
            patch.setattr(deliverer, "_pool", InTurn)
            patch.setattr(llm, "model", model.patched(net, chance))
            yield


def _morning(chance: random.Random) -> datetime:
    day = datetime(*chance.choice(_DAYS), tzinfo=UTC)
    # Often in the evening, since much is counted by the day.
    hour = chance.choice((chance.uniform(0, 24), 23.95))
    return day + timedelta(seconds=round(hour * 3600))
