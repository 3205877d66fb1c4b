"""One run of mail: some campaigns of a workspace, made from a seed, in which weeks pass."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from linkwright.mailer.campaigns import delays, limits
from linkwright.mailer.mailboxes import held_up
from linkwright.mailer.sending import throttle
from linkwright.providers.mailbox import imap, smtp
from linkwright.table import Item
from tests.simulation import network
from tests.simulation.clockwork import Scheduler
from tests.simulation.cloud import CORE
from tests.simulation.mail import outcome, ses
from tests.simulation.mail.host import Host, Taken
from tests.simulation.mail.owners import Owners
from tests.simulation.mail.ses import Ses
from tests.simulation.mail.wakes import Wakes
from tests.simulation.mail.watch import Watch
from tests.simulation.network import Weather
from tests.simulation.seams import ENVIRONMENT, layer, names
from tests.simulation.tables import Tables
from tests.stack import CONFIGURATION_SET, FEEDBACK_TOPIC

# Those that are looked at each time.
SEEDS = 20
# In which happens what is rare.
RARE_SEEDS = (47, 53, 75)
# Where most mailboxes are of SES: some, and two in which its worker fails.
SES_SEEDS = (*range(10), 42, 78)
# Long: with a cap of two a day, weekends and steps that wait for days.
_PATIENCE = timedelta(days=70)
_MOST_SWEEPS = 3000

WEATHERS = (
    Weather("calm"),
    Weather("doubled", duplicates=0.5, slow=0.4),
    Weather("drizzle", faults=0.01, lost=0.05, duplicates=0.2, lag=1),
    Weather("rain", faults=0.04, lost=0.1, duplicates=0.2, slow=0.3, lag=5),
    Weather("storm", faults=0.1, lost=0.2, duplicates=0.3, slow=0.3, lag=30),
    Weather("outages", faults=0.01, slow=0.3, outages=True),
    Weather("bad host", trouble=0.3, duplicates=0.2, slow=0.2),
    Weather("worse host", trouble=0.55, lag=5),
)
_DAYS = (
    (2027, 3, 12),  # before the night in which the clocks of the United States are set
    (2027, 3, 25),  # those of Israel
    (2026, 12, 30),
    (2027, 6, 9),
)


@dataclass(frozen=True)
class Run:
    """What became of a seed."""

    seed: int
    weather: str
    problems: list[str]
    trace: list[str]
    claims: int
    arrived: int
    faults: int
    # How many rows were looked at that wait in a line that rests.
    rests: int

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()


def simulate(seed: int, by_ses: float = 0.15) -> Run:
    """`by_ses` is how likely a mailbox sends by SES."""
    world = _World(seed, by_ses)
    with world.patched():
        try:
            world.live()
        finally:
            world.scheduler.stop()
    watch = world.watch
    arrived = sum(map(len, watch.arrived.values()))
    struck = world.network.struck
    name = world.weather.name
    return Run(
        seed, name, watch.problems, world.trace, watch.claims, arrived, struck, world.wakes.looks
    )


class _World:
    def __init__(self, seed: int, by_ses: float) -> None:
        self.chance = chance = random.Random(seed)
        day = datetime(*chance.choice(_DAYS), tzinfo=UTC)
        self.scheduler = scheduler = Scheduler(day + timedelta(hours=chance.randint(0, 23)))
        self.trace: list[str] = []
        self.weather = chance.choice(WEATHERS)
        self.network = network.Network(scheduler, chance, self.weather)
        self.tables = Tables(names(), lambda: scheduler.now.timestamp(), self.network.lag)
        self.host = Host(scheduler, self.network, self.tables, chance, self._note)
        self.host.begin()
        # With a chance of its own: where no mailbox is of SES, all is as without it.
        own = random.Random(f"ses {seed}")
        self.host.ses = Ses(scheduler, self.network, own, self.host.feed, self._note)
        self.watch = Watch(self.tables, lambda: self.owners.workspace.partition, self._note)
        told = self.watch.problem, self._note
        self.owners = Owners(scheduler, self.host, chance, *told, by_ses)
        of_wakes = self.tables, random.Random(f"wakes {seed}"), self.watch.problem
        self.wakes = Wakes(self.owners, *of_wakes)
        self.host.taken, self.host.shut = self._taken, self.wakes.shut
        self.watch.is_told, self.watch.may_be = self._is_told, self._may_be

    def _note(self, text: str) -> None:
        self.trace.append(f"{self.scheduler.now:%m-%d %H:%M:%S.%f} {text}")

    def _taken(self, taken: Taken) -> None:
        self.watch.taken(taken)
        if taken.is_read:
            self.owners.read(taken)

    def _is_told(self, mailbox: str) -> bool:
        address = next(a for a, one in self.owners.mailboxes.items() if one == mailbox)
        manners = self.host.manners[address]
        # Of a host that is away whenever its Sent folder is looked into, nothing is learnt.
        is_found = manners.files and not self.weather.loses
        return manners.tells or is_found or not manners.renames

    def _may_be(self, step: ses.Step, before: Item, after: Item) -> bool:
        """What was told of a step has it be sent for certain, or not at all."""
        told, states = self.host.ses.told[step], (before["state"], after["state"])
        is_proven = states == ("unknown", "sent") and bool(told & ses.PROOFS)
        return is_proven or (after["state"] == "failed" and ses.REJECTED in told)

    def live(self) -> None:
        self.owners.furnish()
        acting = self.owners.begin()
        self.wakes.begin()
        self.host.run(self.scheduler.now + acting, lambda: False)
        self.network.weather = Weather("clear", slow=self.weather.slow)
        for address in self.owners.mailboxes:
            self.owners.mend(address)
        end, most = self.scheduler.now + _PATIENCE, self.host.sweeps + _MOST_SWEEPS
        self.host.run(end, lambda: self.host.sweeps > most)
        if self.scheduler.now >= end or self.host.sweeps > most:
            self.watch.problem("something goes on for ever")
        self.host.redrive()
        self.host.run(end, lambda: False)
        rows, loses = self.tables.rows(CORE), self.weather.loses
        said = self.host.refusals
        of = rows, self.watch, self.owners, said, self.host.ses
        for text in outcome.problems(*of, loses=loses):
            self.watch.problem(text)

    @contextmanager
    def patched(self) -> Iterator[None]:
        environment = ENVIRONMENT | {
            "API_URL": "https://api.example.com",
            "FEEDBACK_TOPIC_ARN": FEEDBACK_TOPIC,
            "MAIL_CONFIGURATION_SET": CONFIGURATION_SET,
        }
        of = (self.scheduler, self.network, self.tables, self.host, self.chance)
        with layer(environment, *of) as patch:
            patch.setattr(smtp, "logged_in", self.host.smtp)
            patch.setattr(imap, "logged_in", self.host.imap)
            for module in (throttle, delays):
                patch.setattr(module, "limits", lambda: limits.REAL)
            # No inbox is read here.
            patch.setattr(held_up, "is_unread", lambda *_: False)
            yield
