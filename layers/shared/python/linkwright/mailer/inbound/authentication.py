"""Whether the mailbox's own host found that a message is from whom it says: by its header alone.

Anybody may write that header. Of a host that puts its name into it, the uppermost one with that
name counts; the host takes out those that came with the message (RFC 8601, 5).
"""

import re
from typing import Literal

from linkwright.mailer.inbound.parsing import Received

Verdict = Literal["pass", "fail", "unknown"]

_HOST = re.compile(r"\s*([A-Za-z0-9._-]{1,255})(?:\s+\d{1,3})?\s*(?:;|$)")
_DMARC = re.compile(r"(?:^|[;\s])dmarc\s?=\s?([a-z]{1,20})")
_COMMENT = re.compile(r"\([^()]{0,500}\)")


def verdict(message: Received, host: str | None) -> Verdict:
    """What that host says of DMARC; without a name, what the uppermost header without one says."""
    results = message.headers.get("authentication-results", ())
    for one in results:
        found = _HOST.match(one)
        if (found[1].lower() if found else None) == (host.lower() if host else None):
            return _of(one)
        if host is None:
            # Whoever is above it wrote later than the host.
            return "unknown"
    return "unknown"


def _of(results: str) -> Verdict:
    told = _DMARC.search(_COMMENT.sub(" ", results.lower()))
    if told is None or told[1] in {"none", "temperror", "permerror", "bestguesspass"}:
        return "unknown"
    return "pass" if told[1] == "pass" else "fail"
