"""What must never be seen: watched at every write."""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.table import Item
from tests.pages import ends
from tests.simulation import outcome
from tests.simulation.outcome import End, Where
from tests.simulation.stored import CORE, ON_THE_PHONE, Stored, is_over
from tests.simulation.tables import Change, Tables

# A worker reads the rules a little before it claims the call; a fault may make it wait.
_RULES_GRACE = timedelta(seconds=15)
# A place on the phone, and who is first, are seen a little before they are taken.
_TURN_GRACE = timedelta(seconds=5)
# The worker's timeout, and a message of its call each minute from the sweeper.
_STUCK = timedelta(hours=1)
# The longest that a message is under way where none is lost, and where the sweeper makes it good.
# As long as the account is refused, and the longest pause.
_REFUSED = timedelta(minutes=90 + 20)
_IDLE = timedelta(seconds=25)
_SWEPT = timedelta(minutes=20)
_DAY = timedelta(hours=24)


class Broken(BaseException):
    """The watch itself failed, which the code under watch must not take for a fault."""


class Watch:
    def __init__(
        self, tables: Tables, zones: dict[str, list[str]], note: Callable[[str], None]
    ) -> None:
        self.problems: list[str] = []
        self.is_calm, self.loses, self.is_refused = True, False, False
        self.is_furnished = False
        self._stored = Stored(tables)
        self._zones = zones
        self.note = note
        self._accepted: dict[Where, int] = {}
        self._answers: dict[int, str] = {}
        # When each attempt was last claimed, and since when a call is queued.
        self._claims: dict[tuple[str, str, int], datetime] = {}
        self._queued: dict[Where, datetime] = {}
        self._sequences: dict[str, int] = {}
        self._ended: dict[str, list[End]] = defaultdict(list)
        self._idle_since: dict[str, datetime] = {}
        self._free_since: dict[str, dict[str, datetime]] = defaultdict(dict)
        self._in_line_since: dict[str, datetime] = {}
        self._settings_since: dict[str, datetime] = {}
        self._dials: dict[tuple[str, str], list[datetime]] = defaultdict(list)
        self._most_calls: dict[str, float] = {}
        tables.listeners.append(self._see)

    def problem(self, text: str) -> None:
        self.problems.append(text)
        self.note(f"PROBLEM: {text}")

    def accepted(self, partition: str, call_id: str, number: int) -> None:
        """The API said that it had placed the call."""
        if self._accepted.setdefault((partition, call_id), number) != number:
            self.problem(f"{call_id} is the answer to two requests")
        if self._answers.setdefault(number, call_id) != call_id:
            self.problem(f"{call_id} is another answer to request {number}")

    def claimed_at(self, partition: str, call_id: str, attempt: int) -> datetime | None:
        """When a worker last began an attempt."""
        return self._claims.get((partition, call_id, attempt))

    # ---- at every write -------------------------------------------------------------------------

    def _see(self, changes: list[Change]) -> None:
        try:
            self._look(changes)
        except Exception as failure:
            raise Broken from failure

    def _look(self, changes: list[Change]) -> None:
        watchers: dict[str, Callable[[str, Item, Item], None]] = {
            "CALL": self._call,
            "USE": self._usage,
            "LINE": self._line,
            "EVT": self._event,
            "": self._workspace,
        }
        for change in changes:
            item = change.after or change.before or {}
            # Of what was deleted and not there nothing is told.
            if change.table == CORE and item.get("pk", "").startswith("W#"):
                _, partition, *rest = item["pk"].split("#")
                if watcher := watchers.get("#".join(rest)):
                    watcher(partition, change.before or {}, change.after or {})

    def _call(self, partition: str, before: Item, after: Item) -> None:
        was, status = before.get("view", {}).get("status"), after["view"]["status"]
        self._require_sense(before, after)
        if status == "queued":
            self._queued.setdefault((partition, after["sk"]), clock.now())
        elif was == "queued":
            since = self._queued.pop((partition, after["sk"]))
            # Also one that is refused: the line is being worked off.
            self._idle_since.pop(partition, None)
            if status == "dialing":
                self._require_turn(partition, after, since)
        further = _attempt(after) - _attempt(before)
        if further > 0:
            self._claimed(partition, after)
        elif further < 0:
            self._taken_back(partition, after)
        self._require_no_idling(partition)
        free, now = self._free_since[partition], clock.now()
        self._free_since[partition] = {
            call_id: free.get(call_id, now) for call_id in self._waiting(partition)
        }

    def _require_sense(self, before: Item, after: Item) -> None:
        """Whether a call may be as it is, after what it was."""
        old, new = before.get("view", {}), after["view"]
        was, status, reason = old.get("status"), new["status"], new.get("ended_reason")
        if "waits_in" in after and "waits_in" not in before:
            self._in_line_since[after["sk"]] = clock.now()
        if was != status:
            self.note(f"{after['sk']} is {status} {reason or ''}")
        if before and after["v"] < before["v"] + (old != new):
            self.problem(f"{after['sk']} went back to version {after['v']}")
        if (status, reason) not in ends() if is_over(status) else reason is not None:
            self.problem(f"{after['sk']} is {status} with the reason {reason}")
        if reason == "carrier_not_configured":
            self.problem(f"{after['sk']} ended by what is wrong with our account")
        ended = (was, old.get("ended_reason"))
        if was and is_over(was) and ended != (status, reason):
            self.problem(f"{after['sk']} ended twice: {was}, then {status}")

    def _claimed(self, partition: str, item: Item) -> None:
        view, now = item["view"], clock.now()
        self._claims[(partition, item["sk"], view["attempt"])] = now
        self._require_rules(partition, item)
        self._require_retry(item)
        self._require_rare(partition, view["to"])
        on_the_phone, plan = self._stored.on_the_phone(partition), self._stored.plan(partition)
        if on_the_phone.total() > plan.concurrent_calls:
            self.problem(f"{on_the_phone.total()} calls of {partition} on the phone")
        if self._stored.numbers(partition)[view["to"]] > 1:
            self.problem(f"{partition} is on the phone with {view['to']} more than once")
        agent_id = view["agent_id"]
        if on_the_phone[agent_id] > self._stored.cap(partition, agent_id):
            self.problem(f"the agent of {item['sk']} has {on_the_phone[agent_id]} calls")

    def _require_rare(self, partition: str, to: str) -> None:
        """A number, and the plan's own limit: what is dialled now counts."""
        now, dials = clock.now(), self._dials[(partition, to)]
        dials.append(now)
        most = self._most_calls.get(partition, math.inf)
        if sum(now - dial < _DAY for dial in dials) > most:
            self.problem(f"{to} is dialled more than {most} times in 24 hours by {partition}")
        mine = (ds for (other, _), ds in self._dials.items() if other == partition)
        today = sum(dial.date() == now.date() for ds in mine for dial in ds)
        if today > self._stored.plan(partition).dials_per_day:
            self.problem(f"{partition} dials {today} times today")

    def _taken_back(self, partition: str, item: Item) -> None:
        """The carrier never heard of the attempt: it does not count."""
        view = item["view"]
        claimed = self._claims[(partition, item["sk"], view["attempt"] + 1)]
        self._dials[(partition, view["to"])].remove(claimed)

    def _require_rules(self, partition: str, item: Item) -> None:
        to, call_id, now = item["view"]["to"], item["sk"], clock.now()
        if self._stored.find(f"W#{partition}#DNC", to):
            self.problem(f"{call_id} is claimed, and {to} is on the do-not-call list")
        settings = self._stored.settings(partition)
        if settings is None or now - self._settings_since[partition] < _RULES_GRACE:
            return
        quiet = settings["quiet_hours"]
        if (
            quiet
            and _is_quiet(self._zones[to], quiet, now)
            and _is_quiet(self._zones[to], quiet, now - _RULES_GRACE)
        ):
            self.problem(f"{call_id} is claimed in quiet hours of {to}")
        if settings["calls"] == "off":
            self.problem(f"{call_id} is claimed while calls are off")
        if settings["consent"] == "enforce" and not item["view"].get("consent"):
            self.problem(f"{call_id} is claimed without consent")
        countries = settings["allowed_countries"]
        if countries and to.startswith(("+44", "+61")):
            self.problem(f"{call_id} is claimed, and the country of {to} is not allowed")

    def _require_retry(self, item: Item) -> None:
        """Another attempt only where it was asked for, and not too early."""
        attempts, retry = item["view"]["attempts"], item["view"].get("retry")
        if len(attempts) < 2:
            return
        before, attempt, number = attempts[-2], attempts[-1], len(attempts)
        if not retry or number > retry["max"] + 1 or before["status"] not in retry["on"]:
            self.problem(f"{item['sk']} is dialled again after {before['status']}")
            return
        wait = timedelta(seconds=retry["backoff"] * 2 ** (number - 2))
        if clock.parse(attempt["started_at"]) < clock.parse(before["ended_at"]) + wait:
            self.problem(f"{item['sk']} is dialled again too early")

    def _require_turn(self, partition: str, item: Item, since: datetime) -> None:
        """Who waits for longer goes first; faults, and rules of others, may hold one up.

        Who is in no line yet has a message on its way, behind others where there are many.
        """
        if not self.is_calm:
            return
        for call_id, queued in self._waiting(partition).items():
            # Another worker may have passed it by while its agent or its number was busy.
            since = max(queued, self._free_since[partition].get(call_id, clock.now()))
            if self._is_in_line(partition, call_id):
                grace, since = _TURN_GRACE, max(since, self._in_line_since[call_id])
            else:
                grace = _IDLE
            if call_id < item["sk"] and clock.now() - since > grace:
                self.problem(f"{item['sk']} is dialled before {call_id}")

    def _is_in_line(self, partition: str, call_id: str) -> bool:
        return "waits_in" in (self._stored.find(f"W#{partition}#CALL", call_id) or {})

    def _require_no_idling(self, partition: str) -> None:
        """A free place on the phone is taken soon, however far behind an index is.

        Where messages are lost the line is swept; a call that was not in it yet may wait for more.
        """
        on_the_phone, now = self._stored.on_the_phone(partition).total(), clock.now()
        is_full = on_the_phone >= self._stored.plan(partition).concurrent_calls
        since = self._idle_since.pop(partition, now)
        longest = _REFUSED if self.is_refused else _SWEPT if self.loses else _IDLE
        if now - since > longest:
            self.problem(f"a call of {partition} waited for a place that was free since {since}")
        if not is_full and any(
            self._could_begin(partition, id_) for id_ in self._waiting(partition)
        ):
            self._idle_since[partition] = since

    def _could_begin(self, partition: str, call_id: str) -> bool:
        call = self._stored.find(f"W#{partition}#CALL", call_id) or {}
        is_spared = "next_at" in call and clock.now() < clock.parse(call["next_at"])
        return "waits_in" in call or not (self.loses or is_spared)

    def _waiting(self, partition: str) -> dict[str, datetime]:
        """Since when the calls are queued whose agents, and whose numbers, are free."""
        busy, numbers = self._stored.on_the_phone(partition), self._stored.numbers(partition)
        waiting = {}
        for (other, call_id), queued in self._queued.items():
            if other == partition:
                call = self._stored.find(f"W#{partition}#CALL", call_id) or {}
                agent_id = call["view"]["agent_id"]
                is_free = busy[agent_id] < self._stored.cap(partition, agent_id)
                if is_free and not numbers[call["view"]["to"]]:
                    waiting[call_id] = queued
        return waiting

    def _usage(self, partition: str, before: Item, after: Item) -> None:
        committed, used = after.get("committed", 0), after.get("used", 0)
        limit = self._stored.plan(partition).call_minutes
        if not 0 <= used <= committed <= limit:
            self.problem(f"minutes of {partition}: {used} used, {committed} committed of {limit}")

    def _line(self, partition: str, before: Item, after: Item) -> None:
        active = after.get("active", set())
        if after["sk"] == "all" and len(active) > self._stored.plan(partition).concurrent_calls:
            self.problem(f"{len(active)} calls of {partition} stand on the phone")

    def _event(self, partition: str, before: Item, after: Item) -> None:
        if before or not after["type"].startswith("call."):
            return
        call_id, sequence = after["object"]["id"], after["sequence"]
        if sequence <= self._sequences.get(call_id, 0):
            self.problem(f"{after['type']} of {call_id} has the sequence {sequence} again")
        self._sequences[call_id] = sequence
        if after["type"] == "call.ended":
            if any(is_last for _, is_last in self._ended[call_id]):
                self.problem(f"call.ended of {call_id} after the last one")
            details = after["details"]
            self._ended[call_id].append((details["attempt"], details["is_last"]))

    def _workspace(self, partition: str, before: Item, after: Item) -> None:
        for name, mode in (("settings", ""), ("settings_test", ".test")):
            where, rules = f"{partition}{mode}", after.get(name, {})
            most = rules.get("calls_per_callee_per_day") or math.inf
            if after["sk"] == "META" and before.get(name) != after.get(name):
                self._settings_since[where] = clock.now()
            # A call may be claimed by the settings of a moment ago: the highest limit counts.
            known = self._most_calls.get(where, most) if self.is_furnished else most
            self._most_calls[where] = max(most, known)

    # ---- when all is over -----------------------------------------------------------------------

    def finish(self, sent: set[Where], second_legs: Mapping[str, int]) -> None:
        facts = (set(self._accepted), self._ended, sent, second_legs)
        for text in outcome.problems(self._stored.rows(), *facts, may_give_up=self.loses):
            self.problem(text)

    def is_stuck(self) -> bool:
        """Whether a call is on the phone for longer than any can be."""
        now = clock.now()
        stuck = [
            call["sk"]
            for partition in {partition for partition, *_ in self._claims}
            for call in self._stored.calls(partition)
            if call["view"]["status"] in ON_THE_PHONE
            and now - self._claims[(partition, call["sk"], call["view"]["attempt"])] > _STUCK
        ]
        for call_id in stuck:
            self.problem(f"{call_id} is on the phone for ever")
        return bool(stuck)


def _attempt(item: Item) -> int:
    return int(item["view"].get("attempt", 0)) if item else 0


def _is_quiet(zones: list[str], quiet: Item, moment: datetime) -> bool:
    return any(_holds(quiet, moment.astimezone(ZoneInfo(zone))) for zone in zones)


def _holds(quiet: Item, local: datetime) -> bool:
    start, end, now = quiet["start"], quiet["end"], f"{local:%H:%M}"
    holds: bool = start <= now < end if start < end else now >= start or now < end
    return holds
