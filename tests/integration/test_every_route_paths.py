"""Paths, methods and origins: what finds no route, and ids that are none."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.client import Client
from tests.factories import CALLEE
from tests.integration.every_route import (
    ID_ROUTES,
    ROUTES,
    Route,
    World,
    assert_answer,
    assert_error,
    make_world,
    nothing_written,
    same_but_request_id,
    stored,
)
from tests.stack import Stack

ORIGIN = "https://app.example.com"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "CONNECT", "get", "Posts", "*"]


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    world = make_world()
    before = stored(stack, world)
    yield world
    assert stored(stack, world) == before


def _allowed(url: str) -> list[str]:
    """Of a fixed path also those of the path with a parameter in its place."""
    paths = {path for path in {route.path for route in ROUTES} if _is_of(url, path)}
    return sorted({route.method for route in ROUTES if route.path in paths})


def _is_of(url: str, path: str) -> bool:
    return bool(re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), url))


# ---- Ids -----------------------------------------------------------------------------------------

NOT_IDS = {
    "the wrong prefix": "ws_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "another case of a prefix": "AGT_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "no prefix": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "only a prefix": "call_",
    "too short": "call_abc",
    "garbage": "!@$^&*()=,;:'",
    "one character": "x",
    "5,000 characters": "a" * 5_000,
    "an id of 5,000 characters": "agt_" + "a" * 5_000,
    "dots": "%2e%2e",
    "dots twice encoded": "%252e%252e",
    "a null byte": "%00",
    "an id and a null byte": "agt_5fd1a02b%00",
    "an id and a line feed": "agt_5fd1a02b%0a",
    "a blank": "%20",
    "a slash": "agt_5fd1%2fa02b",
    "Hebrew": quote("שלום"),
    "Arabic digits": quote("call_١٢٣٤٥٦"),
    "emoji": quote("🔥"),
    "a hash": "agt_5fd1a02b%23CALL",
    "SQL": quote("' OR '1'='1", safe=""),
    "a template": "{agent_id}",
    "null": "null",
}


@pytest.mark.parametrize("route", ID_ROUTES, ids=str)
def test_404_with_the_same_bytes_for_every_id_that_is_none(world: World, route: Route) -> None:
    kinds = route.kinds
    for kind in kinds:
        missing = world.ids.but(**{kind: f"{kind}_01ARZ3NDEKTSV4RRFFQ69G5FAV"})
        expected = route.ask(world.client, missing)
        assert_error(expected, 404, "resource_not_found")
        for name, text in NOT_IDS.items():
            with nothing_written():
                answer = route.ask(world.client, world.ids.but(**{kind: text}))
            assert_error(answer, 404, "resource_not_found")
            assert same_but_request_id(answer, expected), name


# ---- Routes --------------------------------------------------------------------------------------

NESTED = [
    "/",
    "/v1",
    "/v1/",
    "/v1/nope",
    "/v2/whoami",
    "/V1/whoami",
    "/v1/whoami/",
    "/v1//whoami",
    "//v1/whoami",
    "/v1/voice/calls/",
    "/v1/voice/calls/call_1/more",
    "/v1/%2e%2e/whoami",
    "/v1/../v1/whoami",
    "/v1%252fwhoami",
    "/v1/whoami%0a",
    "/v1/whoami%00",
    "/v1/whoami;x=1",
    "/%D7%A9",
    "/" + "a" * 5_000,
    "/apinope",
    "/apis/ai",
    "/.well-known/security.txt",
]
FLAT = ["/api", "/api/", "/api/ai", "/api/ai/nope", "/api//ai", "/api/%2e%2e/v1", "/api/a%0a"]


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "HEAD", "OPTIONS", "PURGE"])
@pytest.mark.parametrize("client", [None, "known"])
def test_404_for_an_unknown_path(world: World, method: str, client: str | None) -> None:
    asking = world.client if client else Client()
    with nothing_written():
        for path in NESTED:
            assert_error(asking.request(method, path), 404, "resource_not_found")
        for path in FLAT:
            assert_error(asking.request(method, path), 404, "resource_not_found", flat=True)


def test_404_for_a_route_whose_slash_is_encoded(world: World) -> None:
    assert_error(world.client.get("/v1%2fwhoami"), 404, "resource_not_found")
    assert_error(world.client.post("/v1%2fwhoami"), 405, "invalid_request")


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_405_for_a_method_that_the_path_has_not(world: World, path: str) -> None:
    url = next(route.url(world.ids) for route in ROUTES if route.path == path)
    flat = path.startswith("/api/")
    for method in METHODS:
        if method in _allowed(url):
            continue
        with nothing_written():
            for client in (world.client, Client()):
                answer = client.request(method, url)
                assert_error(answer, 405, "invalid_request", flat=flat)
                assert answer.headers["Allow"] == ", ".join(_allowed(url))


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_head_and_options_have_no_effect(world: World, route: Route) -> None:
    for method, status in (("HEAD", 405), ("OPTIONS", 204)):
        for headers in ({}, {"Origin": ORIGIN, "Access-Control-Request-Method": route.method}):
            with nothing_written():
                answer = world.client.request(
                    method, route.url(world.ids), json=route.body(world.ids), headers=headers
                )
            assert_answer(answer)
            assert answer.status == status


# ---- Origins -------------------------------------------------------------------------------------

OTHER_ORIGINS = [
    "https://evil.example.com",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com.evil.com",
    "https://app.example.com/",
    "HTTPS://APP.EXAMPLE.COM",
    "https://xapp.example.com",
    "null",
    "*",
    "",
]


def _cors(headers: object) -> set[str]:
    assert isinstance(headers, dict)
    return {name for name in headers if name.lower().startswith("access-control-")}


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_browser_is_told_something_only_at_the_configured_origin(
    world: World, route: Route
) -> None:
    url = route.url(world.ids)
    for client, status in ((world.client, 204), (Client(), 204)):
        answer = client.request("OPTIONS", url, headers={"Origin": ORIGIN})
        assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert route.method in answer.headers["Access-Control-Allow-Methods"].split(", ")
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"].split(", ")
        assert answer.headers["Vary"] == "Origin"
        assert "Access-Control-Allow-Credentials" not in answer.headers
    # What is paid for is kept: who has no credential is told the same of origins.
    asking = Client() if route.contract.charge else world.client
    for origin in OTHER_ORIGINS:
        for method in ("OPTIONS", "GET"):
            answer = asking.request(method, url, headers={"Origin": origin})
            assert_answer(answer)
            assert _cors(answer.headers) == set(), origin


def test_every_kind_of_answer_can_be_read_at_the_configured_origin(world: World) -> None:
    headers = {"Origin": ORIGIN}
    answers = {
        200: world.client.get("/v1/whoami", headers=headers),
        400: world.client.post("/v1/voice/calls", json={"to": CALLEE}, headers=headers),
        401: Client().get("/v1/whoami", headers=headers),
        404: world.client.get("/v1/nope", headers=headers),
        405: world.client.request("DELETE", "/v1/whoami", headers=headers),
    }
    for status, answer in answers.items():
        assert_answer(answer)
        assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"Request-Id", "Retry-After", "RateLimit", "Idempotent-Replayed"} <= set(exposed)


# ---- Request ids ---------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["Request-Id", "X-Request-Id", "request-id"])
def test_the_request_id_is_ours_whatever_a_client_sends(world: World, header: str) -> None:
    forged = "req_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    for route in ROUTES:
        if route.method == "GET" and not route.contract.charge:
            answer = route.ask(world.client, world.ids, headers={header: forged})
            assert_answer(answer)
            assert answer.status == route.status
            assert forged not in answer.raw + str(answer.headers)
    unknown = world.client.get(f"/v1/{forged}", headers={header: forged})
    assert_error(unknown, 404, "resource_not_found")
    assert not re.search(forged, unknown.raw)
