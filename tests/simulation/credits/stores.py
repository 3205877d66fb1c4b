"""Stores by number: what is stored at one moment, and what a call makes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from linkwright import jobs
from linkwright.client import core
from linkwright.credits.items import PENDING
from linkwright.table import Item
from tests.simulation import seams
from tests.simulation.storage import Table
from tests.simulation.tables import Tables

GET, UPDATE, TRANSACT = "sync_get_item", "sync_update_item", "sync_transact_write"
# No call of AWS: the work that is paid for, and what the index of due jobs knows.
MAKE, FIND_DUE, FIND_RUNS = "make", "find due", "find runs"
_CORE = "CoreTable"


class Place(NamedTuple):
    table: str
    pk: str
    sk: str


@dataclass(frozen=True, eq=False)
class Call:
    """What a process asks for."""

    name: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join([self.name, *(place.pk.split("#")[-1] for place in self.places)])

    @cached_property
    def is_write(self) -> bool:
        return self.name in {UPDATE, TRANSACT}

    @property
    def token(self) -> str | None:
        """By which the tries of one transaction are known as such."""
        return self.options.get("client_request_token")

    @cached_property
    def places(self) -> tuple[Place, ...]:
        if self.name == TRANSACT:
            keys = [(one["table"], one.get("item") or one["key"]) for one in self.arguments[0]]
        elif self.name in {GET, UPDATE}:
            keys = [(self.arguments[0], self.arguments[1])]
        else:
            keys = []
        return tuple(Place(table, key["pk"], key["sk"]) for table, key in keys)


class Reply(NamedTuple):
    """`kind` is "item", "done", "refused", "lost" or "said"; `value` is what it is of."""

    kind: str
    value: Any = None


def _is_pending(item: Item) -> bool:
    """A hold that nobody has ended."""
    return item.get("st") == PENDING


def _is_run(item: Item) -> bool:
    """A run that is to be gone on with."""
    return item["pk"].endswith("#RUN") and jobs.is_due(item)


DONE, LOST = Reply("done"), Reply("lost")
View = Mapping[Place, Item]


class Shelf(Table):
    """A table of which everybody asks by key, and strongly."""

    def find(self, key: Item, *, is_consistent: bool = True) -> Item | None:
        assert is_consistent, "a read that may be late"
        return self.items.get((key["pk"], key["sk"]))

    def write(self, key: Item, after: Item | None) -> Item | None:
        where = (key["pk"], key["sk"])
        before = self.items.pop(where, None)
        if after is not None:
            self.items[where] = after
        return before


class _Shelves(Tables):
    made_of = Shelf

    def hold(self, places: tuple[Place, ...], items: list[Item | None]) -> None:
        """Have these there, and nothing else."""
        for table in self._tables.values():
            table.items.clear()
        for place, item in zip(places, items, strict=True):
            if item is not None:
                self._tables[place.table].items[(place.pk, place.sk)] = item


class Stores:
    """All that there ever were. An item's number is its place in `_items`; 0 is none."""

    def __init__(self) -> None:
        self._tables = _Shelves(seams.names())
        self._items: list[Item | None] = [None]
        self._item_numbers: dict[str, int] = {}
        self._stores: list[dict[Place, int]] = []
        self._store_numbers: dict[frozenset[tuple[Place, int]], int] = {}
        self._done: dict[tuple[int, Call], tuple[int, Reply]] = {}
        self._judged: dict[tuple[Call, tuple[int, ...]], tuple[tuple[int, ...], Reply]] = {}

    def __len__(self) -> int:
        return len(self._stores)

    def of(self, rows: Mapping[str, list[Item]]) -> int:
        """That which has these items, by table."""
        return self._number(
            {
                Place(table, item["pk"], item["sk"]): self._item_number(item)
                for table, items in rows.items()
                for item in items
            }
        )

    def view(self, number: int) -> View:
        held = self._stores[number]
        found = {place: self._items[item] for place, item in held.items()}
        return {place: item for place, item in found.items() if item is not None}

    def item(self, number: int) -> Item | None:
        return self._items[number]

    def changed(self, before: int, after: int) -> list[Place]:
        one, other = self._stores[before], self._stores[after]
        return [place for place in {**one, **other} if one.get(place) != other.get(place)]

    def apply(self, number: int, call: Call) -> tuple[int, Reply]:
        """The store after a call, and what the caller is told."""
        known = self._done.get((number, call))
        if known is None:
            known = self._done[(number, call)] = self._apply(number, call)
        return known

    def _apply(self, number: int, call: Call) -> tuple[int, Reply]:
        if call.name == FIND_DUE:
            return number, Reply("said", self._found(number, _is_pending))
        if call.name == FIND_RUNS:
            return number, Reply("said", self._found(number, _is_run))
        held = self._stores[number]
        before = tuple(held.get(place, 0) for place in call.places)
        judged = self._judged.get((call, before))
        if judged is None:
            judged = self._judged[(call, before)] = self._judge(call, before)
        after, reply = judged
        if after == before:
            return number, reply
        return self._number({**held, **dict(zip(call.places, after, strict=True))}), reply

    def _judge(self, call: Call, before: tuple[int, ...]) -> tuple[tuple[int, ...], Reply]:
        """By the tables, which hold no more than what the call is about."""
        if call.name == GET:
            return before, Reply("item", before[0])
        self._tables.hold(call.places, [self._items[number] for number in before])
        # Who sends it again is known by the token: that is for the process to say.
        options = {**call.options, "client_request_token": None} if call.token else call.options
        try:
            told = getattr(self._tables, call.name)(*call.arguments, **options)
        except core.TransactionCanceledException as cancelled:
            return before, Reply("refused", str(cancelled))
        except core.ConditionalCheckFailedException:
            return before, Reply("refused")
        found = [self._tables.find(*place) for place in call.places]
        after = tuple(0 if item is None else self._item_number(item) for item in found)
        return after, DONE if told is None else Reply("item", after[0])

    def _found(self, number: int, wanted: Callable[[Item], bool]) -> tuple[tuple[str, str], ...]:
        """Where such items are of the core table."""
        view = self.view(number)
        found = [place for place, item in view.items() if place.table == _CORE and wanted(item)]
        return tuple(sorted((place.pk, place.sk) for place in found))

    def _number(self, held: dict[Place, int]) -> int:
        held = {place: item for place, item in held.items() if item}
        number = self._store_numbers.setdefault(frozenset(held.items()), len(self._stores))
        if number == len(self._stores):
            self._stores.append(held)
        return number

    def _item_number(self, item: Item) -> int:
        number = self._item_numbers.setdefault(repr(sorted(item.items())), len(self._items))
        if number == len(self._items):
            self._items.append(item)
        return number
