"""One run: a world made from a seed, in which some days pass."""

import hashlib
import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from aws_lambda_powertools import Metrics

from linkwright import aws, clock, ids, outbox, settings, table, transaction
from linkwright.providers import telephony
from tests.simulation import customers, network
from tests.simulation.clockwork import Scheduler
from tests.simulation.cloud import Cloud
from tests.simulation.customers import Customers
from tests.simulation.invariants import Watch
from tests.simulation.network import Network, Weather
from tests.simulation.tables import Tables
from tools.template import template

# A sweep asks each shard: two show all that eight would.
_SHARDS = 2
# Faults stop with the customers; then whatever was begun has this long to come to its end.
# Long: where quiet hours leave hardly an opening, a call may wait for days, and more than once.
_PATIENCE = timedelta(days=40)
# The schedule runs only when something is due: so often is far more than it takes.
_MOST_SWEEPS = 1500

WEATHERS = (
    Weather("calm"),
    Weather("calm and busy", slow=0.5),
    Weather("doubled", duplicates=0.4, slow=0.3),
    Weather("drizzle", faults=0.01, lost=0.05, duplicates=0.1, lag=1),
    Weather("rain", faults=0.04, lost=0.1, duplicates=0.1, slow=0.2, lag=5),
    Weather("storm", faults=0.12, lost=0.3, duplicates=0.2, slow=0.3, lag=30),
    Weather("outages", faults=0.01, slow=0.3, outages=True),
    Weather("fog", slow=0.3, lag=30),
)

_DAYS = (
    (2026, 3, 7),  # the night in which the clocks of the United States are set
    (2026, 3, 26),  # those of Israel
    (2026, 10, 24),  # and back, with Europe's
    (2026, 11, 30),
    (2026, 7, 14),
)

_ENVIRONMENT = {
    "STAGE": "local",
    "CORE_TABLE": "CoreTable",
    "ACCESS_TABLE": "AccessTable",
    "IDEM_TABLE": "IdemTable",
    "DIAL_QUEUE_URL": "DialQueue",
    "EVENT_QUEUE_URL": "EventQueue",
    "FOLLOW_UP_QUEUE_URL": "FollowUpQueue",
    "MEDIA_BUCKET": "media",
    "DOCS_URL": "",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


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


def simulate(seed: int) -> Run:
    chance = random.Random(seed)
    scheduler = Scheduler(_morning(chance))
    began, trace = scheduler.now, []

    def note(text: str) -> None:
        trace.append(f"{scheduler.now:%m-%d %H:%M:%S.%f} {text}")

    weather = chance.choice(WEATHERS)
    net = Network(scheduler, chance, weather)
    tables = Tables(_names(), lambda: scheduler.now.timestamp(), net.lag)
    cloud = Cloud(scheduler, net, tables, chance, note)
    watch = Watch(tables, customers.ZONES, note)
    people = Customers(scheduler, cloud, watch, chance, note)
    watch.is_calm = weather.is_calm
    with _patched(scheduler, net, tables, cloud, chance):
        try:
            _live(scheduler, net, cloud, people, watch, chance)
        finally:
            scheduler.stop()
    return Run(
        seed,
        weather.name,
        watch.problems,
        trace,
        watch.dials,
        net.struck,
        scheduler.now - began,
    )


def _live(
    scheduler: Scheduler,
    net: Network,
    cloud: Cloud,
    people: Customers,
    watch: Watch,
    chance: random.Random,
) -> None:
    people.furnish()
    watch.is_furnished = True
    if chance.random() < 0.3:
        # So that the billing cycle ends about now.
        scheduler.now += timedelta(days=chance.choice((28, 30, 31)), hours=-1)
    trouble = people.begin() + timedelta(minutes=chance.randint(1, 30))
    cloud.run(scheduler.now + trouble, watch.is_stuck)
    net.weather = Weather("clear", slow=net.weather.slow)
    _settle(scheduler, cloud, watch)
    scheduler.sleep_until(scheduler.now + timedelta(days=1))
    cloud.redrive()
    _settle(scheduler, cloud, watch)
    if watch.is_calm and (cloud.dead or cloud.undone):
        watch.problem(f"failed without a fault: {dict(cloud.undone)} {cloud.dead}")
    watch.finish(cloud.sent)


def _settle(scheduler: Scheduler, cloud: Cloud, watch: Watch) -> None:
    end, most = scheduler.now + _PATIENCE, cloud.sweeps + _MOST_SWEEPS
    cloud.run(end, lambda: cloud.sweeps > most or watch.is_stuck())
    if scheduler.now >= end or cloud.sweeps > most:
        watch.problem("something goes on for ever")


@contextmanager
def _patched(
    scheduler: Scheduler, net: Network, tables: Tables, cloud: Cloud, chance: random.Random
) -> Iterator[None]:
    driver = net.connect(tables, network.dynamodb)
    boto3 = net.connect(cloud, network.boto3)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _ENVIRONMENT.items():
            patch.setenv(name, value)
        settings.settings.cache_clear()
        patch.setattr(table, "driver", lambda: driver)
        patch.setattr(transaction, "driver", lambda: driver)
        patch.setattr(transaction, "random", chance)
        patch.setattr(aws, "sqs", lambda: boto3)
        patch.setattr(aws, "s3", lambda: boto3, raising=False)
        patch.setattr(clock, "now", lambda: scheduler.now)
        patch.setattr(clock, "sleep", net.pass_time)
        patch.setattr(clock, "monotonic", lambda: scheduler.now.timestamp())
        patch.setattr(ids, "secrets", SimpleNamespace(randbits=chance.getrandbits))
        patch.setattr(outbox, "DUE_SHARDS", _SHARDS)
        patch.setattr(telephony, "_RING_S", chance.choice((0.3, 3)))
        patch.setattr(telephony, "_TURN_MS", chance.choice((400, 4_000, 9_000)))
        for name in ("add_metric", "add_dimension", "flush_metrics"):
            patch.setattr(Metrics, name, lambda *_, **__: None)
        logging.disable()
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
            settings.settings.cache_clear()


def _names() -> dict[str, str]:
    """Everything is deployed under its own name."""
    return {name: name for name in template()["Resources"]}


def _morning(chance: random.Random) -> datetime:
    day = datetime(*chance.choice(_DAYS), tzinfo=UTC)
    # Often in the evening, since much is counted by the day.
    hour = chance.choice((chance.uniform(0, 24), 23.95))
    return day + timedelta(seconds=round(hour * 3600))
