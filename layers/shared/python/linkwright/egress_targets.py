"""Which URLs and addresses of others may be asked at all. `egress.py` does the asking."""

import encodings.idna  # noqa: F401 -- before the first event, which has a name encoded
import re
import string
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

MAX_URL_CHARS = 2048
DEFAULT_PORTS = {"https": 443, "http": 80}
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

# `urlsplit` drops some of these without a word, and a backslash is a slash to browsers.
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
# No user, no zone, nothing percent-encoded.
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:@%]+)(?::(?P<port>.*))?")
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_MAX_NAME_CHARS = 253
_MAX_PORT = 65535
_NO_HOST = "must name its host as DNS does, or by an address"
# What `getaddrinfo` may take for an IPv4 address in one of its older spellings.
_ENDS_IN_A_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\Z")

# IANA's registries of special purposes and of multicast.
_SPECIAL_V4 = [
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a carrier's customers; a cloud's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's metadata, in no registry
        "169.254.0.0/16",  # link-local; the metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols; a cloud's metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
]
# All that is given out so far; most forms that wrap IPv4 lie outside it.
_GLOBAL_V6 = ip_network("2000::/3")
_SPECIAL_V6 = [
    ip_network(block)
    for block in (
        "2001::/23",  # protocols; Teredo, which wraps IPv4
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which wraps IPv4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
]


class Target(NamedTuple):
    """A URL in one spelling, without its fragment. `path` has the query too."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        return self.origin + self.path


class Malformed(ValueError):
    """A URL of a form that is not allowed: the text says what of it, and quotes nothing."""


def parse(url: str, base: str = "") -> Target:
    """Raises `Malformed` for a form that is not allowed, some of which others would accept."""
    if len(url) > MAX_URL_CHARS:
        raise Malformed(f"must have at most {MAX_URL_CHARS} characters")
    if _UNSAFE.search(url):
        raise Malformed("must have no blank, no backslash and no control character")
    try:
        parts = urlsplit(urljoin(base, url))
    except ValueError:
        raise Malformed(_NO_HOST) from None
    if parts.scheme not in DEFAULT_PORTS or not parts.netloc:
        raise Malformed("must be a URL that begins with https:// or http://")
    name, port = _authority(parts.netloc, parts.scheme)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        return Target(parts.scheme, name, port, quote(path, safe=string.punctuation))
    except UnicodeEncodeError:
        raise Malformed("must be text that can be encoded") from None


def is_wellformed(url: str) -> bool:
    try:
        parse(url)
    except Malformed:
        return False
    return True


def _authority(text: str, scheme: str) -> tuple[str, int]:
    """The host and the port."""
    if "@" in text:
        raise Malformed("must not name a user")
    authority = _AUTHORITY.fullmatch(text)
    if authority is None:
        raise Malformed(_NO_HOST)
    said = authority["port"]
    port = DEFAULT_PORTS[scheme] if said is None else int(said) if _PORT.fullmatch(said) else 0
    if not 0 < port <= _MAX_PORT:
        raise Malformed(f"must have a port from 1 to {_MAX_PORT}, or none")
    try:
        return host(authority["host"]), port
    except ValueError:
        raise Malformed(_NO_HOST) from None


def onward(target: Target, location: str) -> Target:
    """Where a `Location` leads. Raises `ValueError`."""
    # `http.client` reads headers as Latin-1, which keeps the bytes as they came.
    plain = quote(location, safe=string.punctuation, encoding="iso-8859-1")
    found = parse(plain, target.url)
    if (target.scheme, found.scheme) == ("https", "http"):
        raise ValueError
    return found


def host(text: str) -> str:
    """The host as DNS, TLS and HTTP name it. Raises `ValueError`."""
    if text.startswith("["):
        return str(IPv6Address(text[1:-1]))
    name = _ascii(text.lower())
    if _ENDS_IN_A_NUMBER.search(name):
        return str(IPv4Address(name))
    if len(name) > _MAX_NAME_CHARS or not _NAME.fullmatch(name):
        raise ValueError
    return name


def _ascii(name: str) -> str:
    if name.isascii():
        return name
    encoded = name.encode("idna")
    # Full-width digits, other full stops and ß would come back as something else.
    if encoded.decode("idna") != name:
        raise ValueError
    return encoded.decode("ascii")


def has_allowed_port(target: Target, ports: frozenset[int]) -> bool:
    """Port 80 is for http, and http for nothing else."""
    return target.port in ports and (target.scheme == "http") == (target.port == 80)


def is_public(address: str) -> bool:
    """Whether an address that `getaddrinfo` gave is one of the public internet."""
    judged = ip_address(address)
    if isinstance(judged, IPv4Address):
        return not any(judged in block for block in _SPECIAL_V4)
    if judged.scope_id is not None or judged not in _GLOBAL_V6:
        return False
    return not any(judged in block for block in _SPECIAL_V6)


def is_loopback(address: str) -> bool:
    return ip_address(address).is_loopback
