"""Destinations that the operator blocked: few, and known to a process for half a minute."""

from collections.abc import Iterable
from functools import cache
from ipaddress import IPv6Address
from urllib.parse import urlsplit

from linkwright import clock
from linkwright.errors import Unavailable
from linkwright.links.items import blocked_host_key
from linkwright.startup import in_advance
from linkwright.table import Table, pages

KEPT_S = 30
_PAGE = 500


class _Known:
    def __init__(self) -> None:
        self.hosts: frozenset[str] = frozenset()
        self.read_at: int | None = None

    def read(self) -> None:
        try:
            self.hosts = _read()
        except Unavailable:
            # As they were; who never knew them cannot say where a link may lead.
            if self.read_at is None:
                raise
        self.read_at = clock.epoch()


@cache
def _known() -> _Known:
    return _Known()


@in_advance
def read() -> None:
    _known().read()


def forget() -> None:
    _known.cache_clear()


def is_any(urls: Iterable[str]) -> bool:
    """Whether one of them leads to a host that is blocked, or to one below it.

    Raises `Unavailable`.
    """
    known = _known()
    if known.read_at is None or clock.epoch() - known.read_at >= KEPT_S:
        known.read()
    return bool(known.hosts) and any(known.hosts & _and_above(url) for url in urls)


def _and_above(url: str) -> set[str]:
    name = urlsplit(url).hostname or ""
    if ":" in name:
        # Of its spellings the one that is kept.
        return {str(IPv6Address(name))}
    labels = name.split(".")
    return {".".join(labels[at:]) for at in range(len(labels))}


def _read() -> frozenset[str]:
    read = pages(Table.CORE, blocked_host_key("").pk, limit=_PAGE, strong=True)
    return frozenset(row["sk"] for rows in read for row in rows)
