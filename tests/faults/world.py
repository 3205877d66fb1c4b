"""What a run acts on: tables, queues and buckets of its own, a clock that only the test moves, and
the rest of AWS: the stream that wakes the relay, the queues that wake the workers, the schedules.
"""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydynox.pydynox_core import DynamoDBClient

from linkwright import clock, ids
from linkwright.table import Item
from tests.client import Answer, Context, invoke, queue_event, stream_event
from tests.factories import make_workspace
from tests.faults import wiring
from tests.faults.injection import Injector, Killed
from tests.faults.samples import Sample, sample
from tests.faults.seams import Seam
from tests.stack import Stack
from tools.demo import AGENT_ID

# How often a queue hands out a message, at most, and after which time it does so again.
DELIVERIES = 5
VISIBILITY = timedelta(seconds=361)
_TICK = timedelta(seconds=70)
_ROUNDS = 40


@dataclass(frozen=True)
class Outcome:
    """How an invocation without an HTTP answer ended."""

    killed: bool = False
    failed: bool = False

    @property
    def is_done(self) -> bool:
        return not (self.killed or self.failed)


class World:
    """Faults: `arms` holds, for the n-th event of a function (from 0), the injectors of its
    deliveries. What may never be seen is added to `problems`.
    """

    def __init__(self, stack: Stack, seam: Seam) -> None:
        self.stack = stack
        self.seam = seam
        self.began = datetime.now(UTC).replace(microsecond=0)
        self.offset = timedelta(0)
        self._numbers = itertools.count(1)
        self._store: Any = DynamoDBClient(endpoint_url=stack.endpoint)
        self._sqs, self._s3 = stack.client("sqs"), stack.client("s3")

    def furnish(self) -> None:
        workspace = make_workspace()
        workspace.agent(id=AGENT_ID, recording=True)
        self.client = workspace.client
        self.partition = workspace.partition
        self._baseline = self.items()
        self.reset()

    # ---- state ----------------------------------------------------------------------------------

    def reset(self, *, stream_works: bool = True, redelivers: bool = True) -> None:
        """A workspace with an agent and nothing else, at the moment when everything began.

        Without redelivery a failed message is lost; without the stream there are only schedules.
        """
        self.offset = timedelta(0)
        self._numbers = itertools.count(1)
        self.arms: dict[tuple[str, int], list[Injector]] = {}
        self.first_calls: list[tuple[str, int]] = []
        self.messages: set[tuple[str, str]] = set()
        self.problems: list[str] = []
        self.stream_works = stream_works
        self.redelivers = redelivers
        self._streamed: set[tuple[str, str]] = set()
        for name in wiring.tables():
            self._restore(name)
        for name in wiring.queues():
            self._sqs.purge_queue(QueueUrl=self.stack.names[name])
        for name in wiring.buckets():
            self._empty(name)

    def items(self) -> dict[str, list[Item]]:
        """All that is stored, by table."""
        return {name: self._scan(name) for name in wiring.tables()}

    def objects(self) -> set[str]:
        """The keys of all that is in the buckets."""
        return {key for name in wiring.buckets() for key in self._listed(name)}

    def now(self) -> datetime:
        return self.began + self.offset

    def new_id(self, prefix: str) -> str:
        """Counted, so that a run can be repeated exactly."""
        return f"{prefix}_{ids._ulid(clock.epoch_ms(), next(self._numbers))}"

    def advance(self, by: timedelta) -> None:
        self.offset += by

    # ---- invoking -------------------------------------------------------------------------------

    def request(self, wanted: Sample, key: str, injector: Injector | None = None) -> Answer | None:
        """The answer, or None if the function was killed."""
        headers = dict(wanted.headers)
        if wanted.method == "POST":
            headers["Idempotency-Key"] = key
        url = f"{wanted.path}?{wanted.query}" if wanted.query else wanted.path
        with self.seam.use(injector or Injector()):
            try:
                return self.client.request(wanted.method, url, body=wanted.body, headers=headers)
            except Killed:
                return None

    def prepared(self, route: str) -> Sample:
        """The sample of a route, with what it needs to exist made before."""
        wanted = sample(route)
        if not wanted.after:
            return wanted
        made = self.request(sample(wanted.after), "before")
        assert made is not None
        if wanted.settled:
            self.settle()
        path = wanted.path.replace("{id}", made.json.get("id", ""))
        return replace(wanted, path=path)

    def invoke(self, file: str, event: Mapping[str, Any], injector: Injector) -> Outcome:
        self._repeat = lambda: self.invoke(file, event, Injector())
        with self.seam.use(injector):
            outcome = _outcome(file, event)
        if not outcome.is_done and not (injector.fault and injector.struck):
            self.problems.append(f"{file} failed without a fault: {event}")
        return outcome

    def repeat(self) -> None:
        """Deliver a second time what is being handled just now."""
        self._repeat()

    # ---- the rest of AWS ------------------------------------------------------------------------

    def settle(self) -> None:
        """Let everything happen that is going to, however long it takes."""
        for _ in range(_ROUNDS):
            stored = {name: self._scan(name) for name, _ in wiring.streams()}
            if self._stream(stored) + self._work():
                continue
            if not any("gsi2pk" in item for items in stored.values() for item in items):
                return
            self.advance(_TICK)
            self.run_schedules()
        self.problems.append("something waits in the outbox for ever")

    def run_schedules(self) -> None:
        for file in wiring.schedules():
            self._deliver(file, {"time": clock.timestamp()}, timedelta(0))

    def _stream(self, stored: Mapping[str, list[Item]]) -> int:
        """Hand what was inserted since the last time to the functions that read the stream."""
        handled = 0
        for name, file in wiring.streams():
            keys = {(item["pk"], item["sk"]): item for item in stored[name] if "outbox" in item}
            fresh = sorted(keys.keys() - self._streamed, key=lambda key: key[1])
            self._streamed |= set(fresh)
            if fresh and self.stream_works:
                handled += len(fresh)
                self._deliver(file, stream_event([keys[key] for key in fresh]), timedelta(0))
        return handled

    def _work(self) -> int:
        handled = 0
        for queue in wiring.queues():
            for body in self._received(queue):
                handled += 1
                work = json.loads(body)
                self.messages.add((work["pk"], work["sk"]))
                if file := wiring.consumers().get(queue):
                    self._deliver(file, queue_event([body]), VISIBILITY)
                    if self.redelivers:  # at least once is sometimes twice
                        self.invoke(file, queue_event([body]), Injector())
        return handled

    def _deliver(self, file: str, event: Mapping[str, Any], pause: timedelta) -> None:
        """Until it is done; where nothing is redelivered, once."""
        number = sum(1 for known, _ in self.first_calls if known == file)
        armed = iter(self.arms.get((file, number), ()))
        injector = next(armed, Injector())
        at = len(self.first_calls)
        self.first_calls.append((file, 0))
        for _ in range(DELIVERIES):
            outcome = self.invoke(file, event, injector)
            self.first_calls[at] = (file, self.first_calls[at][1] or len(injector.calls))
            if outcome.is_done or not self.redelivers:
                return
            if pause:  # a duplicate comes at once, the message itself when it is visible again
                self.invoke(file, event, Injector())
                self.advance(pause)
            injector = next(armed, Injector())
        self.problems.append(f"{file} was never done with {event}")

    def _received(self, queue: str) -> list[str]:
        url = self.stack.names[queue]
        answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        if got := answer.get("Messages", []):
            taken = [
                {"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]}
                for at, message in enumerate(got)
            ]
            self._sqs.delete_message_batch(QueueUrl=url, Entries=taken)
        return [message["Body"] for message in got]

    # ---- tables and buckets ---------------------------------------------------------------------

    def _scan(self, name: str) -> list[Item]:
        found: list[Item] = []
        start = None
        while True:
            rows, start, _ = self._store.sync_scan_page(
                self.stack.names[name], exclusive_start_key=start, consistent_read=True
            )
            found += rows
            if start is None:
                return found

    def _restore(self, name: str) -> None:
        wanted = {(item["pk"], item["sk"]): item for item in self._baseline[name]}
        strangers = []
        for item in self._scan(name):
            key = (item["pk"], item["sk"])
            if wanted.get(key) == item:
                del wanted[key]
            elif key not in wanted:
                strangers.append({"pk": item["pk"], "sk": item["sk"]})
        if wanted or strangers:
            self._store.sync_batch_write(self.stack.names[name], list(wanted.values()), strangers)

    def _listed(self, name: str) -> list[str]:
        found = self._s3.list_objects_v2(Bucket=self.stack.names[name])
        return [one["Key"] for one in found.get("Contents", [])]

    def _empty(self, name: str) -> None:
        for key in self._listed(name):
            self._s3.delete_object(Bucket=self.stack.names[name], Key=key)


def _outcome(file: str, event: Mapping[str, Any]) -> Outcome:
    try:
        answer = invoke(file, event, Context(wiring.timeout_ms(file)))
    except Killed:
        return Outcome(killed=True)
    except RuntimeError:  # how a schedule reports a failure
        return Outcome(failed=True)
    return Outcome(failed=bool(answer and answer["batchItemFailures"]))
