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
_SHAPE = re.compile(r"[a-z]{2,5}_[0-9A-Za-z]{4,64}", re.ASCII)


def new(prefix: str) -> str:
    return f"{prefix}_{_ulid(clock.epoch_ms(), secrets.randbits(_RANDOM_BITS))}"


def derived(prefix: str, of: str, *others: str) -> str:
    """The one id for what belongs to several: it has the time of the first, so it sorts by that."""
    digest = hashlib.sha256("#".join([of, *others]).encode()).digest()
    value = int.from_bytes(digest[: _RANDOM_BITS // 8])
    return f"{prefix}_{of.partition('_')[2][:_TIME_CHARS]}{_ulid(0, value)[_TIME_CHARS:]}"


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
    value = (milliseconds << _RANDOM_BITS) | randomness
    return "".join([_PAIRS[(value >> shift) & 1023] for shift in range(120, -1, -10)])
