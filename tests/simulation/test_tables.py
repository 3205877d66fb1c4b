"""The tables in memory are as good as the real client on an emulator, or they prove nothing."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from linkwright import table
from linkwright.client import core
from linkwright.expressions import placeholders
from linkwright.table import Driver, Item
from linkwright.transaction import _reasons
from tests import stack as stacks
from tests.simulation import expressions, storage, tables, values
from tests.simulation.operations import Generator, Operation
from tests.simulation.tables import Tables
from tests.simulation.values import equal
from tests.stack import EmulatedStack, Stack

# They share an emulator.
pytestmark = pytest.mark.xdist_group("emulator")

SEQUENCES = 40
OPERATIONS = 80
CORE = "CoreTable"

Seen = tuple[str, Any]
Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def _judged_by_moto() -> None:
    """The expressions here are made up: the emulator judges them."""


@pytest.fixture(scope="module")
def stack(stack: Stack, emulator: EmulatedStack) -> Iterator[Stack]:
    with stacks.in_place_of(stack, emulator) as used:
        yield used


def _seen(operation: Operation, driver: Driver) -> Seen:
    try:
        answer = operation.on(driver)
    except core.TransactionCanceledException as cancelled:
        return "cancelled", _reasons(cancelled)
    except (core.PydynoxException, ValueError) as refusal:
        return type(refusal).__name__, None
    # The capacity consumed is the last member of an answer; only that it is told matters.
    return "answered", None if answer is None else list(answer[:-1])


def _contents(driver: Driver, name: str, generator: Generator) -> list[Any]:
    """Each partition of the table and of its indexes, in order."""
    return [
        driver.sync_query_page(
            name,
            "#k = :p",
            index_name=prefix or None,
            expression_attribute_names={"#k": f"{prefix}pk"},
            expression_attribute_values={":p": generator.partition(prefix, partition)},
        )[0]
        for prefix in ("", "gsi1", "gsi2", "gsi3", "gsi4")
        for partition in ("a", "b")
    ]


def _difference(stack: Stack, sequence: int) -> object:
    """The first thing in which a sequence differs on the two; None if it does in nothing."""
    name, real, ours = stack.names[CORE], table.driver(), Tables(stack.names)
    generator = Generator(sequence, f"{uuid4()}", name)
    for _ in range(OPERATIONS):
        operation = generator.operation()
        expected, seen = _seen(operation, real), _seen(operation, ours)
        if not equal(list(expected), list(seen)):
            return operation, expected, seen
    stored = _contents(real, name, generator), _contents(ours, name, generator)
    return None if equal(*stored) else stored


@pytest.mark.parametrize("sequence", range(SEQUENCES))
def test_same_answers_errors_and_contents_as_the_emulator(stack: Stack, sequence: int) -> None:
    assert _difference(stack, sequence) is None


def _a_wrong_comparison(patch: Patch) -> None:
    patch.setitem(values.COMPARISONS, "<=", values.COMPARISONS["<"])


def _an_index_that_shows_all(patch: Patch) -> None:
    patch.setattr(storage.Index, "shown", lambda self, item: values.copied(item))


def _an_index_with_one_direction(patch: Patch) -> None:
    page = storage.Index.page
    patch.setattr(
        storage.Index,
        "page",
        lambda self, partition, start, *, forward: page(self, partition, start, forward=True),
    )


def _a_filter_before_the_limit(patch: Patch) -> None:
    first = tables._first

    def filtered(rows: Any, text: str | None, given: Any, limit: int | None) -> Any:
        found, _ = first(rows, text, given, limit)
        return found, False

    patch.setattr(tables, "_first", filtered)


def _transactions_that_are_not_whole(patch: Patch) -> None:
    def transact(self: Tables, operations: list[Item], **_: object) -> None:
        for operation in operations:
            given = tables._given(operation)
            self._write(operation["table"], tables._key(operation), self._after(operation, given))

    patch.setattr(Tables, "sync_transact_write", transact)


@pytest.mark.parametrize(
    "break_something",
    [
        _a_wrong_comparison,
        _an_index_that_shows_all,
        _an_index_with_one_direction,
        _a_filter_before_the_limit,
        _transactions_that_are_not_whole,
    ],
)
def test_what_is_broken_is_noticed(
    stack: Stack, monkeypatch: Patch, break_something: Callable[[Patch], None]
) -> None:
    break_something(monkeypatch)
    expressions.condition.cache_clear()  # what was parsed before is not broken, and the reverse
    noticed = any(_difference(stack, sequence) for sequence in range(SEQUENCES))
    expressions.condition.cache_clear()
    assert noticed


# ---- what random operations seldom or never do --------------------------------------------------


@pytest.fixture(params=["emulator", "memory"])
def driver(request: pytest.FixtureRequest, stack: Stack) -> Driver:
    return table.driver() if request.param == "emulator" else Tables(stack.names)


@pytest.fixture
def name(stack: Stack) -> str:
    return stack.names[CORE]


@pytest.fixture
def pk() -> str:
    return f"{uuid4()}"


def _put(name: str, pk: str, sk: str, **attributes: Any) -> Item:
    return {"type": "put", "table": name, "item": {"pk": pk, "sk": sk, **attributes}}


def _changed(driver: Driver, name: str, pk: str, expression: str, **bound: Any) -> Item | None:
    item, metrics = driver.sync_update_item(
        name,
        {"pk": pk, "sk": "1"},
        update_expression=expression,
        return_values="ALL_NEW",
        **placeholders(expression, values=bound),
    )
    assert metrics.consumed_wcu is not None
    return item


def _stored(driver: Driver, name: str, pk: str, sk: str = "1") -> Item | None:
    item, metrics = driver.sync_get_item(name, {"pk": pk, "sk": sk}, consistent_read=True)
    assert metrics.consumed_rcu is not None
    return item


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("prefix", ["", "gsi1"])
def test_pages_hold_each_row_once_and_in_order(
    driver: Driver, name: str, pk: str, prefix: str, forward: bool
) -> None:
    same = {"gsi1pk": f"{pk}x", "gsi1sk": "1"}
    driver.sync_transact_write([_put(name, pk, str(at), **same) for at in range(5)])
    found, start = [], None
    for _ in range(3):
        rows, start, _metrics = driver.sync_query_page(
            name,
            "#k = :p",
            index_name=prefix or None,
            limit=2,
            exclusive_start_key=start,
            scan_index_forward=forward,
            expression_attribute_names={"#k": f"{prefix}pk"},
            expression_attribute_values={":p": same["gsi1pk"] if prefix else pk},
        )
        found += [row["sk"] for row in rows]
    assert start is None
    assert found == sorted("01234", reverse=not forward)


def test_many_at_once_are_those_that_are_there(driver: Driver, name: str, pk: str) -> None:
    driver.sync_transact_write([_put(name, pk, "1"), _put(name, pk, "3")])
    wanted = [{"pk": pk, "sk": sk} for sk in "123"]
    found = driver.sync_batch_get(name, wanted, True)
    assert sorted(item["sk"] for item in found) == ["1", "3"]
    with pytest.raises(core.ValidationException):
        driver.sync_batch_get(name, [wanted[0], wanted[0]], True)


def test_a_full_last_page_has_a_key_to_go_on_from(driver: Driver, name: str, pk: str) -> None:
    driver.sync_transact_write([_put(name, pk, "1"), _put(name, pk, "2")])
    names = placeholders("#pk = :p", values={"p": pk})
    rows, last, _ = driver.sync_query_page(name, "#pk = :p", limit=2, **names)
    assert (len(rows), last) == (2, {"pk": pk, "sk": "2"})


def test_a_start_in_another_partition_is_refused(driver: Driver, name: str, pk: str) -> None:
    names = placeholders("#pk = :p", values={"p": pk})
    with pytest.raises(core.ValidationException):
        driver.sync_query_page(
            name, "#pk = :p", limit=2, exclusive_start_key={"pk": "x", "sk": "1"}, **names
        )


def test_the_same_token_writes_once(driver: Driver, name: str, pk: str) -> None:
    wanted = {"update_expression": "ADD #n :n", "key": {"pk": pk, "sk": "1"}}
    wanted |= placeholders("ADD #n :n", values={"n": 1})
    for _ in range(2):
        driver.sync_transact_write(
            [{"type": "update", "table": name, **wanted}], client_request_token=pk[:36]
        )
    assert _stored(driver, name, pk) == {"pk": pk, "sk": "1", "n": 1}
    with pytest.raises(core.IdempotentParameterMismatchException):
        driver.sync_transact_write([_put(name, pk, "1")], client_request_token=pk[:36])


def test_reasons_are_told_by_item(driver: Driver, name: str, pk: str) -> None:
    absent = {"condition_expression": "attribute_not_exists(#pk)"}
    absent |= placeholders(*absent.values(), values=None)
    driver.sync_transact_write([_put(name, pk, "1")])
    with pytest.raises(core.TransactionCanceledException) as raised:
        driver.sync_transact_write([_put(name, pk, "2"), _put(name, pk, "1") | absent])
    assert _reasons(raised.value) == ["None", "ConditionalCheckFailed"]
    assert _stored(driver, name, pk, "2") is None


@pytest.mark.parametrize("keys", [("1", "1"), ("1", "")], ids=["twice the same", "an empty key"])
def test_a_transaction_refuses_bad_keys(
    driver: Driver, name: str, pk: str, keys: tuple[str, str]
) -> None:
    with pytest.raises(core.ValidationException):
        driver.sync_transact_write([_put(name, pk, sk) for sk in keys])


def test_a_set_that_is_emptied_is_gone(driver: Driver, name: str, pk: str) -> None:
    assert _changed(driver, name, pk, "ADD #t :t", t={"a", "b"}) is not None
    assert _changed(driver, name, pk, "DELETE #t :t", t={"a", "b"}) == {"pk": pk, "sk": "1"}
    with pytest.raises(ValueError, match="empty sets"):
        _changed(driver, name, pk, "SET #t = :t", t=set())


def test_operands_are_those_before_the_update(driver: Driver, name: str, pk: str) -> None:
    _changed(driver, name, pk, "SET #a = :a, #b = :b", a=1, b=2)
    after = _changed(driver, name, pk, "SET #a = #b, #b = #a")
    assert after == {"pk": pk, "sk": "1", "a": 2, "b": 1}


def test_what_is_stored_is_shared_with_nobody(driver: Driver, name: str, pk: str) -> None:
    given = {"list": [1], "set": {"a"}, "whole": 2.0}
    _changed(driver, name, pk, "SET #m = :m", m=given)
    given["list"] = []
    (_stored(driver, name, pk) or {})["m"]["list"].append(2)
    stored = (_stored(driver, name, pk) or {})["m"]
    assert stored == {"list": [1], "set": {"a"}, "whole": 2}
    assert type(stored["whole"]) is int


@pytest.mark.parametrize(
    ("expression", "bound"),
    [
        ("SET #a = :a", {"a": 1, "b": 2}),
        ("SET #a = :b", {"a": 1}),
        ("SET #pk = :a", {"a": "other"}),
        ("SET #gsi1pk = :a", {"a": ""}),
        ("SET #missing.#a = :a", {"a": 1}),
    ],
)
def test_what_is_refused(
    driver: Driver, name: str, pk: str, expression: str, bound: dict[str, Any]
) -> None:
    with pytest.raises(core.ValidationException):
        _changed(driver, name, pk, expression, **bound)


@pytest.mark.parametrize(
    "expression", ["SET #m = :m, #m.#x = :m", "REMOVE #missing.#x, #m.#x", "SET #m == :m"]
)
def test_what_the_emulator_lets_pass_and_dynamodb_does_not(
    stack: Stack, name: str, pk: str, expression: str
) -> None:
    bound = {"m": {"x": 1}} if ":m" in expression else {}
    with pytest.raises(core.ValidationException):
        _changed(Tables(stack.names), name, pk, expression, **bound)


# ---- what only a consistent read is sure to see -------------------------------------------------


@pytest.fixture
def late(stack: Stack) -> tuple[Tables, list[float]]:
    """Tables whose writes are seen a second later, and the clock."""
    clock = [0.0]
    return Tables(stack.names, now=lambda: clock[0], lag=lambda: 1), clock


def _rows(
    driver: Driver, name: str, pk: str, *, index: str = "", strong: bool = False
) -> list[Item]:
    names = placeholders(f"#{index}pk = :p", values={"p": pk})
    rows, _, _ = driver.sync_query_page(
        name, f"#{index}pk = :p", index_name=index or None, consistent_read=strong, **names
    )
    return rows


def test_a_read_that_need_not_be_consistent_misses_the_last_write(
    late: tuple[Tables, list[float]], name: str, pk: str
) -> None:
    driver, clock = late
    for n in (1, 2):
        clock[0] += 1
        driver.sync_transact_write([_put(name, pk, "1", view=n, gsi1pk=pk, gsi1sk="1")])
    key = {"pk": pk, "sk": "1"}
    assert (driver.sync_get_item(name, key)[0] or {})["view"] == 1
    assert [_rows(driver, name, pk, index=index)[0]["view"] for index in ("", "gsi1")] == [1, 1]
    assert (_stored(driver, name, pk) or {})["view"] == 2
    assert _rows(driver, name, pk, strong=True)[0]["view"] == 2
    clock[0] += 1
    assert (driver.sync_get_item(name, key)[0] or {})["view"] == 2
    assert [_rows(driver, name, pk, index=index)[0]["view"] for index in ("", "gsi1")] == [2, 2]


def test_an_index_is_never_consistent(driver: Driver, name: str, pk: str) -> None:
    with pytest.raises(core.ValidationException):
        _rows(driver, name, pk, index="gsi1", strong=True)


@pytest.mark.parametrize("letter", ["a", "é"])
def test_an_item_holds_400_kb_and_no_more(stack: Stack, driver: Driver, letter: str) -> None:
    name, most = stack.names[CORE], 400 * 1024
    key = {"pk": f"{uuid4()}", "sk": "-"}
    size = most - sum(map(len, (*key, *key.values(), "body")))
    body = letter * (size // len(letter.encode()))
    driver.sync_transact_write([{"type": "put", "table": name, "item": key | {"body": body}}])
    larger = key | {"body": body + letter}
    with pytest.raises((core.ValidationException, core.TransactionCanceledException)):
        driver.sync_transact_write([{"type": "put", "table": name, "item": larger}])
    assert driver.sync_get_item(name, key, True)[0] == key | {"body": body}
