"""Who follows a link: an address, from where, with which agent; and what is kept of that.

An address is kept nowhere. That somebody was here already is known by a hash under the salt of the
day, which goes within two days, as the hashes do.
"""

import hmac
import re
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from linkwright.http import Request
from linkwright.links.redirect import countries
from linkwright.links.redirect.bots import MAX_AGENT_CHARS

# Of whoever runs a crawler, mostly; also one that is cut.
_MAIL_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w.-]*")

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_HOST = re.compile(r"[a-z0-9.-]{1,253}", re.ASCII)
# What browsers take for an address, by its last part.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
# Who has an address of IPv6 has 2^64 of them.
_NETWORK_BITS = 64


class Visitor(NamedTuple):
    """`country` is known only where something before us says it, or a file of the operator's."""

    address: str
    country: str | None
    agent: str
    referrer: str | None

    def hashed(self, salt: bytes) -> str:
        """The same for the same visitor on one day; 64 hexadecimal digits."""
        return _hashed(salt, self.address, self.agent)

    def network_hashed(self, salt: bytes) -> str:
        """Whatever agent it says it is: for what is to be limited."""
        return _hashed(salt, "network", _network(self.address))


def of(request: Request, *, behind_front: bool) -> Visitor:
    headers = request.headers
    address, country = request.source_ip, None
    if behind_front:
        # "198.51.100.10:46532", of IPv6 without brackets.
        address = headers.get("cloudfront-viewer-address", "").rpartition(":")[0] or address
        country = headers.get("cloudfront-viewer-country")
    return Visitor(
        address=address,
        country=_known(country) or _known(countries.of(address)),
        agent=_MAIL_ADDRESS.sub("", headers.get("user-agent", "")[:MAX_AGENT_CHARS]).strip(),
        referrer=_host_of(headers.get("referer", "")),
    )


def _known(country: str | None) -> str | None:
    return country if country and _COUNTRY.fullmatch(country) else None


def _hashed(salt: bytes, *parts: str) -> str:
    # One of which could not be written as another: no address has a line's end.
    said = "\n".join(parts).encode(errors="surrogatepass")
    return hmac.digest(salt, said, "sha256").hex()


def _network(address: str) -> str:
    try:
        judged = ip_address(address.strip("[]"))
    except ValueError:
        return address
    if isinstance(judged, IPv6Address):
        return str(int(judged) >> (128 - _NETWORK_BITS))
    return str(judged)


def _host_of(url: str) -> str | None:
    """A name: an address may be the visitor's own."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    is_address = _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2])
    return host if _HOST.fullmatch(host) and not is_address else None
