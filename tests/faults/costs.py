"""What differs between two states, told by name."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.faults.states import State


def between(expected: State, found: State) -> set[str]:
    """Of a call and its turns, events and jobs: what one state has otherwise than the other."""
    one, other = _by_thing(expected - found), _by_thing(found - expected)
    return {
        name
        for thing in one.keys() | other.keys()
        for name in _named(thing, one.get(thing, []), other.get(thing, []))
    }


def _by_thing(differing: State) -> dict[str, list[Any]]:
    things = defaultdict(list)
    for text in differing.elements():
        where, _, shown = text.partition(": ")
        if not where.endswith("Table"):
            things[where].append(shown)
            continue
        item = json.loads(shown)
        things[_kind(item)].append(item)
    return things


def _kind(item: dict[str, Any]) -> str:
    kind = str(item["pk"]).split("#")[2]
    return f"event {item['type']}" if kind == "EVT" else kind


def _named(thing: str, one: list[Any], other: list[Any]) -> Iterator[str]:
    if thing == "CALL":
        yield from _fields(*(_shown(items[0]) for items in (one, other)))
    elif thing.startswith("event ") and len(one) == len(other):
        yield "what events tell"
    else:
        yield thing


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    # How many lines are kept is told by those that are.
    return {**item, **item["view"], "view": None, "lines": None}


def _fields(one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    for name in one.keys() | other.keys():
        if one.get(name) != other.get(name):
            yield f"call.{name}"
