"""What was said in an attempt, turn by turn, while it goes on; the call gets it when it ends.

A turn is what the callee said and what was said to that. Turn 0 opens the talk. What was heard is
written down before anybody thinks about it: a hang-up in that moment loses nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from linkwright import clock
from linkwright.table import ConditionFailed, Item, Key, Table, get, pages, query, update
from linkwright.transaction import MAX_OPERATIONS
from linkwright.voice.calls import attempts, items
from linkwright.voice.calls.items import CallItem
from linkwright.voice.calls.models import TranscriptTurn
from linkwright.voice.language import announcements

MAX_TURNS = 300
_RETENTION_S = 7 * 24 * 3600
# How fast a voice is taken to speak: the carrier does not tell when it was done.
_CHARACTERS_PER_S = 14


class Then(StrEnum):
    """What follows what the agent said: it listens, or the talk is over in some way."""

    LISTEN = "listen"
    RECORD = "record"  # from here on, and listen
    TRANSFER = "transfer"
    HANG_UP = "hang_up"
    SILENCE = "silence"
    MODEL_FAILED = "model_failed"


class Step(StrEnum):
    """What the agent does with a turn, where that decides how the talk goes on."""

    TALK = "talk"
    OFFER_OPT_OUT = "offer_opt_out"  # who calls, and by which key nobody does any more
    ASK_WHO_IS_THERE = "ask_who_is_there"
    LEAVE_MESSAGE = "leave_message"
    NOT_REACHED = "not_reached"
    SAY_GOODBYE = "say_goodbye"
    OPT_OUT = "opt_out"


# What a version knows: a later one may have begun the call, while it was being deployed.
_THENS: Mapping[object, Then] = {then.value: then for then in Then}
_STEPS: Mapping[object, Step] = {step.value: step for step in Step}


@dataclass(frozen=True)
class Turn:
    """`said` is None while nothing was said to it yet. `then` is what follows what was said.

    `step` is None until then, in turns of before there were steps, and for one of a later version.
    """

    number: int
    heard: str
    heard_at: datetime
    said: str | None
    said_at: datetime | None
    then: Then
    rule: int | None = None
    step: Step | None = Step.TALK

    def takes(self, step: Step, text: str) -> bool:
        """Whether it is this step. One without a step is known by its words."""
        return self.step is step or (self.step is None and self.said == text)


def read(item: CallItem) -> list[Turn]:
    """The turns of the attempt that the call is at, in their order."""
    prefix = _prefix(item)
    read = pages(
        Table.CORE,
        _pk(item),
        between=(prefix, f"{prefix}~"),
        limit=MAX_TURNS,
        newest_first=False,
        strong=True,
    )
    return [_turn(row) for rows in read for row in rows]


def last_at(item: CallItem) -> datetime | None:
    """When the carrier asked or was answered last, in the attempt that the call is at."""
    prefix = _prefix(item)
    between = (prefix, f"{prefix}~")
    rows, _ = query(Table.CORE, _pk(item), between=between, limit=1, strong=True)
    return max((turn.said_at or turn.heard_at for turn in map(_turn, rows)), default=None)


def heard(turns: Sequence[Turn]) -> list[str]:
    """What was said into the call, silences left out."""
    return [turn.heard for turn in turns if turn.heard]


def is_with_a_person(turns: Sequence[Turn]) -> bool:
    """Whether one was heard, or is connected: what a detection says of the call is weaker."""
    is_put_through = any(turn.then is Then.TRANSFER for turn in turns)
    answers = [turn.step in {Step.TALK, Step.OFFER_OPT_OUT} for turn in turns if turn.heard]
    may_be = announcements.may_be_a_machine(heard(turns), goes_on=any(answers[:-1]))
    return is_put_through or not may_be


def erase(item: CallItem) -> None:
    """Delete the turns of all attempts."""
    while rows := query(Table.CORE, _pk(item), limit=MAX_OPERATIONS, strong=True)[0]:
        tx = items.transaction(item)
        for row in rows:
            tx.delete(Table.CORE, Key(row["pk"], row["sk"]), condition="")
        tx.commit()


def open_talk(item: CallItem, text: str, step: Step) -> Turn | None:
    """Write down what opens the talk; None if it was opened before.

    Turn 0 is the first of which anything is written: where it is not there, none is.
    """
    try:
        return _say(item, 0, text, Then.LISTEN, None, step)
    except ConditionFailed:
        return None


def hear(item: CallItem, number: int, text: str) -> Turn:
    """Write down what was heard; as it was at first, if that was written down before."""
    return _turn(
        update(
            Table.CORE,
            key(item, number),
            "SET #heard = if_not_exists(#heard, :heard), #ttl = :ttl"
            ", #heard_at = if_not_exists(#heard_at, :now)",
            values={"heard": text, "now": clock.epoch_ms(), "ttl": clock.epoch() + _RETENTION_S},
        )
    )


def say(
    item: CallItem,
    number: int,
    text: str,
    then: Then,
    *,
    rule: int | None = None,
    step: Step = Step.TALK,
) -> Turn:
    """Write down what is said to a turn; whoever was first is who is heard."""
    try:
        return _say(item, number, text, then, rule, step)
    except ConditionFailed:
        return _turn(get(Table.CORE, key(item, number)) or {})


def _say(item: CallItem, number: int, text: str, then: Then, rule: int | None, step: Step) -> Turn:
    values = {"said": text, "then": then, "rule": rule, "step": step}
    changes = (
        "SET #said = :said, #then = :then, #rule = :rule, #step = :step"
        ", #said_at = :now, #ttl = :ttl"
        ", #heard = if_not_exists(#heard, :none), #heard_at = if_not_exists(#heard_at, :now)"
    )
    row = update(
        Table.CORE,
        key(item, number),
        changes,
        condition="attribute_not_exists(#said)",
        values=values | {"now": clock.epoch_ms(), "none": "", "ttl": clock.epoch() + _RETENTION_S},
    )
    return _turn(row)


def transcript(item: CallItem, turns: list[Turn]) -> list[TranscriptTurn]:
    """What was said, in milliseconds since the answer.

    Known is when the callee had spoken and when the agent began. The rest is an estimate by the
    length of the text, shortened where that does not fit between the two.
    """
    answered = clock.parse(item["view"].get("answered_at") or item["view"]["created_at"])
    lines: list[Item] = []
    for turn in turns:
        if turn.heard:
            at = _ms(turn.heard_at, answered)
            lines.append(_line("callee", turn.heard, at - _speaking_ms(turn.heard), at))
        if turn.said and turn.said_at:
            at = _ms(turn.said_at, answered)
            lines.append(_line("agent", turn.said, at, at + _speaking_ms(turn.said)))
    for before, after in pairwise([_line("agent", "", 0, 0), *lines]):
        _fit(before, after)
    language = item.get("language", "en")
    return [TranscriptTurn.model_validate({**line, "lang": language}) for line in lines]


def _line(role: str, text: str, start: int, end: int) -> Item:
    return {"role": role, "text": text, "start_ms": start, "end_ms": end}


def _fit(before: Item, after: Item) -> None:
    """Let two lines not overlap; what is known of them stays, unless it is out of order."""
    if after["start_ms"] >= before["end_ms"]:
        return
    moment = before["end_ms"]
    if before["role"] == "agent" and after["role"] == "agent":
        moment = after["start_ms"]
    elif before["role"] == "agent":
        room = max(after["end_ms"] - before["start_ms"], 0)
        length = len(before["text"]) + len(after["text"])
        moment = before["start_ms"] + room * len(before["text"]) // length
    moment = max(moment, before["start_ms"])
    before["end_ms"] = after["start_ms"] = moment
    after["end_ms"] = max(after["end_ms"], moment)


def _ms(moment: datetime, since: datetime) -> int:
    return max(clock.epoch_ms(moment) - clock.epoch_ms(since), 0)


def _speaking_ms(text: str) -> int:
    return len(text) * 1000 // _CHARACTERS_PER_S


def _pk(item: CallItem) -> str:
    return f"W#{items.partition_of(item)}#TLK#{item['sk']}"


def _prefix(item: CallItem) -> str:
    return f"{attempts.number_of(item['view']):02}#"


def key(item: CallItem, number: int) -> Key:
    return Key(_pk(item), f"{_prefix(item)}{number:04}")


def _turn(row: Item) -> Turn:
    said_at = row.get("said_at")
    return Turn(
        number=int(row["sk"].partition("#")[2]),
        heard=row["heard"],
        heard_at=clock.from_epoch_ms(row["heard_at"]),
        said=row.get("said"),
        said_at=clock.from_epoch_ms(said_at) if said_at is not None else None,
        then=_THENS.get(row.get("then"), Then.LISTEN),
        rule=row.get("rule"),
        step=_STEPS.get(row.get("step")),
    )
