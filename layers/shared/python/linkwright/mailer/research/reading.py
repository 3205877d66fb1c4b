"""Reading the site of a company: a few pages, as it allows, within a time."""

from typing import NamedTuple
from urllib.parse import urljoin

from linkwright import clock, egress, egress_targets
from linkwright.mailer.research import extraction, robots, site
from linkwright.mailer.research.extraction import Extracted, Unreadable
from linkwright.mailer.research.robots import HEADERS, PORTS, Rules

MOST_PAGES = 5
MOST_BYTES = 1_000_000
# For the site to say at all that it is there, whatever names it may have.
FIRST_S = 4.5
ALL_S = 16.0
_PAGE_S = 6.0
_MOST_HOPS = 3
_MOST_DELAY_S = 3.0
_REDIRECTS = {301, 302, 303, 307, 308}
_PAGES = ("text/html", "application/xhtml+xml", "text/plain")


class Page(NamedTuple):
    """A page that was really read. `text` is what a person sees of it."""

    url: str
    title: str
    text: str
    fetched_at: str


class Site(NamedTuple):
    """What was read, the first page first. Without any `reason` says why."""

    pages: list[Page]
    reason: str | None = None


class _NotRead(Exception):
    """A page is none of those that are read: `reason` is a code of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read(starts: list[str]) -> Site:
    """The site at the first of some addresses that answers. Never raises for what that does."""
    if not starts:
        return Site([], "no_site")
    visit, reason = _Visit(), "site_unreachable"
    for start in starts:
        try:
            home, found = visit.page(start)
        except _NotRead as why:
            reason = why.reason
            if reason != "site_unreachable":
                break
            continue
        return Site([home, *visit.others(home, found.links)])
    return Site([], reason)


class _Visit:
    def __init__(self) -> None:
        now = clock.monotonic()
        self._first_until, self._until = now + FIRST_S, now + ALL_S
        self._rules: dict[site.Origin, Rules] = {}
        self._pause_s = 0.0

    def page(self, url: str, of: str | None = None) -> tuple[Page, Extracted]:
        """A page, wherever it was moved to; `of` a site, nowhere else. Raises `_NotRead`."""
        for _ in range(_MOST_HOPS + 1):
            if not egress_targets.is_wellformed(url):
                raise _NotRead("site_refused")
            if not self._rules_of(url).allow(url):
                raise _NotRead("site_refused")
            answer = self._asked(url)
            onward = answer.headers.get("location")
            if answer.status not in _REDIRECTS or onward is None:
                return self._read(url, answer)
            url = _joined(url, onward)
            if of is not None and not site.is_of(url, of):
                break
        raise _NotRead("site_unreadable")

    def others(self, home: Page, links: list[tuple[str, str]]) -> list[Page]:
        """What else is worth reading, and may be read in time."""
        read: list[Page] = []
        seen = {home.url, home.text}
        for url in list(site.worth_reading(home.url, links))[: 2 * MOST_PAGES]:
            if len(read) == MOST_PAGES - 1 or self._left() <= self._pause_s + 1:
                break
            try:
                clock.sleep(self._pause_s)
                page, _ = self.page(url, home.url)
            except _NotRead:
                continue
            if page.url not in seen and page.text not in seen:
                read.append(page)
                seen |= {page.url, page.text}
        return read

    def _rules_of(self, url: str) -> Rules:
        where = site.origin(url)
        if where not in self._rules:
            is_first = not self._rules
            until = min(self._first_until, self._until) if is_first else self._until
            try:
                rules = robots.read(str(where), max(until - clock.monotonic(), 0.0))
            except egress.Refused:
                raise _NotRead("site_refused") from None
            except egress.EgressError:
                raise _NotRead("site_unreachable") from None
            if rules.delay_s > _MOST_DELAY_S:
                # One page is not too many; the time for others would be over.
                self._until = min(self._until, clock.monotonic() + _PAGE_S)
            self._pause_s = min(rules.delay_s, _PAGE_S)
            self._rules[where] = rules
        return self._rules[where]

    def _asked(self, url: str) -> egress.Answer:
        try:
            return egress.fetch(
                url,
                headers=HEADERS,
                timeout_s=min(_PAGE_S, self._left()),
                max_bytes=MOST_BYTES,
                ports=PORTS,
            )
        except egress.Refused:
            raise _NotRead("site_refused") from None
        except (egress.TooLarge, egress.BadAnswer):
            raise _NotRead("site_unreadable") from None
        except egress.EgressError:
            raise _NotRead("site_unreachable") from None

    def _read(self, url: str, answer: egress.Answer) -> tuple[Page, Extracted]:
        kind, _, rest = answer.headers.get("content-type", "text/html").partition(";")
        if answer.status != 200 or kind.strip().lower() not in _PAGES:
            raise _NotRead("site_unreadable")
        charset = rest.lower().partition("charset=")[2].strip(" \"';")
        try:
            found = extraction.extract(answer.body, charset or "utf-8", self._left())
        except Unreadable:
            raise _NotRead("site_unreadable") from None
        if not found.text.strip():
            raise _NotRead("site_unreadable")
        return Page(url, found.title, found.text, clock.timestamp()), found

    def _left(self) -> float:
        return max(self._until - clock.monotonic(), 0.0)


def _joined(url: str, onward: str) -> str:
    try:
        found = urljoin(url, onward).partition("#")[0]
    except ValueError:
        raise _NotRead("site_unreadable") from None
    if not egress_targets.is_wellformed(found):
        raise _NotRead("site_refused")
    return found
