"""What a run acts on: a cloud and a carrier of its own, a clock that only the test moves, and what
wakes the functions: the stream the relay, the queues the workers, the carrier the callbacks, the
minute the schedules.
"""

import itertools
import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from linkwright import clock, egress, ids, jobs
from linkwright.jobs import Work
from linkwright.links import items as link_items
from linkwright.links.redirect import salts
from linkwright.table import Item, Key, Table, update
from linkwright.voice.calls import items
from linkwright.voice.calls.states import Status, is_terminal
from tests import clicks, mailhost, processes, runs, sites, vendors, webhooks
from tests.client import Answer, Context, invoke, queue_event
from tests.factories import Workspace, make_workspace
from tests.faults import hooks, wiring
from tests.faults.clouds import Cloud
from tests.faults.injection import Injector, Killed
from tests.faults.samples import ONE_AT_A_TIME, RUN_ID, WORKSPACE, Sample, Until, sample
from tests.faults.seams import Seam
from tests.faults.states import State, leaks, neutral, state
from tests.faults.telephone import Telephone, label
from tests.stack import Stack
from tests.stream import Stream
from tests.switchboard import Reply, Sent, event_of, reply_of
from tools.demo import AGENT_ID, MEMBER_ID

# How often a queue hands out a message, at most, and after which time it does so again.
DELIVERIES = 5
# Who is mailed digests.
MAILED = "owner@example.com"
VISIBILITY = timedelta(seconds=361)
_FAR = timedelta(days=10)
# What is due again each time that it is done: whoever waited for its end would wait for ever.
_RECURRING = {jobs.DOMAIN, jobs.SCAN, jobs.DIGEST, jobs.MAILBOX, jobs.MAILBOX_READING}
_TICK = timedelta(seconds=70)
_ROUNDS = 400


Arms = Mapping[tuple[str, int], Sequence[Injector] | None]


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended; with what, if somebody waits for an answer."""

    killed: bool = False
    failed: bool = False
    answer: Mapping[str, Any] | None = None

    @property
    def is_done(self) -> bool:
        return not (self.killed or self.failed)


@dataclass
class Event:
    """An invocation of a function: what it was about, and the calls that it made."""

    file: str
    about: str
    calls: list[str]


def is_read_no_more(pk: str, sk: str, keys: Collection[tuple[str, str]]) -> bool:
    """Whether a job is that of reading a mailbox, which was deleted: then it forgets itself."""
    return pk.endswith("#MBR") and (pk.removesuffix("#MBR") + "#MBX", sk) not in keys


class World:
    """Faults: `arms` holds, for the n-th event of a function (from 0), the injectors of its
    deliveries, or None if the carrier's never arrives. What may never be seen is added to
    `problems`.
    """

    def __init__(self, cloud: Cloud, seam: Seam) -> None:
        self.cloud = cloud
        self.seam = seam
        # At noon: what a fault puts off is of the same day.
        self.began = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
        self.offset = timedelta(0)
        self._numbers = itertools.count(1)
        self._baseline: dict[str, list[Item]] = {}

    def furnish(self, like: "World | None" = None) -> None:
        """With a workspace of its own, or with that of another world, keys and secrets and all."""
        if like is None:
            workspace = make_workspace("enterprise")
            workspace.agent(id=AGENT_ID, recording=True)
            workspace.agent(id=ONE_AT_A_TIME, concurrency=1)
            workspace.member(id=MEMBER_ID)
            # Of whom a failing webhook tells nothing.
            workspace.mailed(MAILED, alerts="off")
            hooks.furnish(workspace)
            runs.put_failed(workspace, RUN_ID)
            self._follow_a_link(workspace)
            self._visit_long_ago()
            self.client, self.partition = workspace.client, workspace.partition
            self._baseline = self.items()
        else:
            self.client, self.partition = like.client, like.partition
            self.began = like.began
            self._baseline = {
                name: [hooks.resealed(item) for item in rows]
                for name, rows in like._baseline.items()
            }
        self.reset()

    def _follow_a_link(self, workspace: Workspace) -> None:
        """As the sample of a conversion names it."""
        body = json.loads(sample("POST /api/conversions").body or "{}")
        _, ulid, link = body["click_id"].split("_")
        named = {"lnk": f"lnk_{link}", "clk": f"clk_{ulid}"}
        new = ids.new
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ids, "new", lambda kind: named.get(kind) or new(kind))
            clicks.followed(workspace)
        # Whoever was to be told of it was told.
        done = "REMOVE " + ", ".join(f"#{name}" for name in jobs.ATTRIBUTES)
        for row in self.cloud.rows("CoreTable"):
            if row["pk"] == f"W#{workspace.partition}#EVT" and "outbox" in row:
                update(Table.CORE, Key(row["pk"], row["sk"]), done)

    def _visit_long_ago(self) -> None:
        """On a day of which all is to be forgotten."""
        at = self.began - timedelta(days=4)
        day = salts.day(at)
        salts.make(day)
        for shard in range(link_items.VISIT_SHARDS):
            visit = link_items.visit_key(day, at.hour, "lnk_1", f"{shard:08x}")
            self.stack.put("ClicksTable", {**visit.attributes(), "click": "clk_1"})

    @property
    def stack(self) -> Stack:
        return self.cloud.stack

    # ---- state ----------------------------------------------------------------------------------

    def reset(self, *, stream_works: bool = True, redelivers: bool = True) -> None:
        """A workspace with an agent and nothing else, at the moment when everything began.

        Without redelivery what failed is lost; without the stream there are only schedules.
        """
        self.offset = timedelta(0)
        # None of those that what is there at first was made with.
        self._numbers = itertools.count(1_000)
        self.arms: Arms = {}
        self.events: list[Event] = []
        self.messages: set[tuple[str, str]] = set()
        self.kinds: set[str] = set()
        self.problems: list[str] = []
        # Work whose run failed, and which is to be done again.
        self.put_off: list[Work] = []
        self.stream_works = stream_works
        self.redelivers = redelivers
        self.telephone = Telephone(self.now, self.advance)
        self.receivers = hooks.receivers()
        self._streams = {name: Stream(name) for name, _ in wiring.streams()}
        self._queued: dict[str, list[str]] = {queue: [] for queue in wiring.queues()}
        self.cloud.reset(self._baseline)
        mailhost.current().folders.clear()

    def items(self) -> dict[str, list[Item]]:
        """All that is stored, by table."""
        return {name: self.cloud.rows(name) for name in wiring.tables()}

    def jobs(self) -> list[Item]:
        """Those that are not done, but what samples keep for more than a year: it is none of a
        run.
        """
        until = clock.timestamp(self.now() + timedelta(days=365))
        rows = [row for row in self.items()["CoreTable"] if "gsi2pk" in row]
        return [row for row in rows if not jobs.is_due(row) or row["gsi2sk"] < until]

    def state(self) -> State:
        """What a run has come to: all that is stored, here and at the carrier."""
        stored = state(self._lasting(), self.cloud.objects(), self.telephone.board)
        queued = self._waiting().items()
        stored += Counter(hooks.told(self.receivers))
        return stored + Counter(
            neutral(f"{queue}: {body}")
            for queue, all_ in queued
            for body in all_
            # A mailbox is read again each minute, whatever else is done.
            if json.loads(body).get("kind") != jobs.MAILBOX_READING
        )

    def _lasting(self) -> dict[str, list[Item]]:
        """All but how far a mailbox was read that is deleted: a look within a minute takes it."""
        stored = self.items()
        keys = {(one["pk"], one["sk"]) for items in stored.values() for one in items}
        return {
            table: [one for one in items if not is_read_no_more(one["pk"], one["sk"], keys)]
            for table, items in stored.items()
        }

    def now(self) -> datetime:
        return self.began + self.offset

    def monotonic(self) -> float:
        return self.offset.total_seconds()

    def new_id(self, prefix: str) -> str:
        """Counted, so that a run can be repeated exactly."""
        return f"{prefix}_{ids._ulid(clock.epoch_ms(), next(self._numbers))}"

    def advance(self, by: timedelta) -> None:
        self.offset += by

    # ---- invoking -------------------------------------------------------------------------------

    def request(self, wanted: Sample, key: str, injector: Injector | None = None) -> Answer | None:
        """The answer, or None if the function was killed."""
        headers, body = dict(wanted.headers), wanted.body
        if wanted.is_webhook:
            # In a process of its own, which does not know by what it is signed.
            processes.forget()
            body = (body or "").replace(WORKSPACE, self.partition)
            headers |= webhooks.headers(wanted.path, body)
        elif wanted.method == "POST":
            headers["Idempotency-Key"] = key
        url = f"{wanted.path}?{wanted.query}" if wanted.query else wanted.path
        with self.seam.use(injector or Injector()):
            try:
                return self.client.request(wanted.method, url, body=body, headers=headers)
            except Killed:
                return None

    def prepared(self, route: str) -> Sample:
        """The sample of a route, with what it needs to exist made before."""
        wanted = sample(route)
        self.telephone.lost = wanted.lost
        if not wanted.after:
            return wanted
        made = self.request(sample(wanted.after), "before")
        assert made is not None
        assert made.status < 400, made.raw
        if wanted.until is not Until.ASKED:
            self.settle(self.telephone.rings if wanted.until is Until.RINGING else _never)
        of = made.json if made.raw else {}
        path, body = wanted.path, wanted.body
        for name in ("id", "campaign_id"):
            path = path.replace(f"{{{name}}}", str(of.get(name, "")))
            body = body and body.replace(f"{{{name}}}", str(of.get(name, "")))
        return replace(wanted, path=path, body=body)

    def invoke(self, file: str, event: Mapping[str, Any], injector: Injector) -> Outcome:
        self._repeat = lambda: self.invoke(file, event, Injector())
        # Each in a process of its own, which knows nothing yet.
        processes.forget()
        put_off = len(self.put_off)
        with self.seam.use(injector):
            outcome = _outcome(file, event)
        is_well = outcome.is_done and len(self.put_off) == put_off
        excused = (injector.fault and injector.struck) or self._is_early(event)
        if not is_well and not excused:
            self.problems.append(f"{file} failed without a fault: {event} {outcome}")
        return outcome

    def _is_early(self, event: Mapping[str, Any]) -> bool:
        """Whether it is about the recording of a call whose end nobody has told yet."""
        for record in event.get("Records", []):
            work = json.loads(record.get("body", "{}"))
            if work.get("kind") == jobs.RECORDING:
                call = items.find(self.partition, work["sk"].partition("#")[0])
                return call is not None and not is_terminal(Status(call["view"]["status"]))
        return False

    def repeat(self) -> None:
        """Deliver a second time what is being handled just now."""
        self._repeat()

    def carry_on(self) -> None:
        """Let all calls that are at the carrier come to their end."""
        self.telephone.run(self._tell)

    # ---- the rest of the world ------------------------------------------------------------------

    def settle(self, until: Callable[[], bool] | None = None) -> None:
        """Let everything happen that is going to, however long it takes; or until something has."""
        is_reached = until or _never
        for _ in range(_ROUNDS):
            if is_reached():
                return
            if self.stream() + self._work():
                continue
            waiting = {
                jobs.at(Key(item["pk"], item["sk"])).kind
                for item in self.cloud.rows("CoreTable")
                if "gsi2sk" in item and self.is_awaited(item)
            }
            # Else a call might end by itself before it is hung up.
            if jobs.HANG_UP not in waiting and self.telephone.step(self._tell):
                continue
            if not waiting:
                # What is done each hour is done whether or not anything waits, and again.
                for file, given in [*wiring.others()] * 2:
                    self._deliver(file, given, "", timedelta(0))
                return
            self.advance(_TICK)
            self.run_schedules()
        self.problems.append("something waits in the outbox for ever")

    def is_awaited(self, item: Item) -> bool:
        """Whether it is a job that is left; one of days ahead is none of what a case is about, nor
        is one that comes again by itself, unless it was asked for or its run has failed.
        """
        if item.get("gsi2sk", "~") >= clock.timestamp(self.now() + _FAR):
            return False
        kind = jobs.at(Key(item["pk"], item["sk"])).kind
        if item.get("view", {}).get("status") == "verifying":
            # A mailbox, which is looked at again until it is proven or is not.
            return True
        if kind == jobs.MAILBOX_READING and "next_at" in item:
            # By level: it is marked until it runs again, each minute.
            return "attempts" in item
        return kind not in _RECURRING or "attempts" in item or "outbox" in item

    def run_schedules(self) -> None:
        for file, given in (*wiring.sweeps(jobs.DUE_SHARDS), *wiring.others()):
            self._deliver(file, given, "", timedelta(0))

    def stream(self) -> int:
        """Hand what was changed since the last time to the functions that read the stream."""
        handled = 0
        for name, file in wiring.streams():
            event = self._streams[name].event(self.cloud.rows(name))
            if event and self.stream_works:
                handled += len(event["Records"])
                self._deliver(file, event, "", timedelta(0))
        return handled

    def hand_out(self, file: str, body: str) -> None:
        """A message that no job is behind, until it is done."""
        self._deliver(file, queue_event([body]), "", VISIBILITY)
        if self.redelivers and not self.arms:
            self.invoke(file, queue_event([body]), Injector())

    def forget_stream(self) -> None:
        """Nobody is told of what was changed up to now."""
        for name, told in self._streams.items():
            told.changes(self.cloud.rows(name))

    def _waiting(self) -> dict[str, list[str]]:
        """The messages in each queue, which are kept here from now on."""
        for queue, bodies in self._queued.items():
            bodies += self.cloud.received(queue)
        return self._queued

    def _work(self) -> int:
        handled = 0
        for queue, bodies in self._waiting().items():
            self._queued[queue] = []
            for body in bodies:
                handled += 1
                work = json.loads(body)
                self.messages.add((work["pk"], work["sk"]))
                self.kinds.add(work["kind"])
                if file := wiring.consumers().get(queue):
                    self._deliver(file, queue_event([body]), work["kind"], VISIBILITY)
                    if self.redelivers:  # at least once is sometimes twice
                        self.invoke(file, queue_event([body]), Injector())
        return handled

    def _deliver(self, file: str, event: Mapping[str, Any], about: str, pause: timedelta) -> None:
        """Until it is done; where nothing is redelivered, once."""
        noted, planned = self._begun(file, about)
        armed = iter(planned or ())
        injector = next(armed, Injector())
        for _ in range(DELIVERIES):
            outcome = self.invoke(file, event, injector)
            noted.calls = noted.calls or injector.calls
            if outcome.is_done or not self.redelivers:
                return
            if pause:  # a duplicate comes at once, the message itself when it is visible again
                self.invoke(file, event, next(armed, Injector()))
                self.advance(pause)
            injector = next(armed, Injector())
        self.problems.append(f"{file} was never done with {event}")

    def _begun(self, file: str, about: str) -> tuple[Event, Sequence[Injector] | None]:
        number = sum(1 for event in self.events if event.file == file)
        noted = Event(file, about, [])
        self.events.append(noted)
        return noted, self.arms.get((file, number), ())

    # ---- the network ----------------------------------------------------------------------------

    def fetch(self, url: str, **options: Any) -> egress.Answer:
        if urlsplit(url).hostname == hooks.HOST:
            return self.receivers.fetch(url, **options)
        if vendors.is_one(url):
            return vendors.fetch(url, **options)
        if sites.is_asked(options):
            return sites.fetch(url, **options)
        return self.telephone.fetch(url, **options)

    def _tell(self, sent: Sent) -> Reply | None:
        """What the carrier gets: nothing, if nobody answers.

        It says everything once. Where things are redelivered, what is struck comes again at once,
        and all that was told of a call when the next one is there already.
        """
        event, function = event_of(sent)
        noted, planned = self._begun(function.file, label(sent))
        if planned is None:
            return None
        armed = iter(planned)
        injector = next(armed, Injector())
        first = self.invoke(function.file, event, injector)
        noted.calls = injector.calls
        if self.redelivers:
            self._echo()
        if not self.redelivers or not planned:
            return self._reply(first)
        second = self.invoke(function.file, event, next(armed, Injector()))
        if first.is_done and second.is_done and _said(first) != _said(second):
            self.problems.append(f"{label(sent)} is answered {_said(first)}, then {_said(second)}")
        return self._reply(first if first.is_done else second)

    def _echo(self) -> None:
        for sent in self.telephone.echoes():
            event, function = event_of(sent)
            self.invoke(function.file, event, Injector())

    def _reply(self, outcome: Outcome) -> Reply | None:
        if outcome.answer is None:
            return None
        answer = outcome.answer
        shown = Answer(answer["statusCode"], answer["headers"], answer["body"])
        self.problems += leaks(shown, self.stack)
        return reply_of(answer)


def _never() -> bool:
    return False


def _said(outcome: Outcome) -> object:
    assert outcome.answer is not None
    return outcome.answer["statusCode"], outcome.answer["body"]


def _outcome(file: str, event: Mapping[str, Any]) -> Outcome:
    try:
        answer = invoke(file, event, Context(wiring.timeout_ms(file)))
    except Killed:
        return Outcome(killed=True)
    except RuntimeError:  # how a schedule reports a failure
        return Outcome(failed=True)
    if answer and "statusCode" in answer:
        return Outcome(failed=answer["statusCode"] >= 400, answer=answer)
    return Outcome(failed=bool(answer and answer["batchItemFailures"]))
