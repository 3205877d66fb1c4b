"""What was told of each call, held against what really happened at the carrier."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from linkwright import clock
from linkwright.table import Item
from tests.simulation.dials import Attempt
from tests.simulation.stored import Stored, partition_of
from tests.simulation.telephone import Dialled, Telephone
from tools.carrier.speech import OBJECTIONS

Said = tuple[str, str]

# How long a call may go on at the carrier after ours is over, if nothing goes wrong.
_HUNG_UP = timedelta(seconds=40)
# What the carrier did not tell, but we ourselves said.
_BY_US = {"canceled", "provider_timeout"}


@dataclass(frozen=True)
class Truth:
    """`mistaken` are the attempts that took another's call for theirs, `objects` the bucket's.

    `loses`: something may have been done or told by halves, or not at all.
    """

    stored: Stored
    telephone: Telephone
    mistaken: Collection[Attempt]
    objects: Collection[str]
    loses: bool

    def problems(self) -> Iterator[str]:
        made = {
            (one.route.partition, one.route.call_id, one.route.attempt): one
            for one in self.telephone.calls
        }
        for item in self.stored.rows():
            if item["pk"].endswith("#CALL"):
                for attempt in item["view"].get("attempts", []):
                    where = (partition_of(item), item["sk"], attempt["attempt"])
                    if where not in self.mistaken and "ended_at" in attempt:
                        yield from self._attempt(item["sk"], attempt, made.get(where))
        for one in self.telephone.calls:
            item = self.stored.find(f"W#{one.route.partition}#CALL", one.route.call_id) or {}
            yield from self._call(one, item)
            yield from self._recording(one, item)
            if one.route.attempt == item["view"]["attempt"]:
                yield from self._transcript(one, item)

    def _attempt(self, call_id: str, attempt: Item, made: Dialled | None) -> Iterator[str]:
        status, reason = attempt["status"], attempt.get("ended_reason")
        name = f"attempt {attempt['attempt']} of {call_id} ended as {status}/{reason}"
        if reason == "provider_timeout" and not self.loses:
            yield f"{name}, and nothing was lost"
        if reason in _BY_US:
            return
        if made is None or made.call.ended is None:
            if status not in {"failed", "canceled"}:
                yield f"{name}, and there was no call"
            return
        expected = made.call.status.replace("-", "_")
        if expected == "completed" and made.person.is_machine:
            expected = "voicemail"
        if status != expected:
            yield f"{name}, at the carrier it was {made.call.status}"
        if clock.parse(attempt["ended_at"]) < made.call.ended.replace(microsecond=0):
            yield f"{name} at {attempt['ended_at']}, at the carrier at {made.call.ended}"

    def _call(self, one: Dialled, item: Item) -> Iterator[str]:
        call, ended = one.call, _ended(one, item)
        if call.ended is None:
            yield f"{call.sid} is {call.status} at the carrier for ever"
        elif ended is not None and call.ended - ended > _HUNG_UP and not self._is_delayed():
            yield f"{call.sid} went on after {one.route.call_id} had ended at {ended}"
        if any(alert.code in OBJECTIONS for alert in call.alerts):
            yield f"{call.sid} was to speak as nobody does: {call.alerts}"
        if not (self.loses or one.is_slow) and any(not alert.warning for alert in call.alerts):
            yield f"{call.sid} ran into {call.alerts}"
        if item.get("sid") != call.sid:
            return
        is_by_us, seconds = _is_by_us(item), item["view"].get("duration_s")
        if is_by_us and not one.is_hung_up:
            yield f"{call.sid} was not hung up"
        if not is_by_us and call.duration_s not in {0, seconds}:
            yield f"{call.sid} took {call.duration_s} s, not {seconds}"

    def _is_delayed(self) -> bool:
        return self.loses or bool(self.telephone.refused)

    def _recording(self, one: Dialled, item: Item) -> Iterator[str]:
        partition, call_id = one.route.partition, one.route.call_id
        asks, records = self.stored.recording(partition, item["view"]["agent_id"])
        may = records and (not asks or one.person.agrees)
        if one.call.recorded and not may:
            yield f"{one.call.sid} is recorded, and nobody agreed"
        where = f"recordings/365-days/{partition}/{call_id}/"
        is_kept = any(key.startswith(where) for key in self.objects)
        if is_kept and not may:
            yield f"the recording of {call_id} is kept, and nobody agreed"
        if may and one.has_sound and not self.loses and not is_kept:
            yield f"{call_id} was recorded, and nothing is kept"
        consent = (item["view"].get("recording_consent") or {}).get("type")
        if is_kept and consent != ("verbal" if asks else "not_asked"):
            yield f"the recording of {call_id} is kept, and the consent is {consent}"
        if not one.is_lost and self.telephone.has_recording(one):
            yield f"the carrier still has the recording of {one.call.sid}"

    def _transcript(self, one: Dialled, item: Item) -> Iterator[str]:
        kept = self.stored.find(f"W#{one.route.partition}#SAID", one.route.call_id) or {}
        name, lines = f"the transcript of {one.route.call_id}", kept.get("transcript", [])
        told = [(line["role"], line["text"]) for line in lines]
        said = [(turn.who, turn.text) for turn in one.call.turns]
        if not _is_within([line for line in told if line[0] == "callee"], said):
            yield f"{name} is {told}, said was {said}"
        # A machine is broken off in the middle of what was said to it.
        is_whole = not (self.loses or one.is_slow or one.person.is_machine)
        is_over = one.call.ended_by in {"agent", "callee"} and not _is_by_us(item)
        if is_whole and is_over and told != said:
            yield f"{name} is {told}, said was {said}"
        starts = [line["start_ms"] for line in lines]
        if any(line["end_ms"] < line["start_ms"] for line in lines) or starts != sorted(starts):
            yield f"{name} has times in no order: {starts}"


def _is_by_us(item: Item) -> bool:
    return item["view"].get("ended_reason") in _BY_US


def _ended(one: Dialled, item: Item) -> datetime | None:
    """When our attempt was over; None if it was taken back."""
    numbered = {attempt["attempt"]: attempt for attempt in item["view"]["attempts"]}
    at = numbered.get(one.route.attempt, {}).get("ended_at")
    return clock.parse(at) if at else None


def _is_within(some: list[Said], whole: list[Said]) -> bool:
    """Whether all come, in this order, among others or not."""
    rest = iter(whole)
    return all(one in rest for one in some)
