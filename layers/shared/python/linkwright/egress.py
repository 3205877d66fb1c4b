"""The only way to an address that a customer or a model chose.

A name is resolved once, every address it has is judged, and a judged one is dialled: what the name
says a moment later changes nothing. The texts of errors hold no part of a URL and no header.
"""

import socket
from collections.abc import Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import NamedTuple, cast

from linkwright import egress_dialling as dialling
from linkwright import egress_targets as targets
from linkwright.egress_dialling import failing_as
from linkwright.egress_limits import (
    BadAnswer,
    Deadline,
    EgressError,
    Refused,
    Response,
    TooLarge,
    TooSlow,
    Unreachable,
    Wire,
    read_body,
)
from linkwright.egress_targets import Target

__all__ = ["BadAnswer", "EgressError", "Refused", "TooLarge", "TooSlow", "Unreachable"]

TOTAL_TIMEOUT_S = 10.0
MAX_BYTES = 1_000_000
# With 80 among the ports, http is allowed.
HTTPS_ONLY = frozenset({443})

_REDIRECTS = {301, 302, 303, 307, 308}
# All that goes along to another origin: a list of what is secret would forget something.
_HARMLESS = {"accept", "accept-language", "user-agent"}


class Answer(NamedTuple):
    """Headers by lower-case name, the body decompressed, the URL of the last hop."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class _Request(NamedTuple):
    target: Target
    method: str
    headers: Mapping[str, str]
    body: bytes | None
    max_bytes: int
    ports: frozenset[int]
    wants_body: bool


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout_s: float = TOTAL_TIMEOUT_S,
    max_bytes: int = MAX_BYTES,
    redirects: int = 0,
    ports: frozenset[int] = HTTPS_ONLY,
    wants_body: bool = True,
) -> Answer:
    """Ask, within `timeout_s` for everything. Raises an `EgressError`.

    A redirect beyond the number allowed, or of anything but GET and HEAD, is the answer. For who
    wants no body, what comes of it does not matter: it is read as far as allowed, and not given.
    """
    within = Deadline(timeout_s)
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    request = _Request(_target(url), method, lower, body, max_bytes, ports, wants_body)
    answer = _ask(request, within)
    while redirects and method in {"GET", "HEAD"} and (onward := _onward(request.target, answer)):
        redirects -= 1
        request = _redirected(request, onward)
        answer = _ask(request, within)
    return answer


def judge(
    url: str, *, timeout_s: float = TOTAL_TIMEOUT_S, ports: frozenset[int] = HTTPS_ONLY
) -> None:
    """Raises what `fetch` would before it connects: early word for whoever chose the URL."""
    dialling.addresses(_target(url), ports, Deadline(timeout_s))


def _target(url: str) -> Target:
    try:
        return targets.parse(url)
    except ValueError:
        raise Refused("the URL has a form that is not allowed") from None


def _onward(target: Target, answer: Answer) -> Target | None:
    location = answer.headers.get("location")
    if answer.status not in _REDIRECTS or location is None:
        return None
    try:
        return targets.onward(target, location)
    except ValueError:
        raise Refused("a redirect leads to a URL that is not allowed") from None


def _redirected(request: _Request, onward: Target) -> _Request:
    if onward.origin == request.target.origin:
        return request._replace(target=onward)
    kept = {name: value for name, value in request.headers.items() if name in _HARMLESS}
    return request._replace(target=onward, headers=kept)


def _ask(request: _Request, within: Deadline) -> Answer:
    found = dialling.addresses(request.target, request.ports, within)
    with closing(dialling.connected(request.target, found, within)) as connection:
        wire = Wire(connection, within)
        _send(request, wire)
        response = Response(cast(socket.socket, wire), method=request.method)
        with failing_as(BadAnswer, "no whole answer"), response:
            return _received(request, response, wire)


def _send(request: _Request, wire: Wire) -> None:
    connection = HTTPConnection(request.target.host, request.target.port)
    connection.sock = cast(socket.socket, wire)
    headers = {**request.headers, "host": request.target.authority, "connection": "close"}
    with failing_as(Unreachable, "the request was not taken"):
        try:
            connection.request(request.method, request.target.path, request.body, headers)
        except (ValueError, HTTPException):
            raise Refused("the request has a form that is not allowed") from None


def _received(request: _Request, response: HTTPResponse, wire: Wire) -> Answer:
    response.begin()
    headers = {
        name.lower(): ", ".join(response.headers.get_all(name, [])) for name in response.headers
    }
    if not request.wants_body:
        wire.expect_body(request.max_bytes)
        with suppress(EgressError, OSError, HTTPException, ValueError):
            response.read(request.max_bytes)
        return Answer(response.status, headers, b"", request.target.url)
    if (response.length or 0) > request.max_bytes:
        raise TooLarge("the answer is too large")
    wire.expect_body(request.max_bytes)
    body = read_body(response.read, headers, request.max_bytes)
    # `read` with a size does not mind an early end.
    if response.length:
        raise BadAnswer("the body is cut")
    return Answer(response.status, headers, body, request.target.url)
