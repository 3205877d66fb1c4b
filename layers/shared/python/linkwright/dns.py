"""What DNS says of a name. By dnspython, a package of those functions alone that ask.

Nothing is connected to: what a name leads to is compared, and that is all.
"""

from functools import cache
from ipaddress import ip_address
from typing import Any

import dns.exception
import dns.nameserver
import dns.resolver

from linkwright import clock
from linkwright.settings import settings
from linkwright.startup import in_advance

# All that a look at a name may take, and one question of it.
BUDGET_S = 8.0
QUESTION_S = 3.0
# Names that lead to names: as many as are followed.
_HOPS = 4
_PORT = 53


class Unanswered(Exception):
    """It cannot be known now: nobody answered, or not in time."""


@in_advance
@cache
def _resolver() -> dns.resolver.Resolver:
    servers = settings().dns_servers
    made = dns.resolver.Resolver(configure=not servers)
    if servers:
        made.nameservers = [_server(one) for one in servers]
    # A name is never tried within domains of our own.
    made.search, made.use_search_by_default = [], False
    made.timeout = QUESTION_S
    return made


def forget() -> None:
    """Whom a process asks."""
    _resolver.cache_clear()


class Look:
    """One look at a name, within its budget. Each method raises `Unanswered`."""

    def __init__(self) -> None:
        self._until = clock.monotonic() + BUDGET_S

    def texts(self, name: str) -> list[str]:
        """The TXT records of a name; none, if there is no such name."""
        return [
            b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")
        ]

    def mail_hosts(self, name: str) -> list[str]:
        """Who takes mail for a name, the preferred one first; one that takes none has `.`."""
        found = sorted(self._ask(name, "MX"), key=lambda one: int(one.preference))
        return [one.exchange.to_text(omit_final_dot=True).lower() for one in found]

    def leads_to(self, name: str, targets: tuple[str, ...]) -> bool:
        """Whether a name is led to one of these names and addresses."""
        at = name
        for _ in range(_HOPS):
            onward = self._ask(at, "CNAME")
            if not onward:
                break
            at = onward[0].target.to_text(omit_final_dot=True).lower()
            if at in targets:
                return True
        addresses = [one for one in targets if _is_address(one)]
        names = [one for one in targets if one not in addresses]
        wanted = {ip_address(one).compressed for one in addresses}
        found = self._addresses(name)
        return bool(found & wanted) or any(found & self._addresses(one) for one in names)

    def _addresses(self, name: str) -> set[str]:
        return {
            ip_address(record.address).compressed
            for kind in ("A", "AAAA")
            for record in self._ask(name, kind)
        }

    def _ask(self, name: str, kind: str) -> list[Any]:
        left = self._until - clock.monotonic()
        if left <= 0:
            raise Unanswered
        try:
            found = _resolver().resolve(
                f"{name}.", kind, search=False, lifetime=min(left, QUESTION_S)
            )
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError) as failure:
            raise Unanswered from failure
        return list(found)


def _server(text: str) -> dns.nameserver.Nameserver:
    host, _, port = text.rpartition(":")
    return dns.nameserver.Do53Nameserver(host, int(port))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
