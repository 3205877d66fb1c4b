"""What the parts of an expression do with an item."""

from collections.abc import Callable
from typing import NamedTuple

from linkwright.table import Item
from tests.simulation.values import MISSING, Value, comparable, copied, kind_of, refused


class Scope(NamedTuple):
    """What an expression is evaluated on."""

    item: Item
    names: Item
    values: Item


Condition = Callable[[Scope], bool]
Operand = Callable[[Scope], Value]
Path = tuple[str, ...]
# Reads from the item as it was, writes to the item as it becomes.
Action = Callable[[Scope, Item], None]


def read(path: Path, scope: Scope) -> Value:
    value: Value = scope.item
    for step in path:
        if step[0] == "[":
            at = int(step[1:-1])
            value = value[at] if isinstance(value, list) and at < len(value) else MISSING
        else:
            name = _name(step, scope)
            value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
        if value is MISSING:
            break
    return value


def _name(step: str, scope: Scope) -> str:
    return str(scope.names[step]) if step[0] == "#" else step


def _parent(path: Path, scope: Scope, after: Item) -> Item:
    """The map that holds the last step of the path, in the item as it becomes."""
    parent = read(path[:-1], Scope(after, scope.names, scope.values))
    if not isinstance(parent, dict):
        raise _wrong_path()
    return parent


def set_(path: Path, value: Operand) -> Action:
    def act(scope: Scope, after: Item) -> None:
        _parent(path, scope, after)[_name(path[-1], scope)] = copied(_present(value(scope)))

    return act


def remove(path: Path) -> Action:
    def act(scope: Scope, after: Item) -> None:
        if path[-1][0] != "[":
            _parent(path, scope, after).pop(_name(path[-1], scope), None)
            return
        members, at = read(path[:-1], Scope(after, scope.names, scope.values)), int(path[-1][1:-1])
        if not isinstance(members, list):
            raise _wrong_path()
        del members[at : at + 1]

    return act


def appended(left: Operand, right: Operand) -> Operand:
    def evaluate(scope: Scope) -> Value:
        one, other = _present(left(scope)), _present(right(scope))
        if kind_of(one) != "L" or kind_of(other) != "L":
            raise _wrong_type()
        return one + other

    return evaluate


def add(path: Path, amount: Operand) -> Action:
    def act(scope: Scope, after: Item) -> None:
        old, more = read(path, scope), amount(scope)
        if kind_of(more) not in {"N", "SET"} or kind_of(old) not in {"MISSING", kind_of(more)}:
            raise _wrong_type()
        if old is not MISSING:
            more = old | more if isinstance(more, set) else old + more
        _parent(path, scope, after)[_name(path[-1], scope)] = copied(more)

    return act


def delete(path: Path, members: Operand) -> Action:
    def act(scope: Scope, after: Item) -> None:
        old, less = read(path, scope), members(scope)
        if kind_of(less) != "SET" or kind_of(old) not in {"MISSING", "SET"}:
            raise _wrong_type()
        parent, name = _parent(path, scope, after), _name(path[-1], scope)
        if old is not MISSING and old - less:
            parent[name] = old - less
        else:
            parent.pop(name, None)  # no set is empty

    return act


def _wrong_path() -> Exception:
    return refused("The document path provided in the update expression is invalid for update")


def _wrong_type() -> Exception:
    return refused("An operand in the update expression has an incorrect data type")


def _present(value: Value) -> Value:
    if value is MISSING:
        raise refused("The provided expression refers to an attribute that does not exist")
    return value


def between(value: Operand, low: Operand, high: Operand) -> Condition:
    def judge(scope: Scope) -> bool:
        three = (low(scope), value(scope), high(scope))
        return comparable(*three) and three[0] <= three[1] <= three[2]

    return judge


def total(left: Operand, right: Operand, factor: int) -> Operand:
    def evaluate(scope: Scope) -> Value:
        one, other = _present(left(scope)), _present(right(scope))
        if kind_of(one) != "N" or kind_of(other) != "N":
            raise _wrong_type()
        return one + factor * other

    return evaluate
