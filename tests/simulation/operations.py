"""Random operations on a table, valid and invalid: what `test_tables.py` does to two stores."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from linkwright.table import Driver, Item, placeholders, sort_key

# Few of each, so that operations meet on the same items; the empty ones are refused as keys.
_PARTITIONS = ("a", "b")
_SORTS = ("1", "2", "3", "4", "5")
_NUMBERS = (0, 1, 2, -3, 2.5)
_TEXTS = ("", "x", "xy", "z", "é")
_SETS = ({"p"}, {"q"}, {"p", "q"}, {"p", "q", "r"})
_OTHERS = (None, True, False, [1, "x"], {"x": 1, "y": "x"}, {"x": {"y": 2}})
_INDEXES = (("", None), ("gsi1", "gsi1"), ("gsi2", "gsi2"), ("gsi3", "gsi3"), ("gsi4", "gsi4"))
_UPDATES = (
    "SET #s = {s}",
    "SET #view = {o}",
    "SET #c = if_not_exists(#c, {n}) - {n}",
    "SET #gsi1pk = {g}, #gsi1sk = {k}",
    "SET #gsi2sk = {k}",
    "SET #s = {s} REMOVE #view, #gsi2sk ADD #n {n}",
    "REMOVE #s",
    "REMOVE #gsi1pk, #gsi1sk, #t",
    "REMOVE #gsi2pk SET #view = {o}",
    "ADD #n {n}",
    "ADD #t {t} SET #s = {s}",
    "ADD #c {n}, #u {t}",
    "DELETE #t {t}",
    "DELETE #u {t} ADD #c {n}",
    "ADD #t {t} SET #l = list_append({m}, if_not_exists(#l, {m}))",
)
# What an item may be unfit for. Not in transactions: the emulator lets most of it pass there, or
# gives it as the only reason; DynamoDB does neither.
_FALLIBLE = (
    "SET #view.#x = {n}",
    "SET #c = #c + {n}",
    "SET #d = #n, #e = #s, #n = {n}",
    "SET #gsi3pk = {o}",
    "ADD #n {t}",
    "DELETE #n {t}",
)


@dataclass(frozen=True)
class Operation:
    """A call of the client: on either store it must do, answer and raise the same."""

    name: str
    arguments: tuple[Any, ...]
    options: Item

    def on(self, driver: Driver) -> Any:
        return getattr(driver, self.name)(*self.arguments, **self.options)


class Generator:
    """`scope` keeps the keys of one sequence apart from those of all others."""

    def __init__(self, seed: int, scope: str, table: str) -> None:
        self._random = random.Random(seed)
        self._scope = scope
        self._table = table
        self._bound: Item = {}

    def operation(self) -> Operation:
        makers: tuple[Callable[[], Operation], ...] = (self.update, self.transaction, self.query)
        return self._random.choices(makers, weights=(5, 3, 3))[0]()

    def update(self) -> Operation:
        self._bound = {}
        options = self._change(*_UPDATES, *_FALLIBLE) | {"return_values": "ALL_NEW"}
        return Operation("sync_update_item", (self._table, self._key()), options)

    def transaction(self) -> Operation:
        operations = [self._member() for _ in range(self._random.randint(1, 4))]
        return Operation("sync_transact_write", (operations,), {})

    def query(self) -> Operation:
        self._bound = {}
        prefix, index = self._pick(*_INDEXES)
        where = f"#{prefix}pk = {self._value(self.partition(prefix))}"
        if self._chance(0.5):
            where += f" AND {self._range(f'#{sort_key(prefix)}')}"
        options = {
            "index_name": index,
            "limit": self._pick(1, 2, 3, 50),
            "scan_index_forward": self._chance(0.5),
            "filter_expression": self._condition() if self._chance(0.3) else None,
        }
        options |= placeholders(where, options["filter_expression"], values=self._bound)
        return Operation("sync_query_page", (self._table, where), options)

    def partition(self, prefix: str = "", name: str | None = None) -> str:
        return f"{self._scope}{prefix}{name or self._pick(*_PARTITIONS)}"

    # ---- parts of operations --------------------------------------------------------------------

    def _member(self) -> Item:
        self._bound = {}
        kind = self._pick("put", "put", "update", "update", "condition_check", "delete")
        member: Item = {"type": kind, "table": self._table}
        if kind == "put":
            member["item"] = self._item()
        else:
            member["key"] = self._key()
        if kind == "update":
            return member | self._change(*_UPDATES)
        if kind == "put" and self._chance(0.5):
            return member
        member["condition_expression"] = self._condition()
        return member | placeholders(member["condition_expression"], values=self._bound)

    def _change(self, *some: str) -> Item:
        change: Item = {"update_expression": self._filled(self._pick(*some))}
        if self._chance(0.4):
            change["condition_expression"] = self._condition()
        return change | placeholders(*change.values(), values=self._bound)

    def _item(self) -> Item:
        item = self._key()
        for index in ("gsi1", "gsi2", "gsi3", "gsi4"):
            if self._chance(0.6):
                item[f"{index}pk"] = self.partition(index)
                item[f"{index}sk"] = self._sort()
        kinds = {"n": _NUMBERS, "s": _TEXTS, "t": _SETS, "view": _OTHERS}
        return item | {name: self._pick(*some) for name, some in kinds.items() if self._chance(0.7)}

    def _key(self) -> Item:
        if self._chance(0.02):
            return {"pk": self.partition(), "sk": ""}
        return {"pk": self.partition(), "sk": self._sort()}

    def _sort(self) -> str:
        return str(self._pick(*_SORTS))

    # ---- expressions ----------------------------------------------------------------------------

    def _condition(self, depth: int = 0) -> str:
        if depth < 2 and self._chance(0.4):
            one, other = self._condition(depth + 1), self._condition(depth + 1)
            joined = f"{one} {self._pick('AND', 'OR')} {other}"
            return str(self._pick(joined, f"( {joined} )", f"NOT ( {joined} )", f"NOT {joined}"))
        return self._filled(
            self._pick(
                "attribute_exists(#pk)",
                "attribute_not_exists(#n)",
                "attribute_not_exists(#view.#x)",
                "contains(#t, {p})",
                "contains(#s, {p})",
                "begins_with(#s, {p})",
                "size(#t) >= {n}",
                "size(#s) < {n}",
                "#l[1] < {n}",
                "attribute_not_exists(#l[0])",
                "#n BETWEEN {l} AND {n}",
                "#s IN ({s}, {n})",
                "#view.#x = {n}",
                "#view = {o}",
                "#t = {t}",
                *(f"#n {sign} {{n}}" for sign in ("=", "<>", "<", "<=", ">", ">=")),
                *(f"#s {sign} {{s}}" for sign in ("=", "<>", "<", "<=", ">", ">=")),
            )
        )

    def _range(self, name: str) -> str:
        sign = self._pick("=", "<", "<=", ">", ">=")
        return self._filled(self._pick(f"{name} {sign} {{k}}", f"{name} BETWEEN {{k}} AND {{k}}"))

    def _filled(self, text: str) -> str:
        """The text with a random value of its kind for each brace."""
        before, brace, rest = text.partition("{")
        if not brace:
            return text
        some: dict[str, Callable[[], Any]] = {
            "n": lambda: self._pick(*_NUMBERS),
            "l": lambda: min(_NUMBERS),
            "s": lambda: self._pick(*_TEXTS),
            "t": lambda: self._pick(*_SETS),
            "o": lambda: self._pick(*_OTHERS),
            "m": lambda: [self._pick(*_NUMBERS)],
            "p": lambda: self._pick("x", "p", "y"),
            "k": self._sort,
            "g": lambda: self.partition("gsi1"),
        }
        return f"{before}{self._value(some[rest[0]]())}{self._filled(rest[2:])}"

    def _value(self, value: Any) -> str:
        name = f"v{len(self._bound)}"
        self._bound[name] = value
        return f":{name}"

    def _pick(self, *some: Any) -> Any:
        return self._random.choice(some)

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability
