"""A second judge of expressions: each that the suite uses comes to the same on moto.

What MiniStack and the tables in memory let pass alike, moto may refuse, as DynamoDB would.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice, product
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from moto.core.model_instances import reset_model_data
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from linkwright.table import Driver, Item, Key, placeholders
from tests import shapes
from tests.shapes import Use
from tests.simulation.operations import Operation
from tests.simulation.tables import Tables
from tests.simulation.test_tables import CORE, _seen
from tests.simulation.values import MISSING, equal
from tests.stack import EmulatedStack

# They share a server.
pytestmark = pytest.mark.xdist_group("moto")

KEY = {"pk": "p", "sk": "s"}
# Some need a hundred: one whose pair is not among these is to be looked at.
_MOST_TRIED = 5000
_PATH = re.compile(r"#\w+(?:\.#\w+)*")
# Whatever is there, it is replaced.
_PLAIN = re.compile(r"(?<![(.])#\w+ = :\w+(?! [-+])")
_REMOVED = re.compile(r"\bREMOVE ((?:#\w+(?:, )?)+)(?![.\w\[])")
_HASH = re.compile(r"#((?:gsi\d)?)pk = (:\w+)")
# By type, of the n-th value of an operation.
_VALUES: Mapping[str, Callable[[int], Any]] = {
    "S": lambda n: f"s{n}",
    "N": lambda n: n,
    "BOOL": lambda n: n % 2 == 0,
    "SET": lambda n: {f"s{n}"},
    "L": lambda n: [n],
    "M": lambda n: {"n": n},
    "NULL": lambda n: None,
}


@pytest.fixture(scope="module")
def moto() -> Iterator[EmulatedStack]:
    """One request at a time: it is not safe under threads."""
    judge = DomainDispatcherApplication(create_backend_app)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # Each copy that its transactions make of a table is kept in a list, which nothing needs.
        reset_model_data()
        answer: Iterable[bytes] = judge(environ, start_response)
        return answer

    server = make_server("127.0.0.1", 0, app, threaded=False)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield EmulatedStack(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("shape", shapes.listed())
def test_moto_comes_to_the_same(moto: EmulatedStack, shape: str) -> None:
    name = moto.names[CORE]
    operation = _operation(shapes.listed()[shape], name)
    cases = _cases(operation, name)
    # Of what may refuse both are judged: what it lets pass, and what it does not.
    assert cases.keys() >= ({True, False} if _may_refuse(shape) else {True})
    for is_done, item in cases.items():
        moto.delete(CORE, *(Key(row["pk"], row["sk"]) for row in moto.rows(CORE)))
        expected = _outcome(operation, Tables(moto.names), name, item)
        assert equal(_outcome(operation, moto.driver, name, item), expected), (is_done, item)


def _may_refuse(shape: str) -> bool:
    return not shapes.listed()[shape].expressions.keys().isdisjoint({"condition", "filter"})


def _operation(use: Use, name: str) -> Operation:
    """The same with values of the types that it had."""
    text = " ".join(use.expressions.values())
    order = sorted(use.types, key=text.index)
    values = {one[1:]: _VALUES[use.types[one]](n) for n, one in enumerate(order, 1)}
    options = {f"{kind}_expression": of for kind, of in use.expressions.items()}
    options |= placeholders(text, values=values)
    if use.operation == "query":
        where = options.pop("key_condition_expression")
        [(index, _)] = _HASH.findall(where)
        return Operation("sync_query_page", (name, where), options | {"index_name": index or None})
    if use.operation == "update":
        return Operation("sync_update_item", (name, KEY), options | {"return_values": "ALL_NEW"})
    of = {"item": KEY | {"n": 1}} if use.operation == "put" else {"key": KEY}
    member = {"type": use.operation, "table": name, **of, **options}
    return Operation("sync_transact_write", ([member],), {})


def _outcome(operation: Operation, driver: Driver, name: str, item: Item | None) -> list[Any]:
    """What the operation comes to where there is this item, or none: the answer and the item."""
    if item is not None:
        driver.sync_transact_write([{"type": "put", "table": name, "item": item}])
    seen = _seen(operation, driver)
    key = {name: (item or KEY)[name] for name in KEY}
    return [*seen, driver.sync_get_item(name, key, consistent_read=True)[0]]


# ---- items for either outcome -------------------------------------------------------------------


def _cases(operation: Operation, name: str) -> dict[bool, Item | None]:
    """By whether the operation is done, or finds anything: an item, or none, that has it so."""
    found: dict[bool, Item | None] = {}
    for item in islice(_candidates(operation), _MOST_TRIED):
        outcome = _outcome(operation, Tables({CORE: name, **_OTHERS}), name, item)
        if (is_done := _is_done(*outcome[:2])) is not None:
            found.setdefault(is_done, item)
        if len(found) == 2:
            break
    return found


_OTHERS = {
    "AccessTable": "access",
    "IdemTable": "idem",
    "ClicksTable": "clicks",
    "MetricsTable": "metrics",
    "LedgerTable": "ledger",
}


def _is_done(kind: str, answer: Any) -> bool | None:
    if kind == "answered":
        return answer is None or bool(answer[0])
    return False if kind in {"cancelled", "ConditionalCheckFailedException"} else None


def _candidates(operation: Operation) -> Iterator[Item | None]:
    yield None
    texts, bound, item = _parts(operation)
    text = " ".join(texts)
    # What a condition looks at varies first: the rest makes no difference to most.
    judged = set(_PATH.findall(texts[0]))
    paths = sorted(set(_PATH.findall(text)), key=lambda path: (path in judged, path))
    options = {
        path.replace("#", ""): _options(path, text, _near(path, text, bound)) for path in paths
    }
    varied = {path: some for path, some in options.items() if path not in item}
    for some in product(*varied.values()):
        made = item
        for path, value in zip(varied, some, strict=True):
            made = _with(made, path.split("."), value)
        yield made


def _parts(operation: Operation) -> tuple[list[str], Mapping[str, Any], Item]:
    """The texts in which an item makes a difference, the values, and the item's keys."""
    options = operation.options or operation.arguments[0][0]
    bound = options.get("expression_attribute_values", {})
    texts = [options.get(f"{kind}_expression") or "" for kind in ("condition", "filter")]
    update = _PLAIN.sub("", options.get("update_expression") or "")
    texts.append(_REMOVED.sub("", update))
    if operation.name != "sync_query_page":
        # What is removed is there: whatever it was, and so it need not be varied.
        removed = {path[1:]: "x" for some in _REMOVED.findall(update) for path in some.split(", ")}
        judged = {path[1:] for text in texts for path in _PATH.findall(text)}
        there = {path: value for path, value in removed.items() if path not in judged}
        return texts, bound, KEY | there
    where = operation.arguments[1]
    [(index, value)] = _HASH.findall(where)
    # The item's place in the order is within the bounds, if there are any.
    keys = {f"{index}pk": bound[value], f"{index}sk": bound.get(":low", "s")}
    return [*texts, where], bound, KEY | keys


def _near(path: str, text: str, bound: Mapping[str, Any]) -> list[Any]:
    """The values that a path is held against; where there is none, all.

    Of all for each path a condition of five would have a quarter of a million items.
    """
    against = re.findall(re.escape(path) + r"\b[^#:]*(:\w+)", text)
    return list({name: bound[name] for name in against}.values()) or list(bound.values())


def _options(path: str, text: str, values: list[Any]) -> list[Any]:
    """What may make a difference at a path: nothing there, anything, each value or what is near."""
    if member := re.search(re.escape(path) + r"\[(\d+)\]", text):
        numbers = [value for value in values if type(value) is int] or [0]
        each = (value + by for value in numbers for by in (-1, 0, 1))
        return [MISSING, *([value] * (int(member[1]) + 1) for value in each)]
    if f"size({path})" in text or f"contains({path}" in text:
        sizes = [value for value in values if isinstance(value, int)]
        return [MISSING, *({value} for value in values if isinstance(value, str))] + [
            {f"{n}" for n in range(size + 1)} for size in sizes
        ]
    if path.startswith("#gsi"):  # the key of an index is a text
        return [MISSING, *(value for value in values if isinstance(value, str)), "x"]
    near = [value + by for value in values if type(value) is int for by in (-1, 1)]
    return [MISSING, *values, *near, "x"]


def _with(item: Item, path: list[str], value: Any) -> Item:
    if value is MISSING:
        return item
    first, *rest = path
    return item | {first: _with(item.get(first, {}), rest, value) if rest else value}
