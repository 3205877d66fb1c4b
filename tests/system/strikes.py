"""Workers killed at calls that a seed chooses, as by a machine that dies: while they talk to the
mail host, or a moment after.
"""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from random import Random
from threading import Lock, Timer
from typing import Any, NamedTuple

from linkwright import clock
from linkwright.mailer import lines
from tests.system import processes
from tools.local_cloud.cloud import Cloud
from tools.local_cloud.deployment import session

PARTITION = "ws_demo"
# Of the words that the host hears, those between which the chosen ones are.
_FIRST, _LAST = 30, 900
# Long enough for what is written before and after a mail.
_LATEST_S = 0.3


class Word(NamedTuple):
    """What a worker said to the host."""

    at: float
    worker: int
    mailbox: str


class Strikes:
    """`heard` is what workers said, `struck` of which mailboxes they were when they were killed."""

    def __init__(self, cloud: Cloud, mailboxes: Mapping[str, str], seed: int, count: int) -> None:
        random = Random(seed)
        chosen = random.sample(range(_FIRST, _LAST), count)
        self._delays = {at: random.uniform(0, _LATEST_S) for at in chosen}
        self._ids, self._workers = mailboxes, dict[int, int]()
        self._lock = Lock()
        self._table: Any = (
            session()
            .resource("dynamodb", endpoint_url=cloud.endpoint_url)
            .Table(cloud.outputs["CoreTable"])
        )
        self.heard: list[Word] = []
        self.struck: list[str] = []

    def __call__(self, word: str, address: str, port: int) -> None:
        if word == "AUTH":
            self._workers[port] = processes.of_port(port)
        worker = self._workers.get(port, 0)
        if address not in self._ids or not worker:
            return
        self.heard.append(Word(clock.epoch_ms() / 1_000, worker, address))
        delay = self._delays.pop(len(self.heard), None)
        if delay is not None:
            Timer(delay, self._strike, (worker, address)).start()

    def _strike(self, worker: int, address: str) -> None:
        with self._lock:
            try:
                os.kill(worker, signal.SIGKILL)
            except ProcessLookupError:
                return
            self.struck.append(address)
            self._let_go(address)

    def _let_go(self, address: str) -> None:
        """As though a minute and a half had passed: the lease of who was killed is over."""
        where = lines.line_key(PARTITION, self._ids[address]).attributes()
        line = self._table.get_item(Key=where, ConsistentRead=True)["Item"]
        over = self._table.meta.client.exceptions.ConditionalCheckFailedException
        with suppress(over):
            self._table.update_item(
                Key=where,
                UpdateExpression="SET leased_until = :over",
                ConditionExpression="leased_until = :seen",
                ExpressionAttributeValues={":over": 0, ":seen": line.get("leased_until", 0)},
            )

    def at_once(self, within_s: float) -> int:
        """How many workers spoke for different mailboxes within so many seconds, at the most."""
        most = 0
        for first in self.heard:
            near = [one for one in self.heard if 0 <= one.at - first.at <= within_s]
            pairs = {one.mailbox: one.worker for one in near}
            most = max(most, len(set(pairs.values())))
        return most
