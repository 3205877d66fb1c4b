"""What its role does not allow at the tables, no function does in any test.

The emulators and the tables in memory grant everything, so that a missing right would show on AWS
only. `integration/test_policies.py` holds both ways what its scenarios reach; here whatever a test
reaches is held one way.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any

import pytest

from tools.template import Function, template

READS = {
    "sync_get_item": "GetItem",
    "sync_batch_get": "BatchGetItem",
    "sync_query_page": "Query",
    "sync_update_item": "UpdateItem",
}
# A transaction needs the right of each operation in it, and none of its own.
WRITES = {
    "put": "PutItem",
    "update": "UpdateItem",
    "delete": "DeleteItem",
    "condition_check": "ConditionCheckItem",
}
# What was used without the right, since the last look.
FOUND: list[str] = []
_running: ContextVar[Function | None] = ContextVar("running", default=None)

Handler = Callable[..., Any]


def watched(function: Function, handler: Handler) -> Handler:
    """A handler, while which runs it is known whose role is used."""

    @wraps(handler)
    def handle(*arguments: Any) -> Any:
        before = _running.set(function)
        try:
            return handler(*arguments)
        finally:
            _running.reset(before)

    return handle


def by_a_test(call: Handler) -> Handler:
    """What a test does in the midst of a function, which needs no right for it."""

    @wraps(call)
    def made(*arguments: Any, **options: Any) -> Any:
        before = _running.set(None)
        try:
            return call(*arguments, **options)
        finally:
            _running.reset(before)

    return made


def asked(
    name: str, arguments: tuple[Any, ...], options: Mapping[str, Any]
) -> Iterator[tuple[str, str, str | None]]:
    """What a call of the tables' client asks for: each action, its table, and which index."""
    if name == "sync_transact_write":
        for one in arguments[0]:
            yield f"dynamodb:{WRITES[one['type']]}", one["table"], None
    else:
        index = options.get("index_name")
        yield f"dynamodb:{READS[name]}", arguments[0], f"index/{index}" if index else None


def look_at_call(name: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> None:
    function = _running.get()
    if function is None:
        return
    allowed = _allowed(function)
    for action, table, index in asked(name, arguments, options):
        # The names end with the logical id, whatever is before it.
        where = table.rpartition("-")[2] + (f"/{index}" if index else "")
        if (action, where) not in allowed:
            FOUND.append(f"{function.logical_id} uses {action} on {where}, which its role forbids")


@cache
def _allowed(function: Function) -> frozenset[tuple[str, str]]:
    """By what is written of its role: to expand the template takes seconds of each process."""
    role, _ = function.properties["Role"]["Fn::GetAtt"]
    return frozenset(
        (action, _where(resource))
        for policy in template()["Resources"][role]["Properties"].get("Policies", [])
        for statement in policy.get("PolicyDocument", {}).get("Statement", [])
        for action in statement["Action"]
        for resource in _listed(statement["Resource"])
    )


def _where(resource: Any) -> str:
    """`CoreTable`, or `CoreTable/index/gsi1`; of what is no table anything."""
    match resource:
        case {"Fn::GetAtt": [name, "Arn"]}:
            return str(name)
        case {"Fn::Sub": str(text)}:
            return text.removeprefix("${").replace(".Arn}", "", 1)
    return ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class Plugin:
    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.when == "teardown":
            if FOUND and report.passed:
                report.outcome, report.longrepr = "failed", "\n".join(dict.fromkeys(FOUND))
            FOUND.clear()
        return report
