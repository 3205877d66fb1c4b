"""Twilio's connection overrides: how long it waits for a URL, and what it asks again.

They are the URL's fragment, which is neither sent nor signed. Source:
https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
"""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

# Milliseconds, and tries after the first one: what Twilio takes.
_BOUNDS = {"ct": (100, 10_000), "rt": (100, 15_000), "tt": (100, 15_000), "rc": (0, 5)}
_DEFAULTS = {"ct": 5_000, "rt": 15_000, "tt": 15_000, "rc": 1}
_POLICIES = frozenset({"4xx", "5xx", "ct", "rt", "all"})
NOT_CONNECTED, NOT_READ = "ct", "rt"


@dataclass(frozen=True)
class Overrides:
    """Seconds to connect, between two packets, and for all tries; how often, and after what."""

    connect_s: float
    read_s: float
    total_s: float
    retries: int
    policy: frozenset[str]

    def asks_again(self, failure: str | None, tries: int, passed_s: float) -> bool:
        """Whether it does after so many tries, of which the last one failed so."""
        wanted = failure is not None and not self.policy.isdisjoint({failure, "all"})
        return wanted and tries <= self.retries and passed_s < self.total_s


def overrides(url: str) -> Overrides:
    """Those of a URL; what Twilio would not take leaves its default."""
    said = dict(parse_qsl(urlsplit(url).fragment))
    known = {name: _number(said.get(name, ""), name) for name in _BOUNDS}
    policy = frozenset(said.get("rp", NOT_CONNECTED).split(","))
    return Overrides(
        connect_s=known["ct"] / 1000,
        read_s=known["rt"] / 1000,
        total_s=known["tt"] / 1000,
        retries=known["rc"],
        policy=policy if policy <= _POLICIES else frozenset({NOT_CONNECTED}),
    )


def failure(status: int | None) -> str | None:
    """What is wrong with an answer, as a policy calls it; a status of None: there was none."""
    if status is None:
        return NOT_READ
    return f"{status // 100}xx" if status >= 400 else None  # noqa: PLR2004 -- HTTP's


def bare(url: str) -> str:
    """The URL as it is asked and signed."""
    return urlsplit(url)._replace(fragment="").geturl()


def _number(text: str, name: str) -> int:
    least, most = _BOUNDS[name]
    is_one = text.isascii() and text.isdecimal() and least <= int(text) <= most
    return int(text) if is_one else _DEFAULTS[name]
