"""API keys as texts: 256 random bits and a check sum."""

import re
import secrets
import zlib

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEY = re.compile(r"lk_(?:live|test)_([0-9A-Za-z]{43})([0-9A-Za-z]{6})")


def new(mode: str) -> str:
    """A key of 256 random bits and a check sum, so that a typo is told without a look-up."""
    secret = _base62(secrets.randbits(256), 43)
    return f"lk_{mode}_{secret}{_checksum(secret)}"


def is_well_formed(token: str) -> bool:
    parts = _KEY.fullmatch(token)
    return bool(parts and _checksum(parts[1]) == parts[2])


def _checksum(secret: str) -> str:
    return _base62(zlib.crc32(secret.encode()), 6)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
