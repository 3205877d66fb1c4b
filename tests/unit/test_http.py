"""Requests as plain values: what API Gateway's event says."""

from typing import Any

import pytest

from linkwright import http
from linkwright.errors import InvalidRequest, ValidationFailed
from linkwright.http import Request
from linkwright.settings import Settings

BASE = "/calls/eu"


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    class Mapped:
        base_path = BASE

    monkeypatch.setattr(http, "settings", Mapped)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        *(("", ""), ("https://a.example", ""), ("https://a.example/", "")),
        *(("https://a.example/v", "/v"), ("https://a.example/b/c-d/", "/b/c-d")),
    ],
)
def test_the_base_is_the_path_of_the_public_url(url: str, base: str) -> None:
    told = Settings._make([""] * len(Settings._fields))._replace(public_url=url)
    assert told.base_path == base


@pytest.mark.parametrize(
    ("raw", "base", "path"),
    [
        (f"{BASE}/v1/whoami", BASE, "/v1/whoami"),
        (f"{BASE}{BASE}/x", BASE, f"{BASE}/x"),
        *((path, "", path) for path in ("/v1/whoami", BASE, f"{BASE}x/v1", f"/x{BASE}/v1", "/")),
    ],
)
def test_what_a_domain_puts_before_a_path_is_no_part_of_it(raw: str, base: str, path: str) -> None:
    request = _request(raw)
    assert (request.base, request.path) == (base, path)


def _request(path: str = "/v1/whoami", **changes: Any) -> Request:  # noqa: ANN401
    event = {
        "routeKey": "GET /v1/whoami",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {},
        "requestContext": {"http": {"method": "GET"}},
        **changes,
    }
    return Request.from_event(event)


def test_the_id_of_a_request_is_made_here() -> None:
    one, two = _request(headers={"Request-Id": "req_theirs"}), _request()
    assert one.id != two.id
    assert "theirs" not in one.id


def test_header_names_have_no_case() -> None:
    request = _request(headers={"AUTHORIZATION": "a", "Content-type": "b", "x": "C"})
    assert request.headers == {"authorization": "a", "content-type": "b", "x": "C"}


def test_what_an_event_lacks_is_empty() -> None:
    request = Request.from_event(
        {"routeKey": "$default", "rawPath": "/", "requestContext": {"http": {"method": "GET"}}}
    )
    assert (request.headers, request.path_parameters, request.raw_query) == ({}, {}, "")
    assert request.body() == b""


@pytest.mark.parametrize(
    ("raw", "is_base64", "body"),
    [
        ("{}", False, b"{}"),
        ("שלום", False, "שלום".encode()),
        ("e30=", True, b"{}"),
        ("/w==", True, b"\xff"),
        ("\ud800", False, b"\xed\xa0\x80"),
    ],
)
def test_a_body(raw: str, is_base64: bool, body: bytes) -> None:
    assert _request(body=raw, isBase64Encoded=is_base64).body() == body


@pytest.mark.parametrize("raw", ["e30", "e3 0=", "%", "e30=\n", "שלום", "_w=="])
def test_400_for_a_body_that_is_not_base64(raw: str) -> None:
    with pytest.raises(InvalidRequest):
        _request(body=raw, isBase64Encoded=True).body()


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=", {"a": ""}),
        ("a", {"a": ""}),
        ("&&a=1&", {"a": "1"}),
        ("a=1%202+3", {"a": "1 2 3"}),
        ("a=%D7%A9", {"a": "ש"}),
        ("a=b=c", {"a": "b=c"}),
        ("a=1;b=2", {"a": "1;b=2"}),
        ("a=%2526", {"a": "%26"}),
        ("many=1", {"many": ["1"]}),
        ("many=1&many=2&many=1", {"many": ["1", "2", "1"]}),
        ("many=1,2", {"many": ["1,2"]}),
        ("a[]=1&A=2", {"a[]": "1", "A": "2"}),
    ],
)
def test_a_query(raw: str, values: dict[str, Any]) -> None:
    assert _request(rawQueryString=raw).query(frozenset({"many"})) == values


@pytest.mark.parametrize("raw", ["a=1&a=1", "a=1&b=2&a=", "%61=1&a=2", "many=1&a&a"])
def test_400_for_a_parameter_given_twice(raw: str) -> None:
    with pytest.raises(ValidationFailed) as refusal:
        _request(rawQueryString=raw).query(frozenset({"many"}))
    assert refusal.value.field == "a"


@pytest.mark.parametrize("raw", ["a=%FF", "%FF=1", "a=%ED%A0%80", "many=%C0%80"])
def test_400_for_a_query_that_is_not_utf_8(raw: str) -> None:
    with pytest.raises(InvalidRequest):
        _request(rawQueryString=raw).query(frozenset({"many"}))
