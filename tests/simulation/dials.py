"""What must hold between our side and the carrier, watched at every write and every request."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from linkwright import clock
from linkwright.table import Item
from tests.simulation.callees import OPT_OUTS
from tests.simulation.invariants import Broken, Watch
from tests.simulation.network import Weather
from tests.simulation.stored import CORE, ON_THE_PHONE, Stored, partition_of
from tests.simulation.tables import Change, Tables
from tests.simulation.telephone import Dialled, Telephone
from tests.switchboard import Reply, Sent

Attempt = tuple[str, str, int]

# The longest that a claim lasts: the worker's timeout, and the grace of its lease.
_CLAIM = timedelta(seconds=70)
# Of the orders that an account refuses, those that were under way when it began; from then on one
# tries it after each pause.
_UNDER_WAY = timedelta(seconds=30)
_BETWEEN_TRIES = timedelta(seconds=55)
# What the list of calls is asked for, around the moment of the order.
_BEFORE, _AFTER = timedelta(seconds=31), timedelta(seconds=91)
# How long the carrier may take to list a call.
_LISTED = timedelta(seconds=60)
# Between the look at the list and the adoption.
_LOOK = timedelta(seconds=15)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Dials:
    def __init__(
        self,
        watch: Watch,
        tables: Tables,
        telephone: Telephone,
        weather: Weather,
        most_a_second: int,
    ) -> None:
        self._watch = watch
        self._stored = Stored(tables)
        self._telephone = telephone
        self._weather = weather
        self._most = most_a_second
        self._by_sid: dict[str, Dialled] = {}
        self._attempts: dict[Attempt, str] = {}
        self._bound: dict[str, Attempt] = {}
        self.mistaken: set[Attempt] = set()
        """Attempts that took a call for theirs which was another's, as they could not know."""
        # When a number last came onto the list, and who asked for it in a talk, and when.
        self._listed: dict[tuple[str, str], datetime] = {}
        self._heard: list[tuple[str, str, datetime]] = []
        tables.listeners.append(self._see)
        telephone.dialled = self._dialled
        telephone.answered = self._answered

    @property
    def count(self) -> int:
        return len(self._by_sid)

    # ---- at the carrier -------------------------------------------------------------------------

    def _dialled(self, dialled: Dialled) -> None:
        attempt, sid = _attempt_of(dialled), dialled.call.sid
        partition, call_id, number = attempt
        self._by_sid[sid] = dialled
        self._watch.note(f"the carrier dials {call_id}, attempt {number}, as {sid}")
        if self._attempts.setdefault(attempt, sid) != sid:
            self._watch.problem(f"{call_id} is dialled again in attempt {number}")
        claimed = self._watch.claimed_at(*attempt)
        if claimed is None:
            self._watch.problem(f"{call_id} is dialled without a claim of attempt {number}")
        elif clock.now() - claimed > _CLAIM:
            self._watch.problem(f"{call_id} is dialled long after the claim of attempt {number}")
        item = self._stored.find(f"W#{partition}#CALL", call_id) or {}
        if item["view"]["attempt"] == number and not item.get("ordered_at"):
            self._watch.problem(f"{call_id} is dialled and nobody wrote that down")

    def _answered(self, dialled: Dialled, sent: Sent, reply: Reply, began: datetime) -> None:
        if reply.status >= 400 and (reply.status != 503 or not self._weather.loses):
            self._watch.problem(f"{sent.path} was answered {reply.status}")
        if reply.status < 400 and sent.fields.get("SpeechResult") in OPT_OUTS:
            partition, to = dialled.route.partition, dialled.call.order.to
            is_listed = self._stored.find(f"W#{partition}#DNC", to) is not None
            if not is_listed and self._listed.get((partition, to), _NEVER) < began:
                self._watch.problem(f"{to} asked not to be called by {partition}, in vain")

    # ---- at every write -------------------------------------------------------------------------

    def _see(self, changes: list[Change]) -> None:
        try:
            self._look([change for change in changes if change.table == CORE])
        except Exception as failure:
            raise Broken from failure

    def _look(self, changes: list[Change]) -> None:
        claims = turns = 0
        for _, before, after in changes:
            if before and after and before["pk"].endswith("#CALL"):
                self._let_go(before, after)
        for _, before, after in changes:
            if after is None:
                continue
            before, kind = before or {}, after["pk"].split("#")
            if kind[0] == "PACE":
                turns += self._turn(before, after)
            elif kind[2:] == ["CALL"]:
                claims += _number(after) > _number(before)
                self._bind(before, after)
                self._give_up(before, after)
            elif kind[2:] == ["DNC"]:
                self._listed[(kind[1], after["sk"])] = clock.now()
            elif kind[2:3] == ["TLK"] and after.get("heard") in OPT_OUTS and "heard" not in before:
                self._heard.append((kind[1], kind[3], clock.now()))
        if claims != turns:
            self._watch.problem(f"{claims} calls were claimed, {turns} took their turn")

    def _turn(self, before: Item, after: Item) -> int:
        """Whether a dial was taken: of those that there are, and of no account that is paused."""
        if after.get("tat") == before.get("tat"):
            return 0
        interval, now = math.ceil(1000 / self._most), clock.epoch_ms()
        if after["tat"] - before.get("tat", 0) < interval:
            self._watch.problem("a dial was taken that was not there yet")
        if after["tat"] > now + self._most * interval:
            self._watch.problem(f"more than {self._most} dials were taken at once")
        if before.get("until", 0) > now:
            self._watch.problem("a dial was taken while the account was paused")
        return 1

    def _bind(self, before: Item, after: Item) -> None:
        sid = after.get("sid")
        if not sid or sid == before.get("sid"):
            return
        attempt = (partition_of(after), after["sk"], _number(after))
        name = f"{sid} is bound to attempt {attempt[2]} of {attempt[1]}"
        dialled = self._by_sid.get(sid)
        if dialled is None:
            self._watch.problem(f"{name}, and is not there")
        elif _attempt_of(dialled) != attempt:
            self.mistaken.add(attempt)
            if not self._may_be_taken_for(dialled, after):
                self._watch.problem(f"{name}, and belongs to {dialled.route.call_id}")
        if self._bound.setdefault(sid, attempt) != attempt:
            self._watch.problem(f"{name}, and was to {self._bound[sid]}")

    def _let_go(self, before: Item, after: Item) -> None:
        """Only what was a mistake is taken from an attempt that is under way."""
        attempt = (partition_of(after), after["sk"], _number(after))
        sid = before.get("sid")
        if not sid or after.get("sid") == sid or _number(before) != attempt[2]:
            return
        if attempt in self.mistaken:
            del self._bound[sid]
        elif after["view"]["status"] in ON_THE_PHONE:
            self._watch.problem(f"attempt {attempt[2]} of {attempt[1]} is not {sid} any more")

    def _may_be_taken_for(self, dialled: Dialled, item: Item) -> bool:
        """Whether nothing showed that the call is another's: it was the only one, and nobody's."""
        is_alike = dialled.call.order.to == item["view"]["to"]
        return self._weather.loses and is_alike and not self._candidates(item)

    def _give_up(self, before: Item, after: Item) -> None:
        """An attempt is given up if the carrier has no call that is its own, or nobody knows."""
        ended = after["view"].get("ended_reason")
        if ended != "provider_timeout" or before["view"].get("ended_reason") == ended:
            return
        name = f"attempt {_number(after)} of {after['sk']} is given up"
        if clock.now() > clock.parse(after["view"]["attempts"][-1]["started_at"]) + timedelta(
            seconds=after["longest_s"], minutes=5
        ):
            return
        if before.get("sid"):
            self._watch.problem(f"{name}, which is {before['sid']}")
        found = self._candidates(before)
        if len(found) == 1 and found[0].route.call_id == after["sk"]:
            self._watch.problem(f"{name}, and the carrier had {found[0].call.sid}")
        if not found and clock.now() < clock.parse(before["ordered_at"]) + _LISTED:
            self._watch.problem(f"{name} before the carrier lists what it takes")

    def _candidates(self, item: Item) -> list[Dialled]:
        """The calls that the carrier had listed for a while, and that may be an attempt's."""
        ordered, listed = clock.parse(item["ordered_at"]), clock.now() - _LOOK
        return [
            one
            for one in self._telephone.calls
            if one.route.partition.endswith(".test") == partition_of(item).endswith(".test")
            and one.call.order.to == item["view"]["to"]
            and ordered - _BEFORE < one.call.created < ordered + _AFTER
            and one.call.created < listed - self._telephone.listed_after(one)
            and one.call.sid not in self._bound
        ]

    # ---- when all is over -----------------------------------------------------------------------

    def finish(self) -> None:
        for refused in filter(None, self._telephone.refused.values()):
            tries = [at for at in refused if at - refused[0] > _UNDER_WAY]
            if any(b - a < _BETWEEN_TRIES for a, b in pairwise([refused[0], *tries])):
                self._watch.problem(f"the account was asked again and again: {refused}")
        for partition, call_id, moment in self._heard:
            call = self._stored.find(f"W#{partition}#CALL", call_id) or {}
            if self._listed.get((partition, call["view"]["to"]), _NEVER) < moment:
                self._watch.problem(f"what the callee of {call_id} asked for is not on the list")


def _attempt_of(dialled: Dialled) -> Attempt:
    route = dialled.route
    return route.partition, route.call_id, route.attempt


def _number(item: Item) -> int:
    return int(item["view"].get("attempt", 0)) if item else 0
