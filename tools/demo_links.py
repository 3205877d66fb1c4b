"""The links of the demo workspace, and what was counted of them: all by days before today.

Seven have a story each, and one campaign has one; the others are there to be ordinary.
"""

import zlib
from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

DAYS = 90
Name = TypeVar("Name", bound=Hashable)

# The stories, and what each is of a link. The numbers of one are what is told of it.
QUIET = "quiet"
EXPIRING = "expiring"
NEAR_CAP = "near_cap"
UNTRACKED_WINNER = "untracked_winner"
BOT_FLOOD = "bot_flood"
DEAD = "dead"
QR_HEAVY = "qr_heavy"

EXPIRES_IN_DAYS = 3
CAP, PASSED = 1_000, 930
# The last day on which anybody followed the one that is dead, in days before today.
DEAD_SINCE = 12
FLOOD_DAYS = (2, 3, 4)
FLOOD_BOTS = 900

DOMAIN_ID = "dom_00d3m001"
DOMAIN = "go.demo-shop.example"
CAMPAIGNS = {
    "lcmp_00d3m001": "Spring sale",
    "lcmp_00d3m002": "Newsletter",
    "lcmp_00d3m003": "Partners",
    "lcmp_00d3m004": "Conference",
    "lcmp_00d3m005": "Help pages",
}
# The one that is far ahead of the others.
CAMPAIGN_AHEAD = "lcmp_00d3m001"

_HOURS = {9: 20, 12: 30, 15: 15, 19: 25, 21: 10}
_COUNTRIES = {"IL": 45, "US": 25, "GB": 15, "DE": 15}
_AGENTS = {
    ("mobile", "Safari"): 35,
    ("mobile", "Chrome"): 30,
    ("desktop", "Chrome"): 25,
    ("desktop", "Firefox"): 10,
}
_REFERRERS = {"direct": 40, "google.com": 30, "facebook.com": 20, "news.example": 10}
_SCANNED_FROM = {"direct": 100}


class Day(NamedTuple):
    """What of a day is counted: people, those of them who scanned, bots, and conversions."""

    clicks: int
    scans: int = 0
    bots: int = 0
    conversions: int = 0


class DemoLink(NamedTuple):
    """`days` by how many days before today; `fields` as a request would have them."""

    id: str
    alias: str
    title: str
    age: int
    days: dict[int, Day]
    campaign: str | None = None
    domain: str | None = None
    tracked: bool = True
    cap: int | None = None
    expires_in: int | None = None

    def fields(self) -> dict[str, Any]:
        named = {"campaign": self.campaign, "domain": self.domain, "click_cap": self.cap}
        return {
            "url": f"https://shop.example.com/{self.alias}",
            "alias": self.alias,
            "title": self.title,
            "tags": ["demo"],
            "track_conversion": self.tracked,
            **{name: value for name, value in named.items() if value is not None},
        }

    @property
    def passed(self) -> int:
        return sum(day.clicks for day in self.days.values())

    @property
    def busiest_week(self) -> int:
        """Clicks of seven days in a row."""
        return max(
            sum(self.days[ago].clicks for ago in range(last, last + 7) if ago in self.days)
            for last in range(1, DAYS + 1)
        )


def _link(number: int, alias: str, title: str, days: dict[int, Day]) -> DemoLink:
    return DemoLink(f"lnk_00d3m0{number:02}", alias, title, max(days) + 1, days)


def _steady(name: str, mean: int, first: int = DAYS, last: int = 1) -> dict[int, Day]:
    """About so many clicks on each day, and fewer on two of each seven."""
    found = {}
    for ago in range(first, last - 1, -1):
        wave = _chance(name, ago) % (mean // 2 + 1) - mean // 4
        clicks = max(mean + wave - (mean // 3 if ago % 7 in (0, 1) else 0), 1)
        found[ago] = Day(clicks, bots=_chance(name, -ago) % 2, conversions=clicks // 10)
    return found


def _now_and_then(name: str, mean: int, first: int) -> dict[int, Day]:
    """On each third day or so."""
    days = _steady(name, mean, first)
    return {ago: day for ago, day in days.items() if _chance(name, ago) % 3 == 0 or ago == first}


def _untracked(days: dict[int, Day]) -> dict[int, Day]:
    return {ago: day._replace(conversions=0) for ago, day in days.items()}


def _chance(name: str, ago: int) -> int:
    return zlib.crc32(f"{name}/{ago}".encode())


def _stories() -> Iterator[tuple[str, DemoLink]]:
    yield QUIET, _link(1, "demo-hours", "Opening hours", _steady(QUIET, 12))
    offer = _link(2, "demo-offer", "The offer of the month", _steady(EXPIRING, 6, 40))
    yield EXPIRING, offer._replace(expires_in=EXPIRES_IN_DAYS)
    capped = {ago: Day(PASSED // 31, conversions=2) for ago in range(31, 0, -1)}
    yield NEAR_CAP, _link(3, "demo-tickets", "Tickets", capped)._replace(cap=CAP)
    many = _untracked(_steady(UNTRACKED_WINNER, 60, 45))
    yield UNTRACKED_WINNER, _link(4, "demo-launch", "The new thing", many)._replace(tracked=False)
    flooded = _steady(BOT_FLOOD, 5, 70)
    flooded |= {ago: flooded[ago]._replace(bots=FLOOD_BOTS) for ago in FLOOD_DAYS}
    yield BOT_FLOOD, _link(5, "demo-prices", "Prices", flooded)
    yield DEAD, _link(6, "demo-webinar", "Webinar", _steady(DEAD, 20, last=DEAD_SINCE))
    scanned = _steady(QR_HEAVY, 14, 60)
    scanned = {ago: day._replace(scans=day.clicks * 6 // 7) for ago, day in scanned.items()}
    yield QR_HEAVY, _link(7, "demo-menu", "The menu on the tables", scanned)


def _others() -> Iterator[DemoLink]:
    for number in range(8, 11):
        name = f"sale{number}"
        days = _steady(name, 48, 50)
        sale = _link(number, f"demo-{name}", f"Sale {number}", days)
        yield sale._replace(campaign=CAMPAIGN_AHEAD)
    behind = [one for one in CAMPAIGNS if one != CAMPAIGN_AHEAD]
    for number in range(11, 41):
        name = f"page{number}"
        days = _now_and_then(name, 3 + number % 4, 60 + number % 31)
        is_tracked = number % 2 == 0
        days = days if is_tracked else _untracked(days)
        yield _link(number, f"demo-{name}", f"Page {number}", days)._replace(
            campaign=behind[number % 4] if number <= 26 else None,
            domain=DOMAIN_ID if number % 5 == 0 else None,
            tracked=is_tracked,
        )


_PLANTED = dict(_stories())
# Which link has which story.
STORIES = {story: link.id for story, link in _PLANTED.items()}
LINKS = (*_PLANTED.values(), *_others())
# For those who want any link: one of a long history, in which nothing is wrong.
LINK_ID, ALIAS = _PLANTED[QUIET].id, _PLANTED[QUIET].alias


def counted(day: Day, *, tracked: bool) -> tuple[Counter[str], Counter[str]]:
    """What the clicks of a day add to rows, as `links/metrics/rows.py` has it: all, and scans."""
    scans = _of_people(day.scans, _SCANNED_FROM)
    if tracked:
        scans["tracked"] = day.scans
    if day.scans:
        scans["qr"] = day.scans
        scans += Counter({f"q{hour:02}": n for hour, n in _parted(day.scans, _HOURS).items()})
    found = scans + _of_people(day.clicks - day.scans, _REFERRERS)
    if tracked:
        found["tracked"] = day.clicks
    if day.bots:
        found["bot_clicks"] = day.bots
        found += Counter({f"b{hour:02}": n for hour, n in _parted(day.bots, _HOURS).items()})
    if day.conversions:
        found["conversions"] = found["conversion#signup"] = day.conversions
        hours = _parted(day.conversions, _HOURS)
        found += Counter({f"c{hour:02}": n for hour, n in hours.items()})
    return found, scans


def _of_people(clicks: int, referrers: dict[str, int]) -> Counter[str]:
    adds = Counter({"clicks": clicks})
    adds.update({f"h{hour:02}": n for hour, n in _parted(clicks, _HOURS).items()})
    adds.update({f"country#{code}": n for code, n in _parted(clicks, _COUNTRIES).items()})
    adds.update({f"referrer#{host}": n for host, n in _parted(clicks, referrers).items()})
    for (device, browser), n in _parted(clicks, _AGENTS).items():
        adds[f"device#{device}"] += n
        adds[f"browser#{browser}"] += n
    return +adds


def _parted(number: int, shares: Mapping[Name, int]) -> Counter[Name]:
    """By shares of a hundred, in whole numbers whose sum is the number."""
    found, taken, reached = Counter[Name](), 0, 0
    for name, share in shares.items():
        reached += share
        found[name] = (number * reached + 50) // 100 - taken
        taken += found[name]
    return found
