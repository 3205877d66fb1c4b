"""The answer to what no route takes."""

import re
from typing import Any

import pytest

from linkwright import http, routes
from linkwright.errors import MethodNotAllowed, ResourceNotFound
from linkwright.http import Request
from tools.routes import table

ORIGIN = "https://app.example.com"


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    class Settings:
        base_path = ""
        cors_origins = frozenset({ORIGIN})

    monkeypatch.setattr(http, "settings", Settings)


def _request(method: str, path: str, **headers: str) -> Request:
    event: dict[str, Any] = {
        "routeKey": "$default",
        "rawPath": path,
        "headers": headers,
        "requestContext": {"http": {"method": method}},
    }
    return Request.from_event(event)


PATHS = [path.replace("{agent_id}", "agt_1").replace("{call_id}", "call_1") for path in table()]
# Of a fixed path also those of the path that has a parameter in its place.
METHODS = {
    path: sorted(
        {
            method
            for known, methods in table().items()
            if re.fullmatch(re.sub(r"{\w+}", "[^/]+", known), path)
            for method in methods
        }
    )
    for path in PATHS
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["DELETE", "HEAD", "TRACE", "get", "PUT", "PATCH"])
def test_405_with_the_methods_that_the_path_has(method: str, path: str) -> None:
    if method in METHODS[path]:
        with pytest.raises(ResourceNotFound):
            routes.unmatched(_request(method, path))
        return
    with pytest.raises(MethodNotAllowed) as refusal:
        routes.unmatched(_request(method, path))
    assert refusal.value.headers == {"Allow": ", ".join(METHODS[path])}


@pytest.mark.parametrize(
    "path",
    [
        *("/", "", "/v1", "/v1/", "/v1/nope", "/v1/whoami/", "/v1/whoami\n", "/V1/WHOAMI"),
        *("/v1/voice/calls/", "/v1/voice/calls/a/b", "//v1/whoami", "/v1xwhoami", "v1/whoami"),
        *("/v1/../v1/whoami", "/v1/whoami\x00", "/v1/voice/calls//", "/{alias}", "/api"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD"])
def test_404_for_a_path_that_no_route_has(method: str, path: str) -> None:
    with pytest.raises(ResourceNotFound):
        routes.unmatched(_request(method, path, Origin=ORIGIN))


@pytest.mark.parametrize("path", PATHS)
def test_404_for_a_route_that_the_gateway_did_not_recognise(path: str) -> None:
    for method in METHODS[path]:
        with pytest.raises(ResourceNotFound):
            routes.unmatched(_request(method, path))


@pytest.mark.parametrize("path", PATHS)
def test_204_for_a_preflight(path: str) -> None:
    known = routes.unmatched(_request("OPTIONS", path, Origin=ORIGIN))
    allowed = ", ".join(METHODS[path])
    assert (known.status, known.body) == (204, "")
    assert known.headers == {
        "Allow": f"OPTIONS, {allowed}",
        "Access-Control-Allow-Methods": allowed,
        "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, If-Match",
        "Access-Control-Max-Age": "600",
    }
    for other in ({}, {"Origin": "https://evil.example.com"}, {"Origin": "null"}):
        answer = routes.unmatched(_request("OPTIONS", path, **other))
        assert (answer.status, answer.headers) == (204, {"Allow": f"OPTIONS, {allowed}"})
