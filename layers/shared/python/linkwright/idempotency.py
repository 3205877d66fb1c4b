"""Idempotency of POST: the record is part of the transaction of the effect, so both exist or none.

There is no in-progress state to get stuck in. Nobody reads before the commit: a replay is found
because the record's condition fails, and then the record itself tells what was answered. An answer
that holds a secret is sealed by the client's key, of which only a hash is stored.
"""

import hashlib
import hmac
import json
import re
import secrets
from typing import NamedTuple

from linkwright import clock
from linkwright.errors import Conflict, ValidationFailed
from linkwright.table import Item, Key, Table, get
from linkwright.transaction import Transaction

RETENTION_S = 24 * 3600
# DynamoDB deletes expired items late; it may delete these only when no reader could want them.
DELETION_SLACK_S = 3600
_KEY = re.compile(r"[ -~]{1,255}")


class Reply(NamedTuple):
    """An answer as it is kept: what a replay repeats."""

    status: int
    body: str
    location: str | None


class Attempt(NamedTuple):
    """One POST under its idempotency key. Without a key of the client's the request's id serves.

    `sealed_by` is there where the answer holds a secret.
    """

    key: Key
    fingerprint: str
    request_id: str
    sealed_by: str | None = None

    def __repr__(self) -> str:
        return f"Attempt({self.key}, {self.request_id})"

    def record(self, tx: Transaction, reply: Reply) -> None:
        now = clock.epoch()
        item = {
            **self.key.attributes(),
            "st": "DONE",
            "fp": self.fingerprint,
            "request_id": self.request_id,
            "status": reply.status,
            "body": self._sealed(reply.body),
            "location": reply.location,
            "exp": now + RETENTION_S,
            "ttl": now + RETENTION_S + DELETION_SLACK_S,
        }
        tx.record(item, "attribute_not_exists(#pk) OR #exp <= :now", {"now": now})

    def settle(self) -> tuple[Reply, bool] | None:
        """What was answered under this key, and whether to an earlier request; None if nothing.

        Raises `Conflict` where the key was used for another request.
        """
        item = read(self.key, self.fingerprint)
        if item is None:
            return None
        reply = Reply(item["status"], self._unsealed(item["body"]), item["location"])
        return reply, item["request_id"] != self.request_id

    def _sealed(self, body: str) -> str:
        if self.sealed_by is None:
            return body
        # Imported here: few answers hold a secret, and those endpoints import it in advance.
        from linkwright import reply_sealing

        return reply_sealing.seal(body, self.sealed_by, self.key.pk)

    def _unsealed(self, body: str) -> str:
        if self.sealed_by is None:
            return body
        from linkwright import reply_sealing

        return reply_sealing.unseal(body, self.sealed_by, self.key.pk)


def read(key: Key, fingerprint: str) -> Item | None:
    """The record of a key as it is now, if it has not expired.

    Raises `Conflict` where the key was used for another request.
    """
    item = get(Table.IDEM, key)
    if item is None or item["exp"] <= clock.epoch():
        return None
    if item["fp"] != fingerprint:
        raise reused()
    return item


def reused() -> Conflict:
    said = "This Idempotency-Key was used for another request."
    return Conflict(said, reason="idempotency_key_reused")


def in_progress(seconds: int) -> Conflict:
    """While another request with the key may be at work for so long."""
    said = "A request with this Idempotency-Key is being answered."
    headers = {"Retry-After": str(seconds)}
    return Conflict(said, reason="idempotency_key_in_progress", headers=headers)


def begin(
    partition: str,
    request_id: str,
    header: str | None,
    method: str,
    path: str,
    body: Item,
    *,
    secret: str,
    secret_for: str | None = None,
) -> Attempt:
    """Raises `ValidationFailed` for a key that is not 1 to 255 printable ASCII characters.

    The key's scope is the workspace and mode; method, path and body are the fingerprint, made with
    a `secret` of the workspace: else who reads it could try what password a body had. An answer
    with a secret is for one credential, `secret_for`, which is of the fingerprint too: else whoever
    guesses the key would be shown what they may not even ask for.
    """
    if header is None:
        scoped = f"request:{request_id}"
    elif _KEY.fullmatch(header):
        scoped = f"client:{header}"
    else:
        raise ValidationFailed(
            "Header 'Idempotency-Key' must be 1 to 255 printable ASCII characters.",
            field="Idempotency-Key",
        )
    said = _canonical([method, path, body, *filter(None, [secret_for])])
    return Attempt(
        key=Key(f"I#{partition}#{_sha256(scoped)}", "-"),
        fingerprint=hmac.digest(secret.encode(), said.encode(), "sha256").hex(),
        request_id=request_id,
        # Under a request's own id nobody asks again but this very process.
        sealed_by=(header or secrets.token_hex(32)) if secret_for else None,
    )


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
