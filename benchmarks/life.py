"""One call's whole life: the AWS calls of every function that it wakes, and what those cost in CPU.

It is placed, relayed, dialled, talked through, told of, followed up, and in the end the sweeper
finds nothing that waits. Processes are warm and nothing goes wrong; each function sees one event at
a time, as where calls are few. What plays the world around is not counted.
"""

import gc
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

import pytest

from linkwright import aws, clock, ids, jobs, table, transaction, vault
from linkwright.egress import Answer
from tests import carrier
from tests import stack as stacks
from tests.client import Context, http_event, load, named, queue_event
from tests.factories import CALLEE, Workspace, make_workspace
from tests.faults import wiring
from tests.faults.clouds import Cloud, Emulated
from tests.stack import EmulatedStack
from tests.stream import Stream
from tests.switchboard import PlacedCall, Reply, Sent, event_of, reply_of
from tools.carrier.callees import Callee

# Two turns: short talks are most of what is dialled.
LINES = ("כן, זה זמן טוב.", "תודה, להתראות.")
SWEEPER = "sweep_overdue"
LIVES = 15
# What a life's CPU is compared to: so many times a bare boto3 client gets an item.
GETS = 50
_WORKER_TIMEOUT_MS = 60_000


@dataclass(frozen=True)
class Cost:
    """AWS calls by function and operation, and CPU as a ratio to the bare client's.

    Without the sweeper, who asks the same each minute however many calls there are.
    """

    calls: Mapping[str, int]
    cpu: float

    @property
    def total(self) -> int:
        return sum(self.calls.values())


def cost(stack: EmulatedStack) -> Cost:
    """Of the median life on the emulator."""
    ratios = []
    stacks.use(stack)
    with on(Emulated(stack)) as life:
        life.live()
        # What the tests around it keep is not in a function's process.
        gc.freeze()
        for _ in range(LIVES):
            life.live()
            ratios.append(life.cpu_s.total() / _bare(stack))
    gc.unfreeze()
    return Cost({" ".join(one): n for one, n in sorted(life.calls.items())}, median(ratios))


def _bare(stack: EmulatedStack) -> float:
    client, key = stack.client("dynamodb"), {"pk": {"S": "W#none"}, "sk": {"S": "META"}}
    client.get_item(TableName=stack.names["CoreTable"], Key=key)
    began = time.process_time()
    for _ in range(GETS):
        client.get_item(TableName=stack.names["CoreTable"], Key=key)
    return time.process_time() - began


class Counted:
    """A client whose calls are noted for the function that makes them."""

    def __init__(self, life: "Life", client: Any) -> None:
        self._life = life
        self._client = client

    def __getattr__(self, name: str) -> Any:
        operation = "".join(part.capitalize() for part in name.removeprefix("sync_").split("_"))
        self._life.calls[self._life.running, operation.removesuffix("Page")] += 1
        return getattr(self._client, name)


class Life:
    """`calls` counts by function and operation; `cpu_s` is that of the functions alone."""

    def __init__(self, cloud: Cloud) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.cpu_s: Counter[str] = Counter()
        self.running = ""
        self._cloud = cloud
        self._stream = Stream()

    @cached_property
    def _caller(self) -> tuple[Workspace, str]:
        """One agent for all lives: whoever serves its calls has read its version before."""
        workspace = make_workspace()
        return workspace, workspace.agent()

    def live(self) -> None:
        exchange = carrier.current()
        exchange.deliver = self._tell
        exchange.live.callees[CALLEE] = Callee(lines=LINES)
        workspace, agent = self._caller
        self.calls.clear()
        self.cpu_s.clear()
        self._place(str(workspace.client.token), agent)
        self._work_off()
        self._carry_on(exchange.calls()[-1])
        self._sweep()

    def _place(self, token: str, agent: str) -> None:
        body = json.dumps({"agent_id": agent, "to": CALLEE})
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": ids.new("key"),
        }
        event, function = http_event("POST", "/v1/voice/calls", headers, body, is_base64=False)
        answer = self._invoke(function.file, event)
        assert answer["statusCode"] == 201, answer

    def _carry_on(self, call: PlacedCall) -> None:
        while carrier.current().advance(call):
            self._work_off()
        self._work_off()

    def _tell(self, sent: Sent) -> Reply:
        event, function = event_of(sent)
        answer = self._invoke(function.file, event)
        assert answer["statusCode"] < 300, answer
        return reply_of(answer)

    def _work_off(self) -> None:
        """What waits goes to its queue, and from there to its worker, until nothing is left."""
        (relay,) = (file for table, file in wiring.streams() if table == "CoreTable")
        while event := self._stream.event(self._cloud.rows("CoreTable")):
            assert not self._invoke(relay, event)["batchItemFailures"]
            self._work()

    def _work(self) -> None:
        for queue, file in wiring.consumers().items():
            for body in self._cloud.received(queue):
                answer = self._invoke(file, queue_event([body]), _WORKER_TIMEOUT_MS)
                assert not answer["batchItemFailures"]

    def _sweep(self) -> None:
        """Finds nothing that waits but the counter, which tells of all calls of a minute at once.

        What it asks is not the call's.
        """
        moment = clock.now() + 2 * jobs.RELAY_GRACE
        calls, cpu_s = self.calls.copy(), self.cpu_s.copy()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: moment)
            self._invoke(SWEEPER, {}, _WORKER_TIMEOUT_MS)
        sent = [body for queue in wiring.consumers() for body in self._cloud.received(queue)]
        assert {json.loads(body)["kind"] for body in sent} <= {jobs.USAGE}
        self.calls, self.cpu_s = calls, cpu_s

    def _invoke(self, file: str, event: Mapping[str, Any], timeout_ms: int = 25_000) -> Any:
        handler = load(named(file)).handler
        self.running = file
        began = time.process_time()
        try:
            return handler(event, Context(timeout_ms))
        finally:
            self.cpu_s[file] += time.process_time() - began

    def fetch(self, url: str, **options: Any) -> Answer:
        """The carrier's own work is none of ours."""
        began = time.process_time()
        try:
            return carrier.current().fetch(url, **options)
        finally:
            self.cpu_s[self.running] -= time.process_time() - began


@contextmanager
def on(cloud: Cloud) -> Iterator[Life]:
    """Lives on that cloud."""
    stacks.use(cloud.stack)
    life = Life(cloud)
    with pytest.MonkeyPatch.context() as patch, carrier.exchange(patch):
        patch.setattr("linkwright.egress.fetch", life.fetch)
        for module in (table, transaction):
            patch.setattr(module, "driver", lambda: Counted(life, cloud.clients.driver))
        patch.setattr(aws, "secrets_manager", lambda: cloud.clients.secrets_manager)
        vault.vault()
        for name in ("sqs", "s3", "kms", "ses"):
            counted = Counted(life, getattr(cloud.clients, name))
            patch.setattr(aws, name, lambda counted=counted: counted)
        yield life
