"""The only way to an address that a customer or a model chose.

A name is resolved once, every address it has is judged, and a judged one is dialled: what the name
says a moment later changes nothing. The texts of errors hold no part of a URL and no header.
"""

import io
import re
import socket
import ssl
import string
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPResponse
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Protocol
from urllib.parse import quote, urljoin, urlsplit

from linkwright import clock, deadline
from linkwright.settings import settings

CONNECT_TIMEOUT_S = 5.0
TOTAL_TIMEOUT_S = 10.0
# What the running function keeps for itself, to store how it went.
RESERVE_S = 1.0
MAX_BYTES = 1_000_000
MAX_HEAD_BYTES = 64 * 1024
# A chunk of one byte is six on the wire.
WIRE_FACTOR = 6
PIECE_BYTES = 16 * 1024
MAX_URL_CHARS = 2048
# A name with many addresses shall not make us knock at each of them.
MAX_DIALLED = 4
HTTPS_ONLY = frozenset({443})
WEB = frozenset({80, 443})

_DEFAULT_PORTS = {"https": 443, "http": 80}
_REDIRECTS = {301, 302, 303, 307, 308}
# All that goes along to another origin: a list of what is secret would forget a name.
_HARMLESS = {"accept", "accept-language", "user-agent"}
_ENCODINGS = {"gzip", "x-gzip", "deflate"}
# `urlsplit` would drop some of these without a word, and a backslash is a slash to browsers.
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:@%]+)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
# What `getaddrinfo` may take for an IPv4 address in one of its older spellings.
_ENDS_IN_A_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?\Z")
_LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1"}

# IANA's special-purpose and multicast registries, and Azure's metadata server, 168.63.129.16.
_SPECIAL_V4 = [
    ip_network(block)
    for block in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 "
        "172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 "
        "192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 "
        "224.0.0.0/4 240.0.0.0/4"
    ).split()
]
# Nothing else is given out; IPv4 in IPv6 clothes is outside it, or among the exceptions.
_GLOBAL_V6 = ip_network("2000::/3")
_SPECIAL_V6 = [
    ip_network(block)
    for block in "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20".split()
]


class EgressError(Exception):
    """No answer. The text may be shown to whoever chose the URL."""


class Refused(EgressError):
    """Nothing was sent: the URL, or an address of its host, is not allowed. A retry is no use."""


class Unreachable(EgressError):
    """The host has no address, or no connection came about."""


class TooSlow(EgressError):
    """The time was up. The request may have arrived."""


class TooLarge(EgressError):
    """More came than was asked for; of a compressed body, more after decompression."""


class BadAnswer(EgressError):
    """What came is not HTTP, or not the whole of it. The request may have arrived."""


@dataclass(frozen=True)
class Answer:
    """Headers by lower-case name; the body decompressed; the URL of the last hop."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


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
) -> Answer:
    """Ask, within `timeout_s` for everything. Raises an `EgressError`.

    A redirect beyond the number allowed, or of anything but GET and HEAD, is the answer.
    """
    within = _Deadline(timeout_s)
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    request = _Request(_target(url), method, lower, body, max_bytes, ports)
    answer = _ask(request, within)
    while redirects and method in {"GET", "HEAD"} and (onward := _onward(request.target, answer)):
        redirects -= 1
        request = _redirected(request, onward)
        answer = _ask(request, within)
    return answer
