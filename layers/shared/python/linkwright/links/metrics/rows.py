"""What is counted of a click, and in which rows.

A row has flat numbers, to which a transaction adds: `clicks`, those of them that are `tracked` and
so may convert, `bot_clicks`, `previews`, `qr`, `conversions`, and by what `country#IL`,
`device#mobile`, `browser#Chrome`, `referrer#news.example`, `conversion#signup`, `value#USD`. A
day's has them by its hours besides: `h00` to `h23` of clicks, `b` of bots, `q` of scans and `c` of
conversions.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.links import items
from linkwright.links.metrics import agents
from linkwright.table import Item, Key

HOURLY_KEPT = timedelta(days=90)
# Of what anybody can make up a row has so many names; what comes after them is counted as OTHER.
MOST_NAMES = 50
OTHER = "other"
# Under which attribute a row has those of a dimension that it has.
OPEN = {"referrer": "in_referrer", "conversion": "in_conversion", "value": "in_value"}
DIRECT = "direct"
UNKNOWN = "unknown"


class Place(NamedTuple):
    """What clicks have in common that are counted together: the same rows are of all of them.

    `hour` as 20261128T17, UTC; `day` as 20261128, in the workspace's zone.
    """

    partition: str
    link: str
    campaign: str | None
    domain: str | None
    hour: str
    day: str
    is_conversion: bool


class Row(NamedTuple):
    key: Key
    adds: Counter[str]
    # Seconds since 1970, of what is kept for a while.
    ttl: int | None


def place(item: Item, zone: ZoneInfo) -> Place:
    at = clock.parse(item["at"])
    return Place(
        partition=item["partition"],
        link=item["link"],
        campaign=item.get("campaign"),
        domain=item.get("domain"),
        hour=at.strftime("%Y%m%dT%H"),
        day=at.astimezone(zone).strftime("%Y%m%d"),
        is_conversion="event" in item,
    )


def rows(of: Place, clicks: Iterable[Item], zone: ZoneInfo) -> list[Row]:
    """What the clicks of a place add, to at most ten rows."""
    all_, scans = Counter[str](), Counter[str]()
    for item in clicks:
        adds = _adds(item, zone)
        all_ += adds
        if item.get("qr"):
            scans += adds
    named = [
        items.link_rows(of.partition, of.link),
        items.workspace_rows(of.partition),
        items.domain_rows(of.partition, of.domain),
    ]
    if of.campaign is not None:
        named.append(items.campaign_rows(of.partition, of.campaign))
    found = [row for name in named for row in _day_and_hour(of, name, all_)]
    if scans:
        found += _day_and_hour(of, items.link_rows(of.partition, of.link, scanned=True), scans)
    return found


def _day_and_hour(of: Place, name: str, adds: Counter[str]) -> Iterable[Row]:
    day, _, hour = of.hour.partition("T")
    began = datetime.strptime(of.hour + "+0000", "%Y%m%dT%H%z")
    of_hour = Counter({what: n for what, n in adds.items() if not is_of_an_hour(what)})
    yield Row(items.day_row(name, of.day), adds, None)
    ttl = int((began + timedelta(hours=1) + HOURLY_KEPT).timestamp())
    yield Row(items.hour_row(name, day, int(hour)), of_hour, ttl)


def is_of_an_hour(name: str) -> bool:
    return len(name) == len("h00") and name[0] in "hbqc" and name[1:].isdigit()


def folded(name: str) -> str | None:
    """What is counted in place of a name for which a row has no room; None: nothing is."""
    dimension = name.partition("#")[0]
    # Money of different kinds makes no sum.
    return None if dimension == "value" else f"{dimension}#{OTHER}"


def names(adds: Iterable[str], dimension: str) -> set[str]:
    """Those of a dimension, with what stands for it."""
    but = f"{dimension}#{OTHER}", f"{dimension}#{DIRECT}"
    return {name for name in adds if name.startswith(f"{dimension}#") and name not in but}


def _adds(item: Item, zone: ZoneInfo) -> Counter[str]:
    hour = f"{clock.parse(item['at']).astimezone(zone).hour:02}"
    if "event" in item:
        return _of_conversion(item, hour)
    if "bot" in item:
        previews = int(item.get("kind") == "preview")
        return +Counter({"bot_clicks": 1, f"b{hour}": 1, "previews": previews})
    agent, scanned = agents.of(item.get("ua", "")), int(bool(item.get("qr")))
    return +Counter(
        {
            "clicks": 1,
            "tracked": int(bool(item.get("tracks"))),
            f"h{hour}": 1,
            "qr": scanned,
            f"q{hour}": scanned,
            f"country#{item.get('country', UNKNOWN)}": 1,
            f"device#{agent.device}": 1,
            f"browser#{agent.browser}": 1,
            f"referrer#{item.get('referrer', DIRECT)}": 1,
        }
    )


def _of_conversion(item: Item, hour: str) -> Counter[str]:
    adds = Counter({"conversions": 1, f"c{hour}": 1, f"conversion#{item['event']}": 1})
    if "value" in item:
        adds[f"value#{item['currency']}"] += int(item["value"])
    return +adds
