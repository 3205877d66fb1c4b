"""What a site lets us read: its robots.txt, as RFC 9309 has it."""

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
        return Rules(Protego.parse(answer.body.decode("utf-8", "replace")))
    # That there is none allows all; that the site cannot say, nothing.
    is_missing = 400 <= answer.status < 500 and answer.status != 429
    return Rules(None, forbids_all=not is_missing)
