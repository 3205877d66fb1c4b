"""Access tokens for XOAUTH2, by a refresh token, at the token endpoints that are listed here."""

import json
from typing import Literal, NamedTuple
from urllib.parse import urlencode

from linkwright import egress
from linkwright.egress import EgressError
from linkwright.providers.mailbox.types import Failure, MailboxFailed
from linkwright.settings import settings

Provider = Literal["google", "microsoft", "local"]
_ENDPOINTS = {
    "google": "https://oauth2.googleapis.com/token",
    "microsoft": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
}
_MAX_BYTES = 64 * 1024
_MAX_TOKEN_CHARS = 8000


class Grant(NamedTuple):
    """By which a mailbox's owner lets a client of theirs in; public clients have no secret."""

    provider: str
    client_id: str
    client_secret: str | None
    refresh_token: str

    def __repr__(self) -> str:
        return f"Grant({self.provider})"


class Access(NamedTuple):
    """`refresh_token` is the next one, where the endpoint gave another in its place."""

    token: str
    refresh_token: str | None

    def __repr__(self) -> str:
        return "Access()"


def is_known(provider: str) -> bool:
    return _endpoint(provider) is not None


def access(grant: Grant, timeout_s: float) -> Access:
    """Raises `MailboxFailed`."""
    url = _endpoint(grant.provider)
    if url is None:
        raise MailboxFailed(Failure.TOKEN_REFUSED)
    fields = {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}
    fields |= {"client_id": grant.client_id}
    if grant.client_secret is not None:
        fields["client_secret"] = grant.client_secret
    try:
        answer = egress.fetch(
            url,
            method="POST",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(fields).encode(),
            timeout_s=timeout_s,
            max_bytes=_MAX_BYTES,
        )
    except EgressError:
        raise MailboxFailed(Failure.TOKEN_UNAVAILABLE) from None
    if answer.status in {400, 401, 403}:
        raise MailboxFailed(Failure.TOKEN_REFUSED)
    if answer.status != 200:
        raise MailboxFailed(Failure.TOKEN_UNAVAILABLE)
    return _granted(answer.body)


def _granted(body: bytes) -> Access:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        told = None
    token = _token(told, "access_token")
    if token is None:
        raise MailboxFailed(Failure.TOKEN_UNAVAILABLE)
    return Access(token, _token(told, "refresh_token"))


def _token(told: object, name: str) -> str | None:
    """One that may stand in a sentence of XOAUTH2."""
    value = told.get(name) if isinstance(told, dict) else None
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TOKEN_CHARS:
        return None
    return value if value.isascii() and value.isprintable() else None


def _endpoint(provider: str) -> str | None:
    """That of the local cloud's host is known there alone."""
    if provider == "local":
        return settings().mail_oauth_url or None
    return _ENDPOINTS.get(provider)
