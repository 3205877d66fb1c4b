"""What DynamoDB's values are: which types there are, what is equal and what has an order."""

from collections.abc import Callable
from typing import Any

from linkwright.client import core

Value = Any

MISSING: Value = object()
_ATOMS = frozenset({str, int, bool, type(None), bytes})
_LETTERS = {str: "S", bool: "BOOL", int: "N", float: "N", dict: "M", list: "L", type(None): "NULL"}
_PLAIN = frozenset({str, int, bool, type(None), bytes})


def refused(text: str) -> Exception:
    refusal: Exception = core.ValidationException(text)
    return refusal


def copied(value: Value) -> Value:
    """The value as the client gives it back: plain types, whole numbers as int, nothing shared."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        # Most members are plain: to ask for them here takes half of the time.
        return {
            name: member if type(member) in _PLAIN else copied(member)
            for name, member in value.items()
        }
    if isinstance(value, list | tuple):
        return [copied(member) for member in value]
    if isinstance(value, set | frozenset):
        if not value:
            raise ValueError("DynamoDB does not support empty sets")
        return set(value)
    return _plain(value)


def _plain(value: Value) -> Value:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    for kind in (str, int):
        if isinstance(value, kind):  # an enumeration's member
            return kind(value)
    raise ValueError(f"DynamoDB does not take {type(value)}")


def kind_of(value: Value) -> str:
    """The type's letters. Values of different types are never equal, not even 1 and true."""
    if known := _LETTERS.get(type(value)):
        return known
    for letter, kinds in (
        ("S", str),
        ("BOOL", bool),
        ("N", int | float),
        ("M", dict),
        ("L", list),
        ("SET", set | frozenset),
        ("B", bytes),
        ("NULL", type(None)),
    ):
        if isinstance(value, kinds):
            return letter
    return "MISSING"


def equal(one: Value, other: Value) -> bool:
    if kind_of(one) != kind_of(other) or one is MISSING:
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def comparable(*values: Value) -> bool:
    kinds = {kind_of(value) for value in values}
    return len(kinds) == 1 and bool(kinds & {"S", "N", "B"})


COMPARISONS: dict[str, Callable[[Value, Value], bool]] = {
    "=": equal,
    "<>": lambda one, other: not equal(one, other),
    "<": lambda one, other: comparable(one, other) and one < other,
    "<=": lambda one, other: comparable(one, other) and one <= other,
    ">": lambda one, other: comparable(one, other) and one > other,
    ">=": lambda one, other: comparable(one, other) and one >= other,
}


def size(value: Value) -> Value:
    if isinstance(value, str):
        return len(value.encode())
    return len(value) if isinstance(value, dict | list | set | bytes) else MISSING


def _contains(whole: Value, part: Value) -> bool:
    if isinstance(whole, str):
        return isinstance(part, str) and part in whole
    return isinstance(whole, list | set) and any(equal(member, part) for member in whole)


def _begins_with(whole: Value, part: Value) -> bool:
    return isinstance(whole, str) and isinstance(part, str) and whole.startswith(part)


FUNCTIONS: dict[str, Callable[..., bool]] = {
    "attribute_exists": lambda value: value is not MISSING,
    "attribute_not_exists": lambda value: value is MISSING,
    "begins_with": _begins_with,
    "contains": _contains,
}
