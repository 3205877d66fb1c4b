"""Headers of mails that came from anybody, read by the library's oldest policy and within bounds.

Its newer ones take seconds for a hostile header of some kilobytes.
"""

import re
from collections.abc import Mapping, Sequence
from email.parser import BytesParser
from email.policy import compat32

MAX_BYTES = 64 * 1024
MAX_VALUE_CHARS = 2048
MAX_HEADERS = 200

_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"(?:^|[;\s])(spf|dkim|dmarc)\s*=\s*([a-z]{1,20})\b", re.IGNORECASE)
_HOST = re.compile(r"([A-Za-z0-9._-]{1,255})(?:\s+\d{1,3})?\s*(?:;|$)")
_TAG = re.compile(r"(?:^|;)\s*([a-z]{1,5})\s*=\s*([^;\s]{1,255})")
# Comments within comments: as many as anybody writes.
_DEPTH = 4


def parsed(block: bytes) -> dict[str, list[str]]:
    """Values by their name in lower case, in the order in which they came, unfolded and cut."""
    try:
        message = BytesParser(policy=compat32).parsebytes(block[:MAX_BYTES], headersonly=True)
    except RecursionError:
        return {}
    found: dict[str, list[str]] = {}
    for name, value in message.items()[:MAX_HEADERS]:
        text = " ".join(str(value)[:MAX_VALUE_CHARS].split())
        found.setdefault(name.lower(), []).append(text)
    return found


def authentication(headers: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What the host that took it says of SPF, DKIM and DMARC: its own result stands topmost."""
    text = next(iter(headers.get("authentication-results", [])), "")
    for _ in range(_DEPTH):
        text = _COMMENT.sub(" ", text)
    found: dict[str, str] = {}
    for kind, result in _RESULT.findall(text):
        known = found.get(kind.lower())
        # Of several signatures one that passes is enough.
        if known != "pass":
            found[kind.lower()] = result.lower()
    return found


def judge(headers: Mapping[str, Sequence[str]]) -> str | None:
    """The name under which the host says so; some have none."""
    found = _HOST.match(next(iter(headers.get("authentication-results", [])), ""))
    return found[1].lower() if found else None


def signatures(headers: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """The domain and the selector of each DKIM signature."""
    tags = (dict(_TAG.findall(value)) for value in headers.get("dkim-signature", []))
    return [(one["d"].lower(), one["s"].lower()) for one in tags if {"d", "s"} <= one.keys()]
