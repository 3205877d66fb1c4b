"""Sealing what is kept of an answer that holds a secret.

The key is made of what only the client knows. Whoever reads the record without it reads nothing.
"""

import base64
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12


def seal(text: str, known: str, place: str) -> str:
    """Text that only `unseal` reads, with what was known and at the place where it was kept."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(known, place).encrypt(nonce, text.encode(), place.encode())
    return base64.b64encode(nonce + sealed).decode()


def unseal(sealed: str, known: str, place: str) -> str:
    """Raises `cryptography.exceptions.InvalidTag` for anything that was not sealed so."""
    raw = base64.b64decode(sealed)
    nonce, rest = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
    return _cipher(known, place).decrypt(nonce, rest, place.encode()).decode()


def _cipher(known: str, place: str) -> AESGCM:
    derived = HKDF(SHA256(), length=32, salt=place.encode(), info=b"linkwright reply")
    return AESGCM(derived.derive(known.encode()))
