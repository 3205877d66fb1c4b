"""Passwords of links: kept as scrypt, and compared without telling how much of one is right."""

import base64
import hashlib
import hmac
import secrets
import unicodedata

# 16 MB and some tens of milliseconds; what is stored says by what it was made.
_LOG_N, _R, _P = 14, 8, 1
_SALT_BYTES = 16
_MAX_MEMORY = 64 * 1024 * 1024


def hashed(password: str) -> str:
    """Five parts, separated by `$`: the work, the block size, the lanes, the salt, the hash."""
    salt = secrets.token_bytes(_SALT_BYTES)
    digest = _scrypt(password, salt, _LOG_N, _R, _P)
    parts = (str(_LOG_N), str(_R), str(_P), _text(salt), _text(digest))
    return "$".join(parts)


def matches(password: str, stored: str) -> bool:
    log_n, r, p, salt, digest = stored.split("$")
    made = _scrypt(password, base64.b64decode(salt), int(log_n), int(r), int(p))
    return hmac.compare_digest(made, base64.b64decode(digest))


def kept(before: str | None, typed: str | None) -> str | None:
    """What to store of a password: what is stored, if it is of the same one."""
    if typed is None:
        return None
    return before if before and matches(typed, before) else hashed(typed)


def _scrypt(password: str, salt: bytes, log_n: int, r: int, p: int) -> bytes:
    # Keyboards differ in how they compose the same letter.
    typed = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(typed, salt=salt, n=2**log_n, r=r, p=p, maxmem=_MAX_MEMORY)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
