"""The only way to an address that a customer or a model chose.

A name is resolved once, every address it has is judged, and a judged one is dialled: what the name
says a moment later changes nothing. The texts of errors hold no part of a URL and no header.
"""

import socket
import ssl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Any, NamedTuple, cast

from linkwright import egress_targets as targets
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
    in_time,
    read_body,
)
from linkwright.egress_targets import Target
from linkwright.settings import settings

__all__ = ["BadAnswer", "EgressError", "Refused", "TooLarge", "TooSlow", "Unreachable"]

CONNECT_TIMEOUT_S = 5.0
TOTAL_TIMEOUT_S = 10.0
MAX_BYTES = 1_000_000
# A name with many addresses shall not make us knock at each of them.
MAX_DIALLED = 4
# With 80 among the ports, http is allowed.
HTTPS_ONLY = frozenset({443})

_REDIRECTS = {301, 302, 303, 307, 308}
# All that goes along to another origin: a list of what is secret would forget something.
_HARMLESS = {"accept", "accept-language", "user-agent"}

_Address = tuple[socket.AddressFamily, tuple[Any, ...]]


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
    _addresses(_target(url), ports, Deadline(timeout_s))


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


def _addresses(target: Target, ports: frozenset[int], within: Deadline) -> list[_Address]:
    """All addresses of the host, if each of them is allowed."""
    # Of the host's spelling, not of its address: other names get no further by the setting.
    local = settings().egress_allows_loopback and target.host in targets.LOOPBACK_HOSTS
    if not local and not targets.has_allowed_port(target, ports):
        raise Refused("the scheme or the port is not allowed")
    allowed = targets.is_loopback if local else targets.is_public
    found = _resolved(target, within)
    if not all(
        family in {socket.AF_INET, socket.AF_INET6} and allowed(address[0])
        for family, address in found
    ):
        raise Refused("the host has an address that is not public")
    return found


def _resolved(target: Target, within: Deadline) -> list[_Address]:
    try:
        found = in_time(lambda: _lookup(target.host, target.port), within)
    except (OSError, ValueError):
        found = []
    if not found:
        raise Unreachable("the host has no address")
    return found


def _lookup(host: str, port: int) -> list[_Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [(family, address) for family, _, _, _, address in found]


def _ask(request: _Request, within: Deadline) -> Answer:
    found = _addresses(request.target, request.ports, within)
    with closing(_connected(request.target, found, within)) as connection:
        wire = Wire(connection, within)
        _send(request, wire)
        response = Response(cast(socket.socket, wire), method=request.method)
        with _failing_as(BadAnswer, "no whole answer"), response:
            return _received(request, response, wire)


def _connected(target: Target, found: list[_Address], within: Deadline) -> socket.socket:
    connecting, dialled = Deadline(CONNECT_TIMEOUT_S), found[:MAX_DIALLED]
    for behind, (family, address) in zip(range(len(dialled), 0, -1), dialled, strict=True):
        try:
            # One that is dead leaves time for those behind it.
            connection = _dial(family, address, connecting.left(within.left()) / behind)
        except OSError:
            continue
        return _secured(connection, target.host, within) if target.scheme == "https" else connection
    within.left()
    raise Unreachable("no connection")


def _dial(
    family: socket.AddressFamily, address: tuple[Any, ...], timeout_s: float
) -> socket.socket:
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def _secured(connection: socket.socket, host: str, within: Deadline) -> socket.socket:
    with closing(connection), _failing_as(Unreachable, "no TLS connection"):
        connection.settimeout(within.left())
        # From here on the file descriptor is the returned socket's.
        return tls().wrap_socket(connection, server_hostname=host)


@cache
def tls() -> ssl.SSLContext:
    """Once per process: reading all the authorities takes 90 ms of CPU."""
    return ssl.create_default_context()


def _send(request: _Request, wire: Wire) -> None:
    connection = HTTPConnection(request.target.host, request.target.port)
    connection.sock = cast(socket.socket, wire)
    headers = {**request.headers, "host": request.target.authority, "connection": "close"}
    with _failing_as(Unreachable, "the request was not taken"):
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


@contextmanager
def _failing_as(kind: type[EgressError], what: str) -> Iterator[None]:
    # Without the cause, whose text may quote what was sent.
    try:
        yield
    except TimeoutError:
        raise TooSlow("the time is up") from None
    except (OSError, HTTPException, ValueError, zlib.error) as failure:
        raise kind(f"{what}: {type(failure).__name__}") from None
