"""What is read from the answers of an IMAP host: what is of another form is not there."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

_LISTED = re.compile(rb'\((?P<flags>[^)]*)\) (?:"(?:[^"\\]|\\.)*"|NIL) ?(?P<name>.*)', re.DOTALL)
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,15})\b")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
# That a host has no time, or has had enough for now: by codes (RFC 5530), or in the words of
# Google, Microsoft, Yahoo, Dovecot and Courier, which have them in answer to a password as well.
_FOR_NOW = re.compile(
    r"\[(?:unavailable|inuse|limit|serverbug|overquota)\]|\* bye\b|throttl|back-?off"
    r"|too (?:many|busy)|rate limit|(?:limits?|maximum)[\w ]{0,60} (?:exceeded|hit|reached)"
    r"|exceeded[\w ]{0,40} limits?|unavailable|temporar|try again|later\b|not connected"
    r"|time(?:d ?)?out|overload|shutting down|(?:system|internal|server) error|lookup failed",
    re.IGNORECASE,
)
_MOST_SAID = 1000


class Folder(NamedTuple):
    """`name` is as the host has it, in its encoding; flags in lower case."""

    name: str
    flags: frozenset[str]


def folders(listed: Iterable[Any]) -> Iterator[Folder]:
    for one in listed:
        # A name that is said by its length comes behind what leads to it.
        head, literal = one if isinstance(one, tuple) else (one, None)
        if (found := _LISTED.match(head)) is None:
            continue
        raw = literal if literal is not None else _unquoted(found["name"])
        if raw and raw.isascii() and raw.decode().isprintable():
            flags = found["flags"].decode(errors="replace").lower().split()
            yield Folder(raw.decode(), frozenset(flags))


def literals(answer: Sequence[Any]) -> dict[int, bytes]:
    """What came with a length, by the UID that stands before or behind it."""
    found: dict[int, bytes] = {}
    for at, one in enumerate(answer):
        if isinstance(one, tuple):
            behind = answer[at + 1] if at + 1 < len(answer) else b""
            uid = _UID.search(one[0]) or (isinstance(behind, bytes) and _UID.search(behind))
            if uid:
                found[int(uid[1])] = one[1]
    return found


def size(answer: Iterable[Any]) -> int:
    told = _SIZE.search(_flat(answer))
    return int(told[1]) if told else 0


def _flat(answer: Iterable[Any]) -> bytes:
    return b" ".join(one[0] if isinstance(one, tuple) else one for one in answer)


def number(answer: Sequence[Any]) -> int:
    told = answer[0] if answer else b""
    return int(told) if isinstance(told, bytes) and told.isdigit() and len(told) <= 10 else 0


def _unquoted(text: bytes) -> bytes:
    quoted = _QUOTED.fullmatch(text.strip())
    return re.sub(rb"\\(.)", rb"\1", quoted[1]) if quoted else text.strip()


def quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def is_for_now(said: str) -> bool:
    """Whether a host that refuses may not do so later, whatever it was asked."""
    return _FOR_NOW.search(said[:_MOST_SAID]) is not None
