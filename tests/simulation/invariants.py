"""What must never be seen, watched at every write, and what must hold when all is over."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.plans import PLANS, Plan
from linkwright.table import Item
from tests.simulation.tables import Change, Tables

CORE = "CoreTable"
_ON_THE_PHONE = {"dialing", "ringing", "in_progress"}
_WAITING = {"scheduled", "queued"}
# A worker reads the rules a little before it claims the call; a fault may make it wait.
_RULES_GRACE = timedelta(seconds=15)
# A place on the phone, and who is first, are seen a little before they are taken.
_TURN_GRACE = timedelta(seconds=5)
# The worker's timeout, and a message of its call each minute from the sweeper.
_STUCK = timedelta(hours=1)
# The longest that a message is under way in calm weather.
_IDLE = timedelta(seconds=45)
# The longest that a claim lasts: the worker's timeout, and the grace of its lease.
_CLAIM = timedelta(seconds=70)

Where = tuple[str, str]


class Broken(BaseException):
    """The watch itself failed, which the code under watch must not take for a fault."""


class Watch:
    def __init__(
        self, tables: Tables, zones: dict[str, list[str]], note: Callable[[str], None]
    ) -> None:
        self.problems: list[str] = []
        self.is_calm = True
        self.dials = 0
        self._tables = tables
        self._zones = zones
        self._note = note
        self._accepted: dict[Where, int] = {}
        # When each attempt was last claimed, and since when a call is queued.
        self._claims: dict[tuple[str, str, int], datetime] = {}
        self._queued: dict[Where, datetime] = {}
        self._sequences: dict[str, int] = {}
        self._ended: dict[str, list[bool]] = defaultdict(list)
        self._idle_since: dict[str, datetime] = {}
        self._settings_since: dict[str, datetime] = {}
        self._called: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        self._most_calls: dict[str, float] = {}
        tables.listeners.append(self._see)

    def problem(self, text: str) -> None:
        self.problems.append(text)
        self._note(f"PROBLEM: {text}")

    def accepted(self, partition: str, call_id: str, number: int) -> None:
        """The API said that it had placed the call."""
        known = self._accepted.setdefault((partition, call_id), number)
        if known != number:
            self.problem(f"{call_id} is the answer to two requests")

    # ---- at every write -------------------------------------------------------------------------

    def _see(self, changes: list[Change]) -> None:
        try:
            self._look(changes)
        except Exception as failure:
            raise Broken from failure

    def _look(self, changes: list[Change]) -> None:
        watchers: dict[str, Callable[[str, Item, Item], None]] = {
            "CALL": self._call,
            "SIM": self._dial,
            "USE": self._usage,
            "LINE": self._line,
            "EVT": self._event,
            "": self._workspace,
        }
        for change in changes:
            item = change.after or change.before or {}
            if change.table == CORE and item["pk"].startswith("W#"):
                _, partition, *rest = item["pk"].split("#")
                if watcher := watchers.get("#".join(rest)):
                    watcher(partition, change.before or {}, change.after or {})

    def _call(self, partition: str, before: Item, after: Item) -> None:
        old, new = before.get("view", {}), after["view"]
        was, status = old.get("status"), new["status"]
        if was != status:
            self._note(f"{after['sk']} is {status} {new.get('ended_reason') or ''}")
        if before and after["v"] < before["v"] + (old != new):
            self.problem(f"{after['sk']} went back to version {after['v']}")
        if (
            new.get("ended_reason") is None
            if _is_over(status)
            else new.get("ended_reason") is not None
        ):
            self.problem(f"{after['sk']} is {status} with the reason {new.get('ended_reason')}")
        if (
            was
            and _is_over(was)
            and (was, old.get("ended_reason")) != (status, new.get("ended_reason"))
        ):
            self.problem(f"{after['sk']} ended twice: {was}, then {status}")
        if status == "queued":
            self._queued.setdefault((partition, after["sk"]), clock.now())
        elif was == "queued":
            since = self._queued.pop((partition, after["sk"]))
            if status == "dialing":
                self._require_turn(partition, after, since)
        if new.get("attempt", 0) > old.get("attempt", 0):
            self._claimed(partition, after)
        if self.is_calm:
            self._require_no_idling(partition)

    def _claimed(self, partition: str, item: Item) -> None:
        view, now = item["view"], clock.now()
        self._claims[(partition, item["sk"], view["attempt"])] = now
        self._require_rules(partition, item)
        today = f"{now:%Y-%m-%d}"
        self._called[(partition, view["to"], today)].add(item["sk"])
        most = self._most_calls.get(partition, math.inf)
        if len(self._called[(partition, view["to"], today)]) > most:
            self.problem(f"{view['to']} is called by more than {most} calls of {partition} today")
        on_the_phone = self._on_the_phone(partition)
        if on_the_phone.total() > self._plan(partition).concurrent_calls:
            self.problem(f"{on_the_phone.total()} calls of {partition} on the phone")
        agent_id = view["agent_id"]
        if on_the_phone[agent_id] > self._cap(partition, agent_id):
            self.problem(f"the agent of {item['sk']} has {on_the_phone[agent_id]} calls")

    def _require_rules(self, partition: str, item: Item) -> None:
        to, call_id, now = item["view"]["to"], item["sk"], clock.now()
        if self._tables.find(CORE, f"W#{partition}#DNC", to):
            self.problem(f"{call_id} is claimed, and {to} is on the do-not-call list")
        settings = self._settings(partition)
        if settings is None or now - self._settings_since[partition] < _RULES_GRACE:
            return
        quiet = settings["quiet_hours"]
        if (
            quiet
            and self._is_quiet(to, quiet, now)
            and self._is_quiet(to, quiet, now - _RULES_GRACE)
        ):
            self.problem(f"{call_id} is claimed in quiet hours of {to}")
        if settings["calls"] == "off":
            self.problem(f"{call_id} is claimed while calls are off")
        if settings["consent"] == "enforce" and not item["view"].get("consent"):
            self.problem(f"{call_id} is claimed without consent")
        countries = settings["allowed_countries"]
        if countries and to.startswith(("+44", "+61")):
            self.problem(f"{call_id} is claimed, and the country of {to} is not allowed")

    def _require_turn(self, partition: str, item: Item, since: datetime) -> None:
        """Who waits for longer goes first; faults, and rules of others, may hold one up."""
        if not self.is_calm:
            return
        for call_id, queued in self._waiting(partition).items():
            if call_id < item["sk"] and clock.now() - queued > _TURN_GRACE:
                self.problem(f"{item['sk']} is dialled before {call_id}")

    def _require_no_idling(self, partition: str) -> None:
        """A free place on the phone is taken soon, not only when the sweeper finds who waits."""
        on_the_phone, now = self._on_the_phone(partition).total(), clock.now()
        is_full = on_the_phone >= self._plan(partition).concurrent_calls
        since = self._idle_since.pop(partition, now)
        if now - since > _IDLE:
            self.problem(f"a call of {partition} waited for a place that was free since {since}")
        if self._waiting(partition) and not is_full:
            self._idle_since[partition] = since

    def _waiting(self, partition: str) -> dict[str, datetime]:
        """Since when the calls are queued whose agents could take them."""
        busy = self._on_the_phone(partition)
        waiting = {}
        for (other, call_id), queued in self._queued.items():
            if other == partition:
                call = self._tables.find(CORE, f"W#{partition}#CALL", call_id) or {}
                agent_id = call["view"]["agent_id"]
                if busy[agent_id] < self._cap(partition, agent_id):
                    waiting[call_id] = queued
        return waiting

    def _on_the_phone(self, partition: str) -> Counter[str]:
        """How many calls each agent has on the phone."""
        views = [call["view"] for call in self._calls(partition)]
        return Counter(view["agent_id"] for view in views if view["status"] in _ON_THE_PHONE)

    def _cap(self, partition: str, agent_id: str) -> float:
        agent = self._tables.find(CORE, f"W#{partition}#AGT", agent_id)
        cap: float | None = agent["view"].get("concurrency") if agent else None
        return math.inf if cap is None else cap

    def _dial(self, partition: str, before: Item, after: Item) -> None:
        call_id, attempt = after["sk"].split("#")
        self.dials += 1
        self._note(f"the carrier dials {call_id}, attempt {attempt}")
        if after["dials"] != 1:
            self.problem(f"{call_id} is dialled {after['dials']} times in attempt {attempt}")
        claimed = self._claims.get((partition, call_id, int(attempt)))
        if claimed is None:
            self.problem(f"{call_id} is dialled without a claim of attempt {attempt}")
        elif clock.now() - claimed > _CLAIM:
            self.problem(f"{call_id} is dialled long after the claim of attempt {attempt}")

    def _usage(self, partition: str, before: Item, after: Item) -> None:
        committed, used = after.get("committed", 0), after.get("used", 0)
        limit = self._plan(partition).call_minutes
        if not 0 <= used <= committed <= limit:
            self.problem(f"minutes of {partition}: {used} used, {committed} committed of {limit}")

    def _line(self, partition: str, before: Item, after: Item) -> None:
        active = after.get("active", set())
        if after["sk"] == "all" and len(active) > self._plan(partition).concurrent_calls:
            self.problem(f"{len(active)} calls of {partition} stand on the phone")

    def _event(self, partition: str, before: Item, after: Item) -> None:
        if before or not after["type"].startswith("call."):
            return
        call_id, sequence = after["object"]["id"], after["sequence"]
        if sequence <= self._sequences.get(call_id, 0):
            self.problem(f"{after['type']} of {call_id} has the sequence {sequence} again")
        self._sequences[call_id] = sequence
        if after["type"] == "call.ended":
            if True in self._ended[call_id]:
                self.problem(f"call.ended of {call_id} after the last one")
            self._ended[call_id].append(after["details"]["is_last"])

    def _workspace(self, partition: str, before: Item, after: Item) -> None:
        for name, mode in (("settings", ""), ("settings_test", ".test")):
            where = f"{partition}{mode}"
            if after["sk"] == "META" and before.get(name) != after.get(name):
                self._settings_since[where] = clock.now()
                most = after[name]["calls_per_callee_per_day"] or math.inf
                # Without a limit nothing is counted: who has one later begins with it.
                self._most_calls[where] = max(most, self._most_calls.get(where, most))
            elif not before:
                self._most_calls[where] = math.inf

    # ---- when all is over -----------------------------------------------------------------------

    def is_stuck(self) -> bool:
        """Whether a call is on the phone for longer than any can be."""
        now = clock.now()
        stuck = [
            call["sk"]
            for partition in {partition for partition, *_ in self._claims}
            for call in self._calls(partition)
            if call["view"]["status"] in _ON_THE_PHONE
            and now - self._claims[(partition, call["sk"], call["view"]["attempt"])] > _STUCK
        ]
        for call_id in stuck:
            self.problem(f"{call_id} is on the phone for ever")
        return bool(stuck)

    def finish(self, sent: set[Where]) -> None:
        rows = self._tables.rows(CORE)
        calls = [row for row in rows if row["pk"].endswith("#CALL")]
        for text in (*self._unfinished(calls), *self._left_over(rows), *self._minutes(rows, calls)):
            self.problem(text)
        self._require_accepted(calls)
        for row in rows:
            if row["pk"].endswith("#EVT") and (row["pk"], row["sk"]) not in sent:
                self.problem(f"{row['type']} {row['sk']} was never sent")

    def _unfinished(self, calls: list[Item]) -> Iterator[str]:
        for call in calls:
            call_id, view = call["sk"], call["view"]
            if not _is_over(view["status"]):
                yield f"{call_id} is {view['status']} for ever"
                continue
            attempts = view.get("attempts", [])
            ended = self._ended[call_id]
            if ended.count(True) != 1 or len(ended) not in {len(attempts), len(attempts) + 1}:
                yield f"{call_id} with {len(attempts)} attempts has {len(ended)} times call.ended"
            if any(attempt.get("ended_at") is None for attempt in attempts):
                yield f"{call_id} has an attempt without an end"

    def _left_over(self, rows: list[Item]) -> Iterator[str]:
        for row in rows:
            if row["pk"].endswith("#LINE") and row.get("active"):
                yield f"{row['pk']} {row['sk']} still has {sorted(row['active'])}"
            if "gsi2pk" in row:
                yield f"{row['pk']} {row['sk']} still waits"

    def _minutes(self, rows: list[Item], calls: list[Item]) -> Iterator[str]:
        talked: Counter[tuple[str, str]] = Counter()
        for call in calls:
            if "period" in call and _is_over(call["view"]["status"]):
                counter = (_partition(call), call["period"])
                talked[counter] += math.ceil(call["view"]["duration_s"] / 60)
        for row in rows:
            if row["pk"].endswith("#USE"):
                counter = (_partition(row), row["sk"].split("#")[0])
                said, spent = (row.get("committed", 0), row.get("used", 0)), talked.pop(counter, 0)
                if said != (spent, spent):
                    yield f"minutes of {counter}: {said} committed and used, {spent} talked"
        for counter, spent in talked.items():
            if spent:
                yield f"minutes of {counter}: nothing counted, {spent} talked"

    def _require_accepted(self, calls: list[Item]) -> None:
        stored = {(_partition(call), call["sk"]) for call in calls}
        for where in self._accepted.keys() - stored:
            self.problem(f"{where} was accepted and is not stored")
        numbers = Counter(call["view"]["metadata"]["n"] for call in calls)
        for number, count in numbers.items():
            if count > 1:
                self.problem(f"request {number} placed {count} calls")

    # ---- what is stored -------------------------------------------------------------------------

    def _calls(self, partition: str) -> Iterator[Item]:
        return (row for row in self._tables.partition(CORE, f"W#{partition}#CALL"))

    def _plan(self, partition: str) -> Plan:
        return PLANS[self._meta(partition)["plan"]]

    def _settings(self, partition: str) -> Item | None:
        name = "settings_test" if partition.endswith(".test") else "settings"
        found: Item | None = self._meta(partition).get(name)
        return found

    def _meta(self, partition: str) -> Item:
        return self._tables.find(CORE, f"W#{partition.removesuffix('.test')}", "META") or {}

    def _is_quiet(self, to: str, quiet: Item, moment: datetime) -> bool:
        return any(_holds(quiet, moment.astimezone(ZoneInfo(zone))) for zone in self._zones[to])


def _holds(quiet: Item, local: datetime) -> bool:
    start, end, now = quiet["start"], quiet["end"], f"{local:%H:%M}"
    holds: bool = start <= now < end if start < end else now >= start or now < end
    return holds


def _is_over(status: str) -> bool:
    return status not in _ON_THE_PHONE | _WAITING


def _partition(item: Item) -> str:
    return str(item["pk"].split("#")[1])
