"""The shapes of the expressions that the tables are asked with: those of the list moto judges too.

A shape is what a judge of expressions can see of an operation: not what its names mean, nor how
many attributes it sets, nor which member of a list it names. `tests/simulation/test_moto.py`
replays each of the list, and a test that uses another one fails. `make baseline` writes the list
anew.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from linkwright.client import core
from linkwright.table import Item
from tests import planted, rights
from tests.simulation.values import kind_of

LIST = Path(__file__).with_suffix(".json")
_EXPRESSIONS = {
    kind: f"{kind}_expression" for kind in ("key_condition", "condition", "filter", "update")
}
_PLACEHOLDER = re.compile(r"[#:]\w+")
_CLAUSES = re.compile(r"\b(SET|REMOVE|ADD|DELETE) ")
_BETWEEN_ACTIONS = re.compile(r",\s*(?![^(]*\))")
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Use:
    """An operation with expressions; of its values, their types."""

    operation: str
    expressions: Mapping[str, str]
    types: Mapping[str, str]

    @property
    def shape(self) -> str:
        texts = [
            _actions(text) if kind == "update" else text for kind, text in self.expressions.items()
        ]
        found = Counter(_PLACEHOLDER.findall(" ".join(texts)))
        # What stands once needs no number.
        several = [name for name, count in found.items() if name[0] == "#" and count > 1]

        def bare(match: re.Match[str]) -> str:
            name = match[0]
            if name in several:
                return f"#{several.index(name)}"
            if name[0] == "#":
                return "#"
            return f":{self.types[name]}" if name in self.types else name

        shown = (_INDEX.sub("[n]", _PLACEHOLDER.sub(bare, text)) for text in texts)
        return " | ".join([self.operation, *map(_once, shown)])


def _actions(text: str) -> str:
    """An update whose plain assignments are of values of any type."""
    return re.sub(r"(#\w+ = ):\w+", r"\1:any", text)


def _once(text: str) -> str:
    """Each action of an update once."""
    start, *rest = _CLAUSES.split(text)
    shown = [start] if start else []
    for word, actions in zip(rest[::2], rest[1::2], strict=True):
        distinct = {action.strip() for action in _BETWEEN_ACTIONS.split(actions)}
        shown.append(f"{word} {', '.join(sorted(distinct))}")
    return " ".join(shown)


# ---- what a run uses ----------------------------------------------------------------------------

SEEN: dict[str, Use] = {}
# How often each call of the client was made.
CALLS: Counter[str] = Counter()


class Watch:
    """The client, with what goes through it noted."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._driver, name)

        def call(*arguments: Any, **options: Any) -> Any:
            CALLS[name] += 1
            planted.look_at_call(name, arguments, options)
            rights.look_at_call(name, arguments, options)
            for use in _uses(name, arguments, options):
                SEEN.setdefault(_shape(*use), _used(*use))
            return method(*arguments, **options)

        return call


@contextmanager
def watched() -> Iterator[None]:
    """Whatever client of the tables is made, it is watched."""
    make = core.DynamoDBClient
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core, "DynamoDBClient", lambda **options: Watch(make(**options)))
        yield


Pairs = tuple[tuple[str, str], ...]


@lru_cache(maxsize=4096)
def _used(operation: str, expressions: Pairs, types: Pairs) -> Use:
    return Use(operation, dict(expressions), dict(types))


@lru_cache(maxsize=4096)
def _shape(operation: str, expressions: Pairs, types: Pairs) -> str:
    """It is told once of what is asked over and over."""
    return _used(operation, expressions, types).shape


def _uses(
    name: str, arguments: tuple[Any, ...], options: Item
) -> Iterator[tuple[str, Pairs, Pairs]]:
    if name == "sync_query_page":
        yield _use("query", options | {"key_condition_expression": arguments[1]})
    elif name == "sync_update_item":
        yield _use("update", options)
    elif name == "sync_transact_write":
        for one in arguments[0]:
            if "condition_expression" in one or "update_expression" in one:
                yield _use(one["type"], one)


def _use(operation: str, options: Item) -> tuple[str, Pairs, Pairs]:
    texts = tuple(
        (kind, text) for kind, option in _EXPRESSIONS.items() if (text := options.get(option))
    )
    values = options.get("expression_attribute_values") or {}
    return operation, texts, tuple((name, kind_of(value)) for name, value in values.items())


# ---- the list -----------------------------------------------------------------------------------


def listed() -> dict[str, Use]:
    return {shape: Use(**use) for shape, use in json.loads(LIST.read_text()).items()}


def write(seen: Mapping[str, Use]) -> None:
    known = listed() if LIST.exists() else {}
    kept = {shape: vars(known.get(shape, use)) for shape, use in sorted(seen.items())}
    LIST.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")
