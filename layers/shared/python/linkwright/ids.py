"""Typed ids: a prefix, an underscore and a ULID, so that the order of ids is the order of time."""

import hashlib
import re
import secrets
from datetime import datetime

from linkwright import clock

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Two digits at a time: each request has an id.
_PAIRS = [high + low for high in _CROCKFORD for low in _CROCKFORD]
_RANDOM_BITS = 80
_TIME_CHARS = 10
# Of a step within a millisecond: nobody guesses it, and hardly ever one leads out of it.
_STEP_BITS = 48
_SHAPE = re.compile(r"[a-z]{2,5}_[0-9A-Za-z]{4,64}", re.ASCII)


_newest = 0


def new(prefix: str) -> str:
    """Of one process each sorts behind the one before it, also within a millisecond: what a request
    makes is listed in the order in which it was made.
    """
    global _newest  # noqa: PLW0603 -- the ids of a process are one row
    drawn = secrets.randbits(_RANDOM_BITS)
    value = clock.epoch_ms() << _RANDOM_BITS | drawn
    if value >> _RANDOM_BITS == _newest >> _RANDOM_BITS:
        value = _newest + 1 + (drawn >> (_RANDOM_BITS - _STEP_BITS))
    _newest = value
    return f"{prefix}_{_text(value)}"


def derived(prefix: str, of: str, *others: str) -> str:
    """The one id for what belongs to several: it has the time of the first, so it sorts by that."""
    digest = hashlib.sha256("#".join([of, *others]).encode()).digest()
    value = int.from_bytes(digest[: _RANDOM_BITS // 8])
    return f"{prefix}_{of.partition('_')[2][:_TIME_CHARS]}{_text(value)[_TIME_CHARS:]}"


def matches(prefix: str, candidate: str) -> bool:
    """Whether the text has the shape of an id of that kind; what has not can exist nowhere."""
    return bool(_SHAPE.fullmatch(candidate)) and candidate.startswith(f"{prefix}_")


def first_at(prefix: str, moment: datetime) -> str:
    """The lowest id that could have been made at the moment or later."""
    return f"{prefix}_{_ulid(_milliseconds(moment), 0)}"


def same_moment(prefix: str, of: str) -> tuple[str, str]:
    """The lowest and the highest id that have the time of another one."""
    time = of.partition("_")[2][:_TIME_CHARS]
    lowest, highest = (end * (26 - _TIME_CHARS) for end in (_CROCKFORD[0], _CROCKFORD[-1]))
    return f"{prefix}_{time}{lowest}", f"{prefix}_{time}{highest}"


def last_before(prefix: str, moment: datetime) -> str:
    """The highest id that could have been made before the moment."""
    return f"{prefix}_{_ulid(max(_milliseconds(moment) - 1, 0), (1 << _RANDOM_BITS) - 1)}"


def _milliseconds(moment: datetime) -> int:
    return min(max(clock.epoch_ms(moment), 0), (1 << 48) - 1)


def _ulid(milliseconds: int, randomness: int) -> str:
    return _text((milliseconds << _RANDOM_BITS) | randomness)


def _text(value: int) -> str:
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10)])
