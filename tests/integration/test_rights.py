"""That a test fails in which a function does what its role forbids."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from linkwright.table import Key, Table, get, get_many, query, update
from linkwright.transaction import Outrun, Transaction
from tests import rights
from tests.client import named
from tests.stack import Stack

ITEM, THERE = Key("W#rights", "-"), Key("W#rights", "there")
Found = Callable[[], list[str]]


@pytest.fixture
def found(stack: Stack) -> Iterator[Found]:
    """What was found; the test that asked for it is not judged by it."""

    def taken() -> list[str]:
        texts = list(rights.FOUND)
        rights.FOUND.clear()
        return texts

    stack.put("CoreTable", THERE.attributes())
    yield taken
    taken()


def _puts() -> None:
    tx = Transaction("", "req_test")
    tx.put(Table.CORE, ITEM.attributes(), condition="")
    tx.commit()


def _checks_and_updates() -> None:
    tx = Transaction("", "req_test")
    tx.require(Table.CORE, ITEM, "attribute_not_exists(#pk)", otherwise=Outrun)
    tx.update(Table.CORE, ITEM._replace(sk="2"), "SET #a = :a", values={"a": 1})
    tx.delete(Table.ACCESS, ITEM, condition="")
    tx.commit()


_USES: list[tuple[Callable[[], object], list[str]]] = [
    (lambda: get(Table.CORE, ITEM), ["GetItem on CoreTable"]),
    (lambda: get_many(Table.CORE, [THERE]), ["BatchGetItem on CoreTable"]),
    (lambda: query(Table.CORE, ITEM.pk, limit=1), ["Query on CoreTable"]),
    (
        lambda: query(Table.CORE, ITEM.pk, index="gsi3", limit=1),
        ["Query on CoreTable/index/gsi3"],
    ),
    (
        lambda: update(Table.CORE, ITEM._replace(sk="1"), "SET #a = :a", values={"a": 1}),
        ["UpdateItem on CoreTable"],
    ),
    (
        _checks_and_updates,
        [
            "ConditionCheckItem on CoreTable",
            "UpdateItem on CoreTable",
            "DeleteItem on AccessTable",
        ],
    ),
    (_puts, ["PutItem on CoreTable"]),
]


@pytest.mark.parametrize(("use", "asked"), _USES)
def test_whatever_a_function_without_rights_does_is_found(
    found: Found, use: Callable[[], object], asked: list[str]
) -> None:
    rights.watched(named("answer_unmatched"), use)()
    said = "AnswerUnmatched uses dynamodb:{}, which its role forbids"
    assert found() == [said.format(one) for one in asked]


def test_what_a_role_allows_is_not_found(found: Found) -> None:
    rights.watched(named("get_agent"), lambda: get(Table.CORE, ITEM))()
    rights.watched(named("list_leads"), lambda: query(Table.CORE, ITEM.pk, index="gsi3", limit=1))()
    assert found() == []


def test_it_is_known_who_runs_where_one_function_leads_to_another(found: Found) -> None:
    def uses() -> None:
        rights.watched(named("get_agent"), lambda: get(Table.CORE, ITEM))()
        get(Table.ACCESS, ITEM)

    rights.watched(named("answer_unmatched"), uses)()
    (said,) = found()
    assert said.startswith("AnswerUnmatched uses dynamodb:GetItem on AccessTable")


def test_a_test_itself_may_do_anything(found: Found) -> None:
    rights.watched(named("answer_unmatched"), rights.by_a_test(_puts))()
    with pytest.raises(ZeroDivisionError):
        rights.watched(named("answer_unmatched"), lambda: 1 // 0)()
    _puts()
    assert found() == []


def test_a_test_in_which_something_is_found_fails(
    found: Found, request: pytest.FixtureRequest
) -> None:
    over: Any = SimpleNamespace(when="teardown")
    for said, outcome in ((["it has no right"], "failed"), ([], "passed")):
        rights.FOUND.extend(said)
        report: Any = SimpleNamespace(passed=True, outcome="passed", longrepr="")
        judge = rights.Plugin().pytest_runtest_makereport(request.node, over)
        next(judge)
        with pytest.raises(StopIteration):
            judge.send(report)
        assert (report.outcome, report.longrepr) == (outcome, "".join(said))
