"""A stand-in for Clerk: signs session tokens as it does, and as it never would."""

import base64
import json
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from linkwright import clock

ISSUER = "https://clerk.example.com"
KEY_ID = "ins_test"
PARTY = "https://app.example.com"
LIFETIME_S = 60


@dataclass(frozen=True)
class Signer:
    """One RSA key under one key id."""

    key: rsa.RSAPrivateKey
    kid: str = KEY_ID

    @classmethod
    def new(cls, kid: str = KEY_ID) -> "Signer":
        return cls(rsa.generate_private_key(public_exponent=65537, key_size=2048), kid)

    @property
    def pem(self) -> str:
        public = self.key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def jwk(self) -> dict[str, Any]:
        found: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(
            self.key.public_key(), as_dict=True
        )
        return found | {"kid": self.kid, "alg": "RS256", "use": "sig"}

    def sign(self, claims: dict[str, Any], **headers: Any) -> str:
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.kid, **headers})

    def forge(self, header: dict[str, Any], payload: bytes) -> str:
        """Rightly signed, whatever header and payload say."""
        signed = f"{encode(json.dumps(header).encode())}.{encode(payload)}"
        signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(
            signed.encode(), self.key
        )
        return f"{signed}.{encode(signature)}"


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(organisation: str, subject: str, **changes: Any) -> dict[str, Any]:
    """A session's claims, version 2; a change to None leaves the claim out."""
    now = clock.epoch()
    made = {
        "v": 2,
        "iss": ISSUER,
        "sub": subject,
        "sid": "sess_2abc",
        "azp": PARTY,
        "iat": now,
        "nbf": now - 10,
        "exp": now + LIFETIME_S,
        "sts": "active",
        "o": {"id": organisation, "slg": "acme", "rol": "admin"},
    } | changes
    return {name: value for name, value in made.items() if value is not None}


# ---- what Clerk tells of ------------------------------------------------------------------------

NOW_MS = 1_774_724_640_000


def clerk_event(kind: str, data: dict[str, Any], at: int = 0) -> dict[str, Any]:
    """An event, so many milliseconds after a moment."""
    return {
        "object": "event",
        "type": kind,
        "instance_id": "ins_2abc",
        "timestamp": NOW_MS + at,
        "data": data,
    }


def organisation(org: str, creator: str | None = None, name: str = "Acme") -> dict[str, Any]:
    return {"id": org, "object": "organization", "name": name, "created_by": creator}


def membership(org: str, subject: str, role: str = "org:member") -> dict[str, Any]:
    return {
        "id": "orgmem_2abc",
        "object": "organization_membership",
        "role": role,
        "organization": {"id": org, "name": "Acme"},
        "public_user_data": {"user_id": subject, "identifier": "unverified@example.com"},
    }


def user(subject: str, name: str = "Noa", email: str = "noa@example.com") -> dict[str, Any]:
    return {
        "id": subject,
        "object": "user",
        "first_name": name,
        "last_name": None,
        "primary_email_address_id": "idn_1",
        "email_addresses": [
            {"id": "idn_2", "email_address": "other@x.example", "verification": None},
            {"id": "idn_1", "email_address": email, "verification": {"status": "verified"}},
        ],
    }
