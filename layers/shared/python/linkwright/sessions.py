"""Clerk session tokens: RS256 JWTs of people who signed in.

Imported only when such a token comes: verifying needs a JWT library, which API keys do not. With a
pinned key nothing is fetched; else the issuer's JWKS is cached, and no flood of unknown key ids
fetches it more than once in 30 s.
"""

import json
import urllib.request
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from linkwright import clock
from linkwright.errors import InvalidToken, Unavailable
from linkwright.observability import log_failure
from linkwright.settings import settings

ALGORITHM = "RS256"
LEEWAY_S = 5
MAX_LIFETIME_S = 24 * 3600
MAX_TOKEN_CHARS = 8192
JWKS_KEPT_S = 3600
JWKS_REFETCH_S = 30
JWKS_TIMEOUT_S = 1.0
JWKS_MAX_BYTES = 256 * 1024
# Hosts refuse the name that Python's client gives itself.
_ASKING = {"User-Agent": "linkwright", "Accept": "application/json"}
MIN_KEY_BITS = 2048

# Headers that would let a token name the key it is to be judged by.
_REFUSED_HEADERS = frozenset({"jku", "jwk", "x5u", "x5c", "crit"})


@dataclass(frozen=True)
class Session:
    """Who signed in, and for which organisation: the only tenant the token can act for."""

    organisation: str
    subject: str
    id: str
    expires_at: int


def verify(token: str) -> Session:
    """Raises `InvalidToken`, and `Unavailable` where the issuer's keys cannot be had."""
    if len(token) > MAX_TOKEN_CHARS:
        raise InvalidToken
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != ALGORITHM or _REFUSED_HEADERS.intersection(header):
            raise InvalidToken
        # Times are judged below: the library takes strings and floats for them.
        claims = jwt.decode(
            token,
            _key(header.get("kid")),
            algorithms=[ALGORITHM],
            options={
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "verify_aud": False,
            },
        )
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise InvalidToken from None
    _require_times(claims)
    _require_party(claims)
    return _session(claims)


def _require_times(claims: dict[str, Any]) -> None:
    issued, not_before, expires = (_time(claims, name) for name in ("iat", "nbf", "exp"))
    now = clock.epoch()
    begun = not_before - LEEWAY_S <= now and issued - LEEWAY_S <= now
    if not begun or now >= expires + LEEWAY_S or not 0 < expires - issued <= MAX_LIFETIME_S:
        raise InvalidToken


def _time(claims: dict[str, Any], name: str) -> int:
    moment = claims.get(name)
    # A bool is an int to Python, and no time to anybody.
    if not isinstance(moment, int) or isinstance(moment, bool):
        raise InvalidToken
    return moment


def _require_party(claims: dict[str, Any]) -> None:
    if claims.get("iss") != settings().clerk_issuer or claims.get("sts") == "pending":
        raise InvalidToken
    party = claims.get("azp")
    if party is None and settings().clerk_allow_missing_azp:
        return
    if not isinstance(party, str) or party not in settings().clerk_authorized_parties:
        raise InvalidToken


def _session(claims: dict[str, Any]) -> Session:
    # Version 2 of the claims has the organisation in an object, version 1 in claims of its own.
    # The role in either is not read: the membership decides it.
    compact = claims.get("o")
    organisation = compact.get("id") if isinstance(compact, dict) else claims.get("org_id")
    subject = claims.get("sub")
    session_id = claims.get("sid", subject)
    for name in (organisation, subject, session_id):
        if not isinstance(name, str) or not 1 <= len(name) <= 200:
            raise InvalidToken
    return Session(str(organisation), str(subject), str(session_id), claims["exp"])


def _key(kid: object) -> RSAPublicKey:
    if not isinstance(kid, str):
        raise InvalidToken
    if pinned := settings().clerk_public_key:
        if kid != settings().clerk_key_id:
            raise InvalidToken
        return _pinned(pinned)
    return _keys.get(kid)


@cache
def _pinned(pem: str) -> RSAPublicKey:
    import base64

    # With or without its first and last line: a parameter seldom survives line breaks.
    lines = pem.replace("-----BEGIN PUBLIC KEY-----", "").replace("-----END PUBLIC KEY-----", "")
    key = load_der_public_key(base64.b64decode("".join(lines.split())))
    assert isinstance(key, RSAPublicKey)  # noqa: S101 -- a setting of the operator, not input
    return key


class _IssuerKeys:
    """The issuer's keys by id, as of the last fetch."""

    def __init__(self) -> None:
        self._keys: dict[str, RSAPublicKey] = {}
        self._fetched_at = float("-inf")

    def get(self, kid: str) -> RSAPublicKey:
        age = clock.monotonic() - self._fetched_at
        if age > JWKS_KEPT_S or (kid not in self._keys and age > JWKS_REFETCH_S):
            self._fetch()
        if kid not in self._keys:
            # Without any key nothing can be said of the token; with keys it is a stranger's.
            raise InvalidToken if self._keys else Unavailable
        return self._keys[kid]

    def _fetch(self) -> None:
        # A failure counts as a fetch: an issuer in trouble is not asked by every request.
        self._fetched_at = clock.monotonic()
        try:
            request = urllib.request.Request(settings().clerk_jwks_url, headers=_ASKING)  # noqa: S310 -- set by the operator
            with urllib.request.urlopen(request, timeout=JWKS_TIMEOUT_S) as answer:  # noqa: S310
                found = list(json.loads(answer.read(JWKS_MAX_BYTES))["keys"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as failure:
            log_failure("the issuer's keys could not be fetched", failure)
        else:
            self._keys = dict(filter(None, map(_public_key, found)))


def _public_key(jwk: Any) -> tuple[str, RSAPublicKey] | None:  # noqa: ANN401 -- the issuer's own
    """The key under its id; None for one that verifies none of our tokens, whatever it is for."""
    try:
        is_ours = (
            jwk["kty"] == "RSA"
            and jwk.get("use", "sig") == "sig"
            and jwk.get("alg", ALGORITHM) == ALGORITHM
            and "verify" in jwk.get("key_ops", ["verify"])
        )
        key = jwt.PyJWK(jwk, algorithm=ALGORITHM).key if is_ours else None
        if isinstance(key, RSAPublicKey) and key.key_size >= MIN_KEY_BITS:
            return str(jwk["kid"]), key
    except (AttributeError, KeyError, TypeError, ValueError, jwt.PyJWTError) as failure:
        log_failure("a key of the issuer's cannot be used", failure)
    return None


_keys = _IssuerKeys()
