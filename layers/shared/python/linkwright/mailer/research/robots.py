"""What a site lets us read: its robots.txt, as RFC 9309 has it."""

import codecs
import re
from typing import NamedTuple

from protego import Protego

from linkwright import egress

AGENT = "LinkwrightResearch"
HEADERS = {
    "User-Agent": f"{AGENT}/1.0",
    "Accept": "text/html,application/xhtml+xml,text/plain;q=0.5",
    "Accept-Language": "*",
}
PORTS = frozenset({80, 443})
_MOST_BYTES = 500_000
_REDIRECTS = 5
# Who is meant: what is behind the name, as its version, says nothing (RFC 9309, 2.2.1).
_AGENT_LINE = re.compile(r"(\s*user[ -]?agent\s*:\s*[a-z_-]+).*", re.IGNORECASE)


class Rules(NamedTuple):
    """`parsed` is None where nothing is forbidden, or everything."""

    parsed: Protego | None
    forbids_all: bool = False

    def allow(self, url: str) -> bool:
        if self.parsed is None:
            return not self.forbids_all
        return bool(self.parsed.can_fetch(url, AGENT))

    @property
    def delay_s(self) -> float:
        """How long it asks to wait between two pages."""
        asked = self.parsed.crawl_delay(AGENT) if self.parsed else None
        return float(asked or 0.0)


def read(origin: str, seconds: float) -> Rules:
    """The rules of a site; where they cannot be read, all is forbidden.

    Raises `egress.EgressError` where there is no such site, or it may not be asked.
    """
    try:
        answer = egress.fetch(
            f"{origin}/robots.txt",
            headers=HEADERS,
            timeout_s=seconds,
            max_bytes=_MOST_BYTES,
            redirects=_REDIRECTS,
            ports=PORTS,
        )
    except (egress.TooLarge, egress.BadAnswer):
        return Rules(None, forbids_all=True)
    if 200 <= answer.status < 300:
        return parsed(answer.body)
    # That there is none allows all; that the site cannot say, nothing.
    is_missing = 400 <= answer.status < 500 and answer.status != 429
    return Rules(None, forbids_all=not is_missing)


def parsed(body: bytes) -> Rules:
    """What a robots.txt says, with whatever mark an editor puts before its first line."""
    is_wide = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    lines = body.decode("utf-16" if is_wide else "utf-8-sig", "replace").splitlines()
    return Rules(Protego.parse("\n".join(_AGENT_LINE.sub(r"\1", line) for line in lines)))
