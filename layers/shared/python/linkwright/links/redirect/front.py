"""What may stand before the API: a distribution of CloudFront, which knows more of a visitor.

What it says is believed only beside a secret that it and we alone know, in a header that it adds:
else anybody could say it. docs/domains.md has the set-up.
"""

import hmac
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from linkwright import aws, clock
from linkwright.errors import Unavailable
from linkwright.http import Request
from linkwright.settings import settings
from linkwright.startup import in_advance

HEADER = "x-lw-origin"
# The keys of the deployment's secret: the second one while the first is changed.
_KEYS = ("origin_secret", "origin_secret_before")
# A shorter one could be guessed, and an empty one is everybody's.
MIN_CHARS = 32
# No more often is it read again, whoever sends what it is not.
REREAD_S = 10


class _Known:
    """The secrets of a process, and when they were read."""

    def __init__(self) -> None:
        self.secrets: list[bytes] = []
        self.read_at = 0

    def read(self) -> None:
        self.read_at = clock.epoch()
        try:
            self.secrets = _read()
        except (Unavailable, ValueError):
            # As they were: whoever sends forgeries is not to wear out what others need.
            return

    def has(self, claimed: str) -> bool:
        given = claimed.encode(errors="replace")
        return any(hmac.compare_digest(given, secret) for secret in self.secrets)


@in_advance
@cache
def _known() -> _Known:
    known = _Known()
    if settings().behind_cloudfront:
        known.read()
    return known


def forget() -> None:
    """What a process knows of the secret."""
    _known.cache_clear()


def is_before(request: Request) -> bool:
    """Whether the request came through the distribution: else its headers are anybody's."""
    claimed = request.headers.get(HEADER, "")
    if not claimed or not settings().behind_cloudfront:
        return False
    known = _known()
    if known.has(claimed):
        return True
    # Perhaps it is newer than what we know.
    if clock.epoch() - known.read_at < REREAD_S:
        return False
    known.read()
    return known.has(claimed)


def _read() -> list[bytes]:
    """Without models: this is not worth what loading them costs. Raises `ValueError`."""
    client = aws.secrets_manager()
    found: Mapping[str, Any] = aws.run(
        lambda: client.get_secret_value(SecretId=settings().secret_arn)
    )
    kept = json.loads(found.get("SecretString", "{}"))
    if not isinstance(kept, dict):
        raise ValueError
    said = [kept.get(name) for name in _KEYS]
    return [one.encode() for one in said if isinstance(one, str) and len(one) >= MIN_CHARS]
