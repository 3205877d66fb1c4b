"""Who is on the phone: each call that is stands by its id in sets, which are as large as may be.

In the workspace's, in its agent's if that takes only so many at once, and in that of the called
number, which holds one. Adding and removing an id twice is adding and removing it once, so no crash
can count a call twice. Beside the number's stand the moments at which it was dialled, the newest
first: the n-th says whether it was dialled n times within some time.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from linkwright import clock
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Otherwise, Transaction

if TYPE_CHECKING:
    # Of the functions that place a call none needs an agent's model.
    from linkwright.voice.agent_models import Agent

# The attempts that count for a number, and how many are remembered: the largest limit there is.
_WINDOW = timedelta(hours=24)
REMEMBERED = 100
# Longer than an attempt and than a call that waits for the number may take.
_NUMBER_RETENTION_S = 9 * 24 * 3600

ALL = "all"

_ROOM = "(attribute_not_exists(#active) OR size(#active) < :most)"
_NOBODY_WAITS = "(attribute_not_exists(#waiting) OR #waiting = :nobody)"


class Full(Exception):
    """As many calls are on the phone as the plan allows, or others wait to be."""


class Busy(Exception):
    """As many calls are on the phone as the agent takes at once, or one with the number."""

    def __init__(self, of: str) -> None:
        super().__init__("the agent or the number is busy")
        self.of = of


class Entry(NamedTuple):
    """What a call must find that enters: how much room in each set, and a number that was dialled
    at most so often in the last day.
    """

    room: Mapping[str, int]
    most_dials: int | None
    too_often: Otherwise


def key(partition: str, of: str = ALL) -> Key:
    """The set of the workspace's calls on the phone; of one agent's, or with one number."""
    return Key(f"W#{partition}#LINE", of)


def limits(agent: "Agent", to: str) -> dict[str, int]:
    """The sets besides the workspace's in which a call stands, and how many each may hold."""
    return ({} if agent.concurrency is None else {agent.id: agent.concurrency}) | {to: 1}


def of(agent: "Agent", to: str) -> list[str]:
    """The sets in which a call stands while it is on the phone."""
    return [ALL, *limits(agent, to)]


def read(partition: str, of: str = ALL) -> Item:
    """A set, and what goes with it, as it is now."""
    return get(Table.CORE, key(partition, of)) or {}


# ---- what a change of a call writes -------------------------------------------------------------


def enter(tx: Transaction, call_id: str, place: str, entry: Entry, *, waited: bool) -> None:
    """Put a call into one of its sets. Raises `Full` or `Busy` at the commit, or what the entry
    says.

    In the workspace's nobody is let in before those who wait; who did waits no longer.
    """
    if _is_number(place):
        _ring(tx, call_id, place, entry)
        return
    change, condition = "ADD #active :call", _ROOM
    values: Item = {"call": {call_id}, "most": entry.room[place]}
    if place == ALL and waited:
        change += ", #waiting :more"
        values["more"] = -1
    elif place == ALL:
        condition += f" AND {_NOBODY_WAITS}"
        values["nobody"] = 0
    otherwise = Full if place == ALL else partial(Busy, place)
    where = key(tx.partition, place)
    tx.update(Table.CORE, where, change, condition=condition, values=values, otherwise=otherwise)


def _ring(tx: Transaction, call_id: str, to: str, entry: Entry) -> None:
    """With its number, which is dialled now."""
    number, most, now = key(tx.partition, to), entry.most_dials, clock.now()
    within, values = _within(most, now)

    def refused() -> Exception:
        dials = (get(Table.CORE, number) or {}).get("dials", [])
        is_over = most is not None and len(dials) >= most and dials[most - 1] >= values["since"]
        return entry.too_often() if is_over else Busy(to)

    tx.update(
        Table.CORE,
        number,
        "ADD #active :call"
        " SET #dials = list_append(:now, if_not_exists(#dials, :none)), #ttl = :ttl",
        condition=" AND ".join(["attribute_not_exists(#active)", *within]),
        values={
            "call": {call_id},
            "now": [clock.epoch()],
            "none": [],
            "ttl": clock.epoch() + _NUMBER_RETENTION_S,
            **values,
        },
        otherwise=refused,
    )


def leave(tx: Transaction, call_id: str, place: str, *, is_undone: bool) -> None:
    """Take a call out of one of its sets. `is_undone`: its number was not dialled."""
    _take_out(tx, call_id, place, _forgotten(is_undone) if _is_number(place) else "")


def free(tx: Transaction, call_id: str, place: str) -> None:
    """Take out a call that says of itself that it is not in the set."""
    _take_out(tx, call_id, place)


def _take_out(tx: Transaction, call_id: str, place: str, more: str = "") -> None:
    where, values = key(tx.partition, place), {"call": {call_id}}
    tx.update(Table.CORE, where, f"DELETE #active :call{more}", values=values)


def _forgotten(is_undone: bool) -> str:
    """Of the dials, the newest, which was none; or the oldest, of which nobody asks any more."""
    return f" REMOVE #dials[{0 if is_undone else REMEMBERED}]"


def _is_number(place: str) -> bool:
    return place.startswith("+")


# ---- how often a number is dialled --------------------------------------------------------------


def require_rare(
    tx: Transaction, to: str, most: int | None, moment: datetime, otherwise: Otherwise
) -> None:
    """Let the change happen only if the number may be dialled then, by what is known now."""
    within, values = _within(most, moment)
    for condition in within:
        tx.require(Table.CORE, key(tx.partition, to), condition, values=values, otherwise=otherwise)


def _within(most: int | None, moment: datetime) -> tuple[list[str], Item]:
    """Whether a number was dialled less than so often in the day before a moment."""
    if most is None:
        return [], {}
    nth = f"#dials[{most - 1}]"
    since = int((moment - _WINDOW).timestamp())
    return [f"(attribute_not_exists({nth}) OR {nth} < :since)"], {"since": since}
