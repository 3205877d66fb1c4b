"""A stand-in for Clerk: a key pair under the local cloud's data, pinned at deployment."""

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

FILE = "clerk-private-key.pem"
KEY_ID = "ins_local"
ISSUER = "https://clerk.linkwright.invalid"
AUTHORIZED_PARTY = "http://localhost:3000"
ORGANISATION = "org_demo"
USER = "user_demo"
KEY_BITS = 2048


def parameters(directory: Path) -> dict[str, str]:
    """What the template is told: the public key, in one line, and what a token must say."""
    public = _private_key(directory).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "ClerkIssuer": ISSUER,
        "ClerkPublicKey": base64.b64encode(der).decode(),
        "ClerkKeyId": KEY_ID,
        "ClerkAuthorizedParties": AUTHORIZED_PARTY,
    }


def demo(directory: Path) -> dict[str, str]:
    """What whoever signs session tokens of their own needs to know."""
    return {
        "CLERK_PRIVATE_KEY_FILE": str((directory / FILE).resolve()),
        "CLERK_KEY_ID": KEY_ID,
        "CLERK_ISSUER": ISSUER,
        "CLERK_ORG_ID": ORGANISATION,
        "CLERK_USER_ID": USER,
        "CLERK_AUTHORIZED_PARTY": AUTHORIZED_PARTY,
    }


def _private_key(directory: Path) -> rsa.RSAPrivateKey:
    file = directory / FILE
    if not file.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
        file.touch(mode=0o600)
        file.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = load_pem_private_key(file.read_bytes(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 -- made above
    return key
