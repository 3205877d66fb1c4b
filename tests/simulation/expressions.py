"""The expressions of DynamoDB, as far as the layer uses them and a little further.

An expression is parsed once and then is a function: the simulation evaluates millions of them.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar

from linkwright.table import Item
from tests.simulation import evaluation
from tests.simulation.evaluation import Action, Condition, Operand, Path, Scope, read
from tests.simulation.values import COMPARISONS, FUNCTIONS, MISSING, copied, equal, refused, size

Result = TypeVar("Result")
_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),.+-]|\[\d+\]|[#:]?\w+)")
_CLAUSES = ("SET", "REMOVE", "ADD", "DELETE")


@dataclass(frozen=True)
class Expression(Generic[Result]):
    evaluate: Callable[[Scope], Result]
    placeholders: frozenset[str]
    # Values that were named as the bounds of a BETWEEN.
    bounds: frozenset[tuple[str, str]]


@lru_cache(maxsize=1024)
def condition(text: str) -> Expression[bool]:
    parser = _Parser(text)
    evaluate = parser.condition()
    parser.end()
    return Expression(evaluate, parser.placeholders(), frozenset(parser.bounds))


@lru_cache(maxsize=1024)
def update(text: str) -> Expression[Item]:
    """The item as it becomes. Its operands are those of before, all of them."""
    parser = _Parser(text)
    actions = list(parser.actions())

    def evaluate(scope: Scope) -> Item:
        after: Item = copied(scope.item)
        for act in actions:
            act(scope, after)
        return after

    return Expression(evaluate, parser.placeholders(), frozenset(parser.bounds))


class _Parser:
    """Recursive descent; each method takes what it is named after and returns its function."""

    def __init__(self, text: str) -> None:
        self._tokens: list[str] = _TOKEN.findall(text)
        if "".join(self._tokens) != re.sub(r"\s", "", text):
            raise refused(f"Invalid expression: {text}")
        self._at = 0
        self.bounds: set[tuple[str, str]] = set()
        self._changed: list[Path] = []

    def placeholders(self) -> frozenset[str]:
        return frozenset(token for token in self._tokens if token[0] in "#:")

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise refused(f"Syntax error; token: {self._peek()}")

    def condition(self) -> Condition:
        return self._joined("OR", any, lambda: self._joined("AND", all, self._negation))

    def actions(self) -> Iterable[Action]:
        while clause := self._peek().upper():
            if clause not in _CLAUSES:
                raise refused(f"Syntax error; token: {clause}")
            self._next()
            yield self._action(clause)
            while self._accept(","):
                yield self._action(clause)

    # ---- conditions -----------------------------------------------------------------------------

    def _joined(
        self, word: str, judge: Callable[[Iterable[bool]], bool], part: Callable[[], Condition]
    ) -> Condition:
        parts = [part()]
        while self._accept(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else lambda scope: judge(p(scope) for p in parts)

    def _negation(self) -> Condition:
        if self._accept("NOT"):
            inner = self._negation()
            return lambda scope: not inner(scope)
        if self._accept("("):
            inner = self.condition()
            self._expect(")")
            return inner
        function = FUNCTIONS.get(self._peek())
        return self._call(function) if function else self._comparison()

    def _call(self, function: Callable[..., bool]) -> Condition:
        self._next()
        operands = self._list(self._operand)
        return lambda scope: function(*(operand(scope) for operand in operands))

    def _comparison(self) -> Condition:
        left = self._operand()
        if self._accept("BETWEEN"):
            return self._range(left)
        if self._accept("IN"):
            options = self._list(self._operand)
            return lambda scope: any(equal(left(scope), option(scope)) for option in options)
        compare = COMPARISONS.get(self._next())
        if compare is None:
            raise refused("Syntax error in a comparison")
        right = self._operand()
        return lambda scope: compare(left(scope), right(scope))

    def _range(self, value: Operand) -> Condition:
        named = self._peek()
        low = self._operand()
        self._expect("AND")
        if named[0] == self._peek()[:1] == ":":
            self.bounds.add((named, self._peek()))
        return evaluation.between(value, low, self._operand())

    # ---- updates --------------------------------------------------------------------------------

    def _action(self, clause: str) -> Action:
        path = self._path()
        if any(path[: len(other)] == other[: len(path)] for other in self._changed):
            raise refused("Two document paths overlap with each other")
        self._changed.append(path)
        if clause == "REMOVE":
            return evaluation.remove(path)
        if clause == "SET":
            self._expect("=")
            return evaluation.set_(path, self._sum())
        return (evaluation.add if clause == "ADD" else evaluation.delete)(path, self._operand())

    def _sum(self) -> Operand:
        left = self._operand()
        for sign, factor in (("+", 1), ("-", -1)):
            if self._accept(sign):
                return evaluation.total(left, self._operand(), factor)
        return left

    # ---- operands -------------------------------------------------------------------------------

    def _operand(self) -> Operand:
        token = self._peek()
        if token[:1] == ":":
            self._next()
            return lambda scope: scope.values[token]
        if token == "size":
            self._next()
            [inner] = self._list(self._operand)
            return lambda scope: size(inner(scope))
        if token == "if_not_exists":
            self._next()
            first, other = self._list(self._operand)
            return lambda scope: other(scope) if first(scope) is MISSING else first(scope)
        if token == "list_append":
            self._next()
            first, other = self._list(self._operand)
            return evaluation.appended(first, other)
        path = self._path()
        return lambda scope: read(path, scope)

    def _path(self) -> Path:
        steps = [self._next()]
        while True:
            if self._accept(".") or self._peek()[:1] == "[":
                steps.append(self._next())
            else:
                return tuple(steps)

    def _list(self, part: Callable[[], Operand]) -> list[Operand]:
        self._expect("(")
        parts = [part()]
        while self._accept(","):
            parts.append(part())
        self._expect(")")
        return parts

    # ---- tokens ---------------------------------------------------------------------------------

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        if not self._peek():
            raise refused("Syntax error: the expression ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _accept(self, token: str) -> bool:
        found = self._peek().upper() == token
        self._at += found
        return found

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise refused(f"Syntax error; token: {self._peek()}")
