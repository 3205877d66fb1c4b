"""AWS Signature Version 4 of a POST without a query, as services that speak JSON ask for.

For what must be asked before the first event, and wants no 120 ms of boto3 for it.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import reduce
from hashlib import sha256

from linkwright.settings import Credentials


def signed(
    headers: Mapping[str, str],
    body: bytes,
    *,
    path: str = "/",
    service: str,
    region: str,
    credentials: Credentials,
    moment: datetime,
) -> dict[str, str]:
    """The headers, in lower case and `host` among them, with those that sign them and the body.

    `path` has nothing in it that would be escaped.
    """
    stamp = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    known = {**headers, "x-amz-date": stamp}
    if credentials.session_token:
        known["x-amz-security-token"] = credentials.session_token
    names = sorted(known)
    lines = [f"{name}:{known[name]}" for name in names]
    canonical = "\n".join(["POST", path, "", *lines, "", ";".join(names), _digest(body)])
    scope = [stamp[:8], region, service, "aws4_request"]
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, "/".join(scope), _digest(canonical.encode())])
    key = reduce(_mac, scope, f"AWS4{credentials.secret_key}".encode())
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{'/'.join(scope)}, "
        f"SignedHeaders={';'.join(names)}, Signature={_mac(key, to_sign).hex()}"
    )
    return {**known, "authorization": authorization}


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()
