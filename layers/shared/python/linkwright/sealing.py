"""Sealing a secret that is kept in an item, such as a password: an envelope under a key of KMS.

Each seal has a data key of its own, which KMS gives in the clear and sealed; only the sealed one is
kept. Who seals needs no right to open. KMS is told for whom it is, and so is our own cipher: what
was changed, or put into another workspace or entity, does not open, whoever put it there.
"""

import base64
import json
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from linkwright import aws, clock
from linkwright.errors import Unavailable
from linkwright.settings import settings
from linkwright.startup import in_advance

in_advance(aws.kms)

# So long, and so many, data keys are kept in the clear: a worker opens the same ones again.
KEPT_S = 300
KEPT = 64

_VERSION = 1
_KEY_BYTES = 32
_NONCE_BYTES = 12
_LENGTH_BYTES = 2
# At most, as KMS has it.
_SEALED_KEY_BYTES = 6144

_opened: OrderedDict[tuple[str, str, str], tuple[int, bytes]] = OrderedDict()


class Unsealable(Exception):
    """It was changed, or sealed for another workspace or entity; it never opens."""


def seal(secret: str, workspace: str, entity: str) -> str:
    """Text for an item of the entity's. `workspace` is the partition, with its mode.

    Raises `Unavailable`. What comes of it is some 350 characters longer than the secret.
    """
    wanted: dict[str, Any] = {
        "KeyId": settings().kms_key_arn,
        "KeySpec": "AES_256",
        "EncryptionContext": _context(workspace, entity),
    }
    answer = aws.run(lambda: aws.kms().generate_data_key(**wanted))
    data_key = _data_key(answer)
    sealed_key = _bytes(answer, "CiphertextBlob")
    nonce = secrets.token_bytes(_NONCE_BYTES)
    head = bytes([_VERSION]) + len(sealed_key).to_bytes(_LENGTH_BYTES) + sealed_key
    bound = _bound(head, workspace, entity)
    sealed = AESGCM(data_key).encrypt(nonce, secret.encode(), bound)
    return base64.b64encode(head + nonce + sealed).decode()


def reseal(sealed: str, secret: str, workspace: str, entity: str) -> str:
    """Another secret in place of one, under the data key that it had: who opens seals nothing else.

    Raises as `unseal` does.
    """
    head, _, _ = _parts(sealed)
    data_key = _opened_key(head[1 + _LENGTH_BYTES :], workspace, entity)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    bound = _bound(head, workspace, entity)
    fresh = AESGCM(data_key).encrypt(nonce, secret.encode(), bound)
    return base64.b64encode(head + nonce + fresh).decode()


def unseal(sealed: str, workspace: str, entity: str) -> str:
    """Raises `Unsealable`, and `Unavailable` where KMS, or its key, is away."""
    head, nonce, rest = _parts(sealed)
    data_key = _opened_key(head[1 + _LENGTH_BYTES :], workspace, entity)
    try:
        return AESGCM(data_key).decrypt(nonce, rest, _bound(head, workspace, entity)).decode()
    except InvalidTag:
        raise Unsealable from None


def _parts(sealed: str) -> tuple[bytes, bytes, bytes]:
    """The head, which ends with the sealed key, the nonce, and the rest. Raises `Unsealable`."""
    try:
        raw = base64.b64decode(sealed, validate=True)
    except ValueError:
        raise Unsealable from None
    if raw[:1] != bytes([_VERSION]):
        raise Unsealable
    begin = 1 + _LENGTH_BYTES
    end = begin + int.from_bytes(raw[1:begin])
    head, nonce, rest = raw[:end], raw[end : end + _NONCE_BYTES], raw[end + _NONCE_BYTES :]
    # KMS would call such a key a mistake of ours.
    if not begin < end <= begin + _SEALED_KEY_BYTES or len(nonce) < _NONCE_BYTES:
        raise Unsealable
    return head, nonce, rest


def forget() -> None:
    """All data keys in the clear."""
    _opened.clear()


def _opened_key(sealed_key: bytes, workspace: str, entity: str) -> bytes:
    blob = base64.b64encode(sealed_key).decode()
    # With whom it is for, which KMS would judge.
    known = (blob, workspace, entity)
    now = clock.epoch()
    while _opened and next(iter(_opened.values()))[0] <= now - KEPT_S:
        _opened.popitem(last=False)
    if known in _opened:
        return _opened[known][1]
    wanted: dict[str, Any] = {
        "KeyId": settings().kms_key_arn,
        "CiphertextBlob": blob,
        "EncryptionContext": _context(workspace, entity),
    }
    answer = aws.run(lambda: aws.kms().decrypt(**wanted))
    if "__type" in answer:
        raise Unsealable
    _opened[known] = (now, _data_key(answer))
    if len(_opened) > KEPT:
        _opened.popitem(last=False)
    return _opened[known][1]


def _context(workspace: str, entity: str) -> dict[str, str]:
    return {"workspace": workspace, "entity": entity}


def _bound(head: bytes, workspace: str, entity: str) -> bytes:
    """What the cipher refuses to open without."""
    return head + json.dumps(_context(workspace, entity), sort_keys=True).encode()


def _data_key(answer: Mapping[str, object]) -> bytes:
    found = _bytes(answer, "Plaintext")
    if len(found) != _KEY_BYTES:
        raise Unavailable
    return found


def _bytes(answer: Mapping[str, object], name: str) -> bytes:
    """Of an answer; one without it is not KMS's."""
    text = answer.get(name)
    if not isinstance(text, str) or not text:
        raise Unavailable
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Unavailable from None
