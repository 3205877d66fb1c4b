"""Short signatures in addresses that are mailed: whoever has one may do that one thing."""

import base64
import hashlib
import hmac

_BYTES = 16


def made(key: str, purpose: str, *parts: str) -> str:
    """Of parts without a NUL, by a key of the workspace's own and for one purpose alone."""
    message = "\0".join([purpose, *parts]).encode()
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:_BYTES]).rstrip(b"=").decode()


def is_made(signature: str, key: str, purpose: str, *parts: str) -> bool:
    expected = made(key, purpose, *parts)
    return signature.isascii() and hmac.compare_digest(signature, expected)
