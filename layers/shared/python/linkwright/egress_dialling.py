"""Connections to addresses that others chose: all are judged, and a judged one is dialled.

A name is resolved once: what it says a moment later changes nothing. `egress.py` asks by HTTP over
it, and the clients of mailboxes speak over `open_connection`.
"""

import socket
import ssl
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from http.client import HTTPException
from typing import Any

from linkwright import egress_targets as targets
from linkwright.egress_limits import (
    Deadline,
    EgressError,
    NoTls,
    Refused,
    TooSlow,
    Unreachable,
    in_time,
)
from linkwright.egress_targets import Target
from linkwright.settings import settings

CONNECT_TIMEOUT_S = 5.0
# A name with many addresses shall not make us knock at each of them.
MAX_DIALLED = 4

Address = tuple[socket.AddressFamily, tuple[Any, ...]]


def open_connection(
    host: str, port: int, ports: frozenset[int], within: Deadline, *, is_secured: bool = True
) -> socket.socket:
    """A connection to a port of a host, over TLS unless that is to be begun by a word of a protocol
    (`secured`). Raises an `EgressError`, before anything is sent where the address is not allowed.
    """
    try:
        target = Target("https", targets.host(host), port, "/")
    except ValueError:
        raise Refused("the host has a form that is not allowed") from None
    found = addresses(target, ports, within)
    return connected(target if is_secured else target._replace(scheme="http"), found, within)


def addresses(target: Target, ports: frozenset[int], within: Deadline) -> list[Address]:
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


def _resolved(target: Target, within: Deadline) -> list[Address]:
    try:
        found = in_time(lambda: _lookup(target.host, target.port), within)
    except (OSError, ValueError):
        found = []
    if not found:
        raise Unreachable("the host has no address")
    return found


def _lookup(host: str, port: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [(family, address) for family, _, _, _, address in found]


def connected(target: Target, found: list[Address], within: Deadline) -> socket.socket:
    connecting, dialled = Deadline(CONNECT_TIMEOUT_S), found[:MAX_DIALLED]
    for behind, (family, address) in zip(range(len(dialled), 0, -1), dialled, strict=True):
        try:
            # One that is dead leaves time for those behind it.
            connection = _dial(family, address, connecting.left(within.left()) / behind)
        except OSError:
            continue
        return secured(connection, target.host, within) if target.scheme == "https" else connection
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


def secured(connection: socket.socket, host: str, within: Deadline) -> socket.socket:
    with closing(connection), failing_as(NoTls, "no TLS connection"):
        connection.settimeout(within.left())
        # From here on the file descriptor is the returned socket's.
        return tls().wrap_socket(connection, server_hostname=host)


@cache
def tls() -> ssl.SSLContext:
    """Once per process: reading all the authorities takes 90 ms of CPU."""
    return ssl.create_default_context()


@contextmanager
def failing_as(kind: type[EgressError], what: str) -> Iterator[None]:
    # Without the cause, whose text may quote what was sent.
    try:
        yield
    except TimeoutError:
        raise TooSlow("the time is up") from None
    except (OSError, HTTPException, ValueError, zlib.error) as failure:
        raise kind(f"{what}: {type(failure).__name__}") from None
