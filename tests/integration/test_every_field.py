"""No value of a field makes a 5xx: each field of each model meets what lies at an edge.

The rest of the request is good, so that the value goes as far as it can.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import BaseModel

from linkwright import clock
from tests.client import Answer
from tests.factories import CALLEE
from tests.integration.every_route import PRIVATE, Route, World, assert_error, make_world
from tests.stack import Stack

Schema = dict[str, Any]
Path = tuple[str | int, ...]

_DATES = ["0001-01-01T00:00:00", "9999-12-31T23:59:59", "9999-12-31T23:59:59.999999999"]
_DATES += ["1970-01-01T00:00:00", "1969-12-31T23:59:59", "2038-01-19T03:14:08"]
_DATES += ["0000-01-01T00:00:00", "10000-01-01T00:00:00", "2027-02-29T00:00:00"]
_DATES += ["2027-01-01T24:00:00", "2027-01-01T23:59:60", "2016-12-31T23:59:60"]
_ZONES = ["Z", "+00:00", "-00:00", "+14:00", "-14:00", "+23:59", "-23:59", "+24:00", ""]
MOMENTS = [date + zone for date in _DATES for zone in _ZONES]
NUMBERS = [0, -1, 2**31, 2**53 + 1, 2**63, 2**64, 10**400, 0.5, -0.0, 1e308, 5e-324, True]
TEXTS = ["", " ", "\n", "x" * 200_000, "😀" * 30_000, "\u202e", "\u0130", "%00", "{}", "../", "-1"]
OTHERS = [None, [], {}, [None], {"": ""}, [[[]]], {"x": {"y": []}}]
# A field meets all of its own kind, and some of each other.
BY_KIND: dict[str, list[Any]] = {"date-time": MOMENTS, "integer": NUMBERS, "string": TEXTS}
OF_EACH = [MOMENTS[0], NUMBERS[2], NUMBERS[-1], TEXTS[0], *OTHERS]


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    return make_world(mode="test")


def _model(route: Route, name: str) -> Schema:
    model = route.contract.parameters.get(name)
    return _schema(model) if model else {"properties": {}}


@cache
def _schema(model: type[BaseModel]) -> Schema:
    """Not to be changed."""
    return model.model_json_schema()


class Fields:
    """The fields of a model, and good values for what stands beside one of them."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.definitions = schema.get("$defs", {})

    def paths(self, schema: Schema | None = None) -> Iterator[tuple[Path, Schema]]:
        """Every field, also those within others, and what it may be."""
        schema = self._plain(schema or self.schema)
        for name, member in schema.get("properties", {}).items():
            yield (name,), self._plain(member)
            yield from (((name, *path), leaf) for path, leaf in self.paths(self._plain(member)))
        if isinstance(items := schema.get("items"), dict):
            yield (0,), self._plain(items)
            yield from (((0, *path), leaf) for path, leaf in self.paths(self._plain(items)))

    def put(self, value: object, path: Path, within: object, schema: Schema | None = None) -> Any:
        """What is good, with a value at the path."""
        if not path:
            return value
        schema = self._plain(schema or self.schema)
        if path[0] == 0:
            return [self.put(value, path[1:], None, schema["items"])]
        beside = within if isinstance(within, Mapping) else self._needed(schema)
        member = self.put(value, path[1:], beside.get(path[0]), schema["properties"][path[0]])
        return {**beside, str(path[0]): member}

    def _needed(self, schema: Schema) -> Schema:
        return {name: self._good(schema["properties"][name]) for name in schema.get("required", ())}

    def _good(self, schema: Schema) -> Any:
        schema = self._plain(schema)
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("format") == "date-time":
            return clock.timestamp(clock.now() - timedelta(days=1))
        if schema["type"] == "integer":
            return schema["minimum"]
        pattern = schema.get("pattern", "")
        return CALLEE if pattern.startswith(r"^\+") else "07:00" if ":" in pattern else "text"

    def _plain(self, schema: Schema) -> Schema:
        """Behind a reference, and without the null that it may be."""
        if "$ref" in schema:
            return self._plain(self.definitions[schema["$ref"].rpartition("/")[2]])
        options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
        return self._plain(options[0]) if options else schema


def _values(leaf: Schema) -> list[Any]:
    return [*BY_KIND.get(leaf.get("format", leaf.get("type", "")), ()), *OF_EACH]


def _fields(name: str) -> list[Any]:
    return [
        pytest.param(route, path, _values(leaf), id=f"{route} {'.'.join(map(str, path))}")
        for route in PRIVATE
        for path, leaf in Fields(_model(route, name)).paths()
    ]


def _assert_answered(answer: Answer, route: Route, value: object) -> None:
    assert answer.status < 500, value
    if answer.status != route.status:
        assert_error(answer, answer.status, answer.error["code"], answer.error.get("field"))
    # As pydantic speaks where it does not know of what kind a value is.
    assert "after validation" not in answer.raw, value


@pytest.mark.parametrize(("route", "path", "values"), _fields("body"))
def test_never_5xx_for_a_field_of_a_body(
    world: World, route: Route, path: Path, values: list[Any]
) -> None:
    client = world.workspace.client_with(["*:read", route.contract.scope or ""])
    fields = Fields(_model(route, "body"))
    for value in values:
        body = fields.put(value, path, route.body(world.ids))
        answer = route.ask(client, world.ids, body=json.dumps(body))
        _assert_answered(answer, route, value)


@pytest.mark.parametrize(("route", "path", "values"), _fields("query"))
def test_never_5xx_for_a_parameter_of_a_query(
    world: World, route: Route, path: Path, values: list[Any]
) -> None:
    client = world.workspace.client_with(["*:read"])
    for value in values:
        answer = route.ask(client, world.ids, query="?" + urlencode({path[0]: str(value)}))
        _assert_answered(answer, route, value)


@pytest.mark.parametrize("route", PRIVATE, ids=str)
def test_every_number_and_text_of_a_request_has_bounds(route: Route) -> None:
    for name in ("body", "query"):
        for path, leaf in Fields(_model(route, name)).paths():
            if leaf.get("type") in {"integer", "number"}:
                assert {"minimum", "maximum"} <= set(leaf) or "enum" in leaf, path
            if leaf.get("type") == "string":
                assert {"maxLength", "pattern", "enum", "format"} & set(leaf), path


MOMENT_FIELDS = [
    pytest.param(route, name, path, id=f"{route} {'.'.join(map(str, path))}")
    for route in PRIVATE
    for name in ("body", "query")
    for path, leaf in Fields(_model(route, name)).paths()
    if leaf.get("format") == "date-time"
]


@pytest.mark.parametrize(("route", "name", "path"), MOMENT_FIELDS)
@pytest.mark.parametrize("years", [-2025, -11, 2, 7000])
def test_400_for_a_moment_far_away(
    world: World, route: Route, name: str, path: Path, years: int
) -> None:
    now = clock.now()
    leaf = next(leaf for at, leaf in Fields(_model(route, name)).paths() if at == path)
    if "ten years ahead" in leaf.get("description", "") and years > 0:
        years = max(years, 11)
    value = f"{min(now.year + years, 9999):04}-06-01T00:00:00Z"
    options: dict[str, Any] = {"query": "?" + urlencode({str(path[0]): value})}
    if name == "body":
        sent = Fields(_model(route, "body")).put(value, path, route.body(world.ids))
        options = {"body": json.dumps(sent)}
    answer = route.ask(world.client, world.ids, **options)
    assert_error(answer, 400, "validation_failed", ".".join(map(str, path)))
