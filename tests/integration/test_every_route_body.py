"""What every route that takes a body refuses, and that it then writes nothing."""

import base64
import gzip
import json
from collections.abc import Iterator

import pytest

from linkwright.json_body import MAX_BYTES
from tests.client import Answer, Context, http_event, load
from tests.integration.every_route import (
    BODY_ROUTES,
    Route,
    World,
    assert_error,
    in_turn,
    make_world,
    nothing_written,
    stored,
)
from tests.stack import Stack

every_route = pytest.mark.parametrize("route", BODY_ROUTES, ids=str)


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    world = make_world()
    before = stored(stack, world)
    yield world
    assert stored(stack, world) == before


def _ask(
    route: Route, world: World, body: bytes | str, headers: dict[str, str] | None = None
) -> Answer:
    """Bytes travel in base64, as API Gateway sends what is not text."""
    binary = isinstance(body, bytes)
    sent = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    with nothing_written():
        return route.ask(
            world.client, world.ids, body=sent, is_base64=binary, headers=headers or {}
        )


def _good(route: Route, world: World) -> str:
    return json.dumps(route.body(world.ids))


def _with(route: Route, world: World, member: str) -> str:
    """A good body with one more member, given as it stands in the text."""
    good = _good(route, world)
    return f"{{{member}{', ' if good != '{}' else ''}{good[1:]}"


UNREADABLE = {
    "not JSON": "not JSON",
    "a bare word": "undefined",
    "cut short": '{"to": "+972',
    "a trailing comma": '{"to": "+972541234567",}',
    "single quotes": "{'to': 1}",
    "a comment": '{"to": 1} // one',
    "two documents": "{} {}",
    "only white space": " \n ",
    "a null byte": "\x00",
    "a raw line feed in a string": '{"to": "a\nb"}',
    "array": "[]",
    "null": "null",
    "true": "true",
    "string": '"to"',
    "number": "1",
    "NaN alone": "NaN",
    "5,000 levels of arrays": "[" * 5_000 + "]" * 5_000,
    "5,000 levels of objects": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "5,000 levels never closed": "[" * 5_000,
    "100,000 levels": "[" * 100_000,
    "escaped quotes that never end": '{"a": "' + '\\"' * 100_000,
    "not UTF-8": b'{"to": "\xff"}',
    "UTF-8 of half a surrogate pair": b'{"to": "\xed\xa0\x80"}',
    "an overlong encoding": b'{"to": "\xc0\xaf"}',
    "Latin-1": '{"to": "é"}'.encode("latin-1"),
    "two byte order marks": b"\xef\xbb\xbf\xef\xbb\xbf{}",
    "UTF-16": '{"to": "x"}'.encode("utf-16"),
    "UTF-32": '{"to": "x"}'.encode("utf-32"),
    "gzip": gzip.compress(b"{}"),
}


@in_turn(BODY_ROUTES, "body", [*UNREADABLE.values()], UNREADABLE)
def test_400_for_what_is_not_a_json_object(world: World, route: Route, body: str | bytes) -> None:
    assert_error(_ask(route, world, body), 400, "invalid_request")


# Within an otherwise good body, so that nothing else is at fault.
MEMBERS = {
    "21 levels": '"x": ' + "[" * 20 + "]" * 20,
    "a key twice": '"x": 1, "x": 1',
    "a key twice, once escaped": '"x": 1, "\\u0078": 1',
    "a key twice, deeper": '"x": [{"y": {"z": 1, "z": 2}}]',
    "NaN": '"x": NaN',
    "Infinity": '"x": Infinity',
    "-Infinity": '"x": -Infinity',
    "1e999999": '"x": 1e999999',
    "-1e999999": '"x": [-1e999999]',
    "an integer of 5,000 digits": f'"x": {"9" * 5_000}',
    "a leading zero": '"x": 01',
    "a plus sign": '"x": +1',
    "a hexadecimal number": '"x": 0x10',
}


@in_turn(BODY_ROUTES, "member", [*MEMBERS.values()], MEMBERS)
def test_400_for_a_member_that_is_not_strict_json(world: World, route: Route, member: str) -> None:
    assert_error(_ask(route, world, _with(route, world, member)), 400, "invalid_request")


TEXTS = {
    "half a surrogate pair": ("\\ud800", "x"),
    "the other half": ("\\udc00", "x"),
    "halves the wrong way round": ("\\udc00\\ud800", "x"),
    "a null": ("a\\u0000b", "x"),
    "an escape character": ("\\u001b[31m", "x"),
    "a carriage return": ("a\\rBcc: b", "x"),
    "delete": ("\\u007f", "x"),
}


@in_turn(BODY_ROUTES, "case", [*TEXTS.values()], TEXTS)
def test_400_for_characters_that_no_text_needs(
    world: World, route: Route, case: tuple[str, str]
) -> None:
    text, field = case
    value = _ask(route, world, _with(route, world, f'"x": "{text}"'))
    assert_error(value, 400, "validation_failed", field)
    deeper = _ask(route, world, _with(route, world, f'"x": {{"y": ["", "{text}"]}}'))
    assert_error(deeper, 400, "validation_failed", "x.y.1")
    key = _ask(route, world, _with(route, world, f'"x": {{"{text}": 1}}'))
    assert_error(key, 400, "validation_failed", "x")


@every_route
def test_400_for_a_surrogate_that_is_not_even_escaped(world: World, route: Route) -> None:
    assert_error(_ask(route, world, '{"x": "\ud800"}'), 400, "invalid_request")


@in_turn(BODY_ROUTES, "value", ["1", "null", '"x"', "[]", '{"y": 1}', "1.5", "true"])
def test_400_for_an_unknown_field_by_its_name(world: World, route: Route, value: str) -> None:
    answer = _ask(route, world, _with(route, world, f'"no_such_field": {value}'))
    assert_error(answer, 400, "validation_failed", "no_such_field")


@every_route
def test_400_lists_every_field_at_fault(world: World, route: Route) -> None:
    answer = _ask(route, world, _with(route, world, '"first": 1, "second": 2'))
    assert_error(answer, 400, "validation_failed")
    assert {error["path"] for error in answer.error["errors"]} == {"first", "second"}
    assert all(set(error) == {"path", "message"} for error in answer.error["errors"])


@every_route
def test_400_echoes_no_more_than_the_beginning_of_a_long_name(world: World, route: Route) -> None:
    name = "n" * 100_000
    for value in ("1", '"\\u0000"', '{"y": "\\u0000"}'):
        answer = _ask(route, world, _with(route, world, f'"{name}": {value}'))
        assert_error(answer, 400, "validation_failed", name[:100])
        assert len(answer.raw) < 1_000


@every_route
def test_400_names_the_fields_that_an_empty_body_lacks(world: World, route: Route) -> None:
    model = route.contract.parameters.get("body")
    required = {n for n, field in getattr(model, "model_fields", {}).items() if field.is_required()}
    if not required:
        return  # then an absent body is a good one
    for body in ("", "{}"):
        answer = _ask(route, world, body)
        if len(required) == 1:
            assert_error(answer, 400, "validation_failed", *required)
        else:
            assert_error(answer, 400, "validation_failed")
            assert {error["path"] for error in answer.error["errors"]} == required


@every_route
def test_413_one_byte_above_the_limit(world: World, route: Route) -> None:
    at_limit = _with(route, world, '"x": "')
    filled = at_limit.replace('"x": "', '"x": "' + "a" * (MAX_BYTES - len(at_limit) - 1) + '"')
    assert len(filled) == MAX_BYTES
    assert_error(_ask(route, world, filled), 400, "validation_failed", "x")
    assert_error(_ask(route, world, f"{filled} "), 413, "invalid_request")
    assert_error(_ask(route, world, f"{filled} ".encode()), 413, "invalid_request")
    assert_error(_ask(route, world, "\u05d0" * (MAX_BYTES // 2 + 1)), 413, "invalid_request")


REFUSED_TYPES = [
    "",
    "text/plain",
    "text/json",
    "application/xml",
    "application/jsonp",
    "application/json5",
    "application/problem+json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/json; charset=iso-8859-1",
    "application/json; charset=utf-8; charset=utf-16",
    "application/json, text/plain",
    "application/json\n",
    "*/*",
]


@in_turn(BODY_ROUTES, "media_type", REFUSED_TYPES)
def test_415_for_every_other_media_type(world: World, route: Route, media_type: str) -> None:
    answer = _ask(route, world, _good(route, world), {"Content-Type": media_type})
    assert_error(answer, 415, "invalid_request")


@every_route
def test_415_without_a_media_type(world: World, route: Route) -> None:
    headers = {"Authorization": f"Bearer {world.client.token}", "If-Match": "1"}
    url, body = route.url(world.ids), _good(route, world)
    event, function = http_event(route.method, url, headers, body, False)
    with nothing_written():
        answer = load(function).handler(event, Context())
    refused = Answer(answer["statusCode"], answer["headers"], answer["body"])
    assert_error(refused, 415, "invalid_request")


@in_turn(BODY_ROUTES, "encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip", ""])
def test_415_for_an_encoded_body(world: World, route: Route, encoding: str) -> None:
    for body in (_good(route, world), gzip.compress(_good(route, world).encode())):
        answer = _ask(route, world, body, {"Content-Encoding": encoding})
        assert_error(answer, 415, "invalid_request")


@in_turn(BODY_ROUTES, "body", ["%%%", "e30", "e30=\n=", "e3 0=", "\u05d0", "e30==", "===="])
def test_400_for_bad_base64(world: World, route: Route, body: str) -> None:
    with nothing_written():
        answer = route.ask(world.client, world.ids, body=body, is_base64=True)
    assert_error(answer, 400, "invalid_request")
