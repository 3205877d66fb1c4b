"""Webhooks, sent and signed as https://www.standardwebhooks.com has it: others' and ours.

Signed are the message's id, its time and its body, by HMAC-SHA256 under a secret that both know. Of
several secrets any will do, and of several signatures: while one is changed there are two.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets as random
from collections.abc import Iterator, Sequence

from pydantic import SecretStr

from linkwright import clock
from linkwright.http import Request
from linkwright.observability import logger

# A message that is older, or from the future, may be somebody else's copy of it.
TOLERANCE_S = 300
# Svix, which sends for others, has names of its own for the same headers.
_PREFIXES = ("webhook", "svix")
_PARTS = ("id", "timestamp", "signature")
_SECRET = "whsec_"  # noqa: S105 -- what secrets begin with
# Of the 24 to 64 that the specification allows.
_SECRET_BYTES = 32
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)


def headers(message_id: str, body: bytes, secrets: Sequence[SecretStr]) -> dict[str, str]:
    """Those that a message of ours goes out with: signed at this moment, by each of the secrets."""
    moment = str(clock.epoch())
    signed = _bytes(f"{message_id}.{moment}.") + body
    signatures = " ".join(f"v1,{_mac(key, signed).decode()}" for key in _keys(secrets))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": signatures,
    }


def new_secret() -> str:
    return _SECRET + base64.b64encode(random.token_bytes(_SECRET_BYTES)).decode()


def is_genuine(request: Request, body: bytes, secrets: Sequence[SecretStr]) -> bool:
    """Whether a message was signed just now by one of the secrets."""
    for prefix in _PREFIXES:
        # All of one name: who sends on for others may add some of the other's.
        parts = [request.headers.get(f"{prefix}-{name}", "") for name in _PARTS]
        if all(parts):
            message_id, moment, signatures = parts
            break
    else:
        return False
    if not _TIME.fullmatch(moment) or abs(clock.epoch() - int(moment)) > TOLERANCE_S:
        return False
    signed = _bytes(f"{message_id}.{moment}.") + body
    given = _bytes(signatures).split(b" ")
    expected = [b"v1," + _mac(key, signed) for key in _keys(secrets)]
    return any(hmac.compare_digest(one, other) for one in given for other in expected)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _mac(key: bytes, signed: bytes) -> bytes:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())


def _keys(secrets: Sequence[SecretStr]) -> Iterator[bytes]:
    for secret in secrets:
        try:
            key = base64.b64decode(secret.get_secret_value().removeprefix(_SECRET), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if key:
            yield key
        else:
            # By an empty key anybody could sign.
            logger().error("a webhook's secret is not of the form whsec_ and base64")
