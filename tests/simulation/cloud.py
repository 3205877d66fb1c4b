"""The rest of AWS around the functions: stream, queues, schedules, the bucket and the secret."""

import io
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from linkwright import clock, jobs
from linkwright.jobs import Work
from linkwright.table import Item
from tests import carrier, processes
from tests.client import http_event, load, named, queue_event, stream_event
from tests.faults import wiring
from tests.faults.injection import Killed
from tests.postbox import Postbox
from tests.sealer import Sealer
from tests.simulation.clockwork import Scheduler
from tests.simulation.network import Network
from tests.simulation.tables import Change, Tables

Event = Mapping[str, Any]

DELIVERIES = 5
VISIBILITY_S = 361
_STREAM_TRIES = 5
_HTTP_TIMEOUT_S = 25
_MINUTE = timedelta(minutes=1)
# How often a function runs in a process that knows nothing yet.
_COLD = 0.05
CORE = "CoreTable"


class Context:
    """Lambda's context object, by the simulation's clock."""

    def __init__(self, milliseconds_left: Callable[[], int]) -> None:
        self.get_remaining_time_in_millis = milliseconds_left


class Cloud(Sealer, Postbox):
    """Wakes the functions.

    `sent` is where the work of all messages is written down, `dead` the messages that no worker
    ever got done, and `undone` how often each function failed or was killed.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        network: Network,
        tables: Tables,
        chance: random.Random,
        note: Callable[[str], None],
    ) -> None:
        self.dead: list[tuple[str, str]] = []
        self.undone: Counter[str] = Counter()
        self.sweeps = 0
        self.clear_letters()
        self.sent: set[tuple[str, str]] = set()
        self.objects: dict[str, bytes] = {}
        self._scheduler = scheduler
        self._network = network
        self._tables = tables
        self._random = chance
        self._note = note
        tables.listeners.append(self._stream)

    # ---- invoking -------------------------------------------------------------------------------

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: str | None,
        *,
        is_base64: bool = False,
    ) -> dict[str, Any] | None:
        """What API Gateway gets from the function; None if it was killed."""
        event, function = http_event(method, url, headers, body, is_base64=is_base64)
        answer: dict[str, Any] | None = self._invoke(function.file, event, _HTTP_TIMEOUT_S)
        return answer

    def _invoke(self, file: str, event: Event, timeout_s: float) -> Any:
        handler = load(named(file)).handler
        if self._chance(_COLD):
            processes.forget()
        with self._network.invocation(timeout_s) as milliseconds_left:
            try:
                return handler(event, Context(milliseconds_left))
            except Killed:
                self._note(f"{file} is killed")
                return None

    def noting(self, put_off: Callable[[Work], bool]) -> Callable[[Work], bool]:
        """Who puts work off has failed at it."""

        def noted(work: Work) -> bool:
            self._note(f"{work.kind} {work.sk} is put off")
            self.undone[wiring.consumers()[work.of_kind.queue_url]] += 1
            return put_off(work)

        return noted

    def _is_done(self, file: str, event: Event) -> bool:
        answer = self._invoke(file, event, wiring.timeout_ms(file) / 1000)
        if answer is not None and not answer["batchItemFailures"]:
            return True
        self.undone[file] += 1
        return False

    # ---- the stream -----------------------------------------------------------------------------

    def _stream(self, changes: list[Change]) -> None:
        for change in changes:
            item = change.after
            if item is None or "outbox" not in item or item == change.before:
                continue
            if self._chance(self._network.weather.lost):
                self._note(f"the stream loses {item['sk']}")
                continue
            event = stream_event((change.before, item))
            for _ in range(self._copies()):
                self._scheduler.spawn(self._delay(), partial(self._relay, event))

    def _relay(self, event: Event) -> None:
        file = dict(wiring.streams())["CoreTable"]
        for _ in range(_STREAM_TRIES):
            if self._is_done(file, event):
                return
            self._scheduler.sleep(1)

    # ---- the queues -----------------------------------------------------------------------------

    def send_message_batch(self, QueueUrl: str, Entries: list[Item]) -> Item:  # noqa: N803 -- boto3's names
        taken = [entry for entry in Entries if not self._refuses()]
        for entry in taken:
            work = json.loads(entry["MessageBody"])
            self.sent.add((work["pk"], work["sk"]))
            for _ in range(self._copies()):
                self._enqueue(QueueUrl, entry["MessageBody"], entry["DelaySeconds"])
        refused = [entry for entry in Entries if entry not in taken]
        return {
            "Successful": [{"Id": entry["Id"]} for entry in taken],
            "Failed": [{"Id": entry["Id"]} for entry in refused],
        }

    def _enqueue(self, queue: str, body: str, delay_s: int) -> None:
        file = wiring.consumers().get(queue)
        if file is not None:
            self._scheduler.spawn(delay_s + self._delay(), partial(self._deliver, file, body))

    def _deliver(self, file: str, body: str) -> None:
        work = json.loads(body)
        for number in range(1, DELIVERIES + 1):
            taken_at = self._scheduler.now
            self._note(f"{file} gets {work['kind']} {work['sk']}, delivery {number}")
            if self._is_done(file, queue_event([body], received=number)):
                return
            waited = (self._scheduler.now - taken_at).total_seconds()
            self._scheduler.sleep(VISIBILITY_S - waited)
        self._note(f"dead letter: {body}")
        self.dead.append((file, body))

    def redrive(self) -> None:
        """Deliver the dead letters again, as a person would."""
        dead, self.dead = self.dead, []
        for file, body in dead:
            self._scheduler.spawn(self._delay(), partial(self._deliver, file, body))

    # ---- the schedules --------------------------------------------------------------------------

    def run(self, until: datetime, is_over: Callable[[], bool]) -> None:
        """Let everything happen that is going to, with the schedules each minute."""
        scheduler = self._scheduler
        while scheduler.now < until and not is_over():
            minute, due = _next_minute(scheduler.now), self._due_at()
            if not scheduler.pending:
                if due is None:
                    return
                minute = max(minute, _next_minute(due - _MINUTE))
            scheduler.run(minute)
            due = self._due_at()
            # At other times the function would find nothing.
            if due is not None and due <= scheduler.now:
                for file, given in wiring.sweeps(jobs.DUE_SHARDS):
                    scheduler.spawn(0, partial(self._sweep, file, given))

    def _due_at(self) -> datetime | None:
        due = [row["gsi2sk"] for row in self._tables.rows(CORE) if jobs.is_due(row)]
        return clock.parse(min(due)) if due else None

    def _sweep(self, file: str, given: Event) -> None:
        self.sweeps += 1
        try:
            self._invoke(file, given, wiring.timeout_ms(file) / 1000)
        except RuntimeError:  # how a schedule reports a failure
            self.undone[file] += 1

    # ---- the bucket and the secret --------------------------------------------------------------

    def put_object(self, Bucket: str, Key: str, Body: bytes, ContentType: str) -> Item:  # noqa: N803
        self.objects[Key] = Body
        return {"ETag": "etag"}

    def delete_object(self, Bucket: str, Key: str) -> Item:  # noqa: N803
        self.objects.pop(Key, None)
        return {"ResponseMetadata": {"HTTPStatusCode": 204}}

    def get_object(self, Bucket: str, Key: str) -> Item:  # noqa: N803
        return {"Body": io.BytesIO(self.objects[Key])}

    def get_secret_value(self, SecretId: str) -> Item:  # noqa: N803
        return {"SecretString": carrier.SECRET}

    # ---- chance ---------------------------------------------------------------------------------

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _copies(self) -> int:
        return 2 if self._chance(self._network.weather.duplicates) else 1

    def _delay(self) -> float:
        # Seldom so long that what was sent later comes first.
        return self._random.uniform(1, 8) if self._chance(0.05) else self._random.uniform(0.02, 0.5)

    def _refuses(self) -> bool:
        return self._chance(self._network.weather.faults)


def _next_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0) + _MINUTE
