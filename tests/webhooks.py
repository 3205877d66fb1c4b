"""Those who send us webhooks: what they send is signed as they sign it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from linkwright import clock
from tests.client import Answer, Client

BILLING = "/callbacks/billing"
CLERK = "/callbacks/clerk"
_SECRETS = {
    BILLING: "whsec_" + base64.b64encode(b"what the billing system signs by").decode(),
    CLERK: "whsec_" + base64.b64encode(b"what Clerk's sender signs by").decode(),
}
# What is known of them in the deployment's secret.
SECRET = {
    "billing_webhook_secrets": [_SECRETS[BILLING]],
    "clerk_webhook_secrets": [_SECRETS[CLERK]],
}


def secret_of(path: str) -> str:
    return _SECRETS[path]


def is_one(path: str) -> bool:
    return path in _SECRETS


def sign(secret: str, message_id: str, moment: int | str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{moment}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(
    path: str, body: str, *, message_id: str = "msg_1", moment: int | None = None
) -> dict[str, str]:
    """Those of a message that is sent just now, or at a moment."""
    at = clock.epoch() if moment is None else moment
    prefix = "svix" if path == CLERK else "webhook"
    return {
        "Content-Type": "application/json",
        f"{prefix}-id": message_id,
        f"{prefix}-timestamp": str(at),
        f"{prefix}-signature": sign(secret_of(path), message_id, at, body.encode()),
    }


def send(path: str, told: object, **changed: str) -> Answer:
    """Tell something, rightly signed, but for what headers say otherwise."""
    body = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    named = {name.replace("_", "-"): value for name, value in changed.items()}
    return Client().post(path, body=body, headers=headers(path, body) | named)


def resigned(event: Mapping[str, Any]) -> dict[str, Any]:
    """A sample event as if it were sent now."""
    sent = dict(event["headers"]) | {
        name.lower(): value for name, value in headers(event["rawPath"], event["body"]).items()
    }
    return {**event, "headers": sent}
