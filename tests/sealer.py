"""KMS in memory: what it sealed it opens under the same key, and for the same context."""

import base64
import json
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from linkwright.table import Item

# Of all keys, and of all that are made: what was sealed before a test outlives it, as in KMS.
_SEALS = AESGCM(bytes(32))
_NONCE_BYTES = 12


class Sealer:
    def generate_data_key(
        self,
        KeyId: str,  # noqa: N803 -- boto3's names
        KeySpec: str,  # noqa: N803
        EncryptionContext: Mapping[str, str],  # noqa: N803
    ) -> Item:
        assert KeySpec == "AES_256"
        made, nonce = secrets.token_bytes(32), secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + _SEALS.encrypt(nonce, made, _bound(KeyId, EncryptionContext))
        return {"KeyId": KeyId, "Plaintext": _text(made), "CiphertextBlob": _text(sealed)}

    def decrypt(
        self,
        KeyId: str,  # noqa: N803
        CiphertextBlob: str,  # noqa: N803
        EncryptionContext: Mapping[str, str],  # noqa: N803
    ) -> Item:
        sealed = base64.b64decode(CiphertextBlob)
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            opened = _SEALS.decrypt(nonce, rest, _bound(KeyId, EncryptionContext))
        except (InvalidTag, ValueError):
            return {"__type": "InvalidCiphertextException"}
        return {"KeyId": KeyId, "Plaintext": _text(opened)}


def _bound(key: str, context: Mapping[str, str]) -> bytes:
    return json.dumps([key, dict(context)], sort_keys=True).encode()


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
