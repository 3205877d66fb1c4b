"""Verify a message of a webhook: Python 3.9 or newer, nothing to install."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

TOLERANCE_S = 300


def verify(secret: str, headers: Mapping[str, str], body: bytes) -> Any:  # noqa: ANN401 -- JSON
    """The event, if it was signed with the secret just now. Raises `ValueError` otherwise.

    `headers` have lower-case names. `body` is what came, byte for byte: parsed and written again
    it would be another.
    """
    message_id = headers.get("webhook-id", "")
    moment = headers.get("webhook-timestamp", "")
    if not (message_id and moment.isdecimal() and abs(time.time() - int(moment)) <= TOLERANCE_S):
        raise ValueError("not a message of just now")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{moment}.".encode() + body
    expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # While a secret is rotated there are two signatures: each of both secrets is good.
    for signature in headers.get("webhook-signature", "").split(" "):
        if hmac.compare_digest(signature.encode(), expected):
            return json.loads(body)
    raise ValueError("not signed with this secret")
