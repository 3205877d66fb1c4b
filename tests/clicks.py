"""Clicks as the redirect writes them, what they come to by a count of its own, and their stream."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from linkwright import clock
from linkwright.links import items
from linkwright.table import Item, Table
from linkwright.transaction import Transaction
from tests.client import Context, invoke, stream_event
from tests.factories import Workspace


class Tenant(Protocol):
    """A workspace, or a world of one."""

    @property
    def partition(self) -> str: ...


WORKER = "count_clicks"
TIMEOUT_MS = 60_000
# What is said, and what that is: a device and a browser.
AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Safari/537.36": ("desktop", "Chrome"),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
    " Gecko) Version/17.5 Mobile/15E148 Safari/604.1": ("mobile", "Safari"),
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/126.0.0.0 Mobile Safari/537.36": ("mobile", "Chrome"),
    "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/16.6 Mobile/15E148 Safari/604.1": ("tablet", "Safari"),
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0": (
        "desktop",
        "Firefox",
    ),
    "Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/6.0 TV"
    " Safari/538.1": ("tv", "Safari"),
    "": ("unknown", "unknown"),
    "Something else": ("other", "other"),
}


def click(workspace: Tenant, link: str, at: datetime | None = None, **more: Any) -> Item:
    """As it is stored, of a moment; `more` are its attributes."""
    at = at or clock.now()
    click_id = items.new_click(link)
    key = items.click_key(click_id)
    assert key is not None
    known = {name: value for name, value in more.items() if value is not None}
    return {
        **key.attributes(),
        "partition": workspace.partition,
        "link": link,
        "host": items.OWN_HOST,
        "at": clock.timestamp(at),
        "ttl": int(at.timestamp()) + 90 * 24 * 3600,
        "count": 1,
        **known,
    }


def followed(workspace: Workspace, at: datetime | None = None) -> str:
    """Have a link of its own followed, whose conversions are tracked; returns the click's id."""
    item = click(workspace, workspace.link(track_conversion=True)["id"], at)
    tx = Transaction(workspace.partition, "req_test")
    tx.put(Table.CLICKS, item)
    tx.commit()
    return str(item["sk"])


def conversion(of: Item, event: str, at: datetime, value: int = 0, currency: str = "") -> Item:
    key = items.click_key(of["sk"])
    assert key is not None
    told: Item = {"value": value, "currency": currency} if currency else {}
    copied = ("partition", "link", "host", "domain", "campaign", "qr")
    return {
        **items.conversion_key(key, event).attributes(),
        **{name: of[name] for name in copied if name in of},
        "click": of["sk"],
        "event": event,
        "at": clock.timestamp(at),
        "ttl": int(at.timestamp()) + 90 * 24 * 3600,
        "count": 1,
        **told,
    }


def count(changes: Sequence[Item]) -> Any:
    """Have the worker count what was written."""
    return invoke(WORKER, stream_event(*((None, item) for item in changes)), Context(TIMEOUT_MS))


# ---- a count of its own --------------------------------------------------------------------------

Rows = Mapping[tuple[str, str], Mapping[str, int]]


def brute_force(written: Iterable[Item], zones: Mapping[str, ZoneInfo]) -> Rows:
    """The rows that the clicks come to, by the zones of their partitions."""
    rows: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for item in written:
        utc = clock.parse(item["at"])
        local = utc.astimezone(zones[item["partition"]])
        where = f"W#{item['partition']}"
        of = [f"{where}#LNK#{item['link']}", f"{where}#ALL"]
        of.append(f"{where}#DOM#{item.get('domain', '-')}")
        if "campaign" in item:
            of.append(f"{where}#LCMP#{item['campaign']}")
        if "qr" in item:
            of.append(f"{where}#LNK#{item['link']}#QR")
        for pk in of:
            for name, number in _numbers(item).items():
                rows[pk, local.strftime("%Y%m%d")][name] += number
                rows[pk, utc.strftime("H%Y%m%dT%H")][name] += number
            for letter in _letters(item):
                rows[pk, local.strftime("%Y%m%d")][f"{letter}{local:%H}"] += 1
    return {where: dict(found) for where, found in rows.items()}


def _letters(item: Item) -> str:
    if "event" in item:
        return "c"
    if "bot" in item:
        return "b"
    return "hq" if "qr" in item else "h"


def _numbers(item: Item) -> dict[str, int]:
    if "event" in item:
        worth = {f"value#{item['currency']}": item["value"]} if item.get("value") else {}
        return {"conversions": 1, f"conversion#{item['event']}": 1, **worth}
    if "bot" in item:
        return {"bot_clicks": 1} | ({"previews": 1} if "kind" in item else {})
    device, browser = AGENTS[item.get("ua", "")]
    return {
        "clicks": 1,
        **({"tracked": 1} if item.get("tracks") else {}),
        f"country#{item.get('country', 'unknown')}": 1,
        f"device#{device}": 1,
        f"browser#{browser}": 1,
        f"referrer#{item.get('referrer', 'direct')}": 1,
        **({"qr": 1} if "qr" in item else {}),
    }


def counted(stored: Iterable[Item]) -> Rows:
    """The same of what is stored."""
    return {
        (row["pk"], row["sk"]): {
            name: number
            for name, number in row.items()
            if isinstance(number, int) and name != "ttl"
        }
        for row in stored
    }


def folded(rows: Rows) -> Rows:
    """With all referrers as one, where a row has room for some of them only."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for where, numbers in rows.items():
        found[where] = {n: number for n, number in numbers.items() if "referrer#" not in n}
        several = sum(number for name, number in numbers.items() if "referrer#" in name)
        found[where] |= {"referrer#": several} if several else {}
    return found


# ---- a stream ------------------------------------------------------------------------------------


def delivered(written: Sequence[Item], chance: random.Random) -> Iterator[Sequence[Item]]:
    """In batches, of which one in 20 comes once more, cut at other bounds."""
    at = 0
    while at < len(written):
        end = at + chance.randint(1, 400)
        yield written[at:end]
        if chance.random() < 1 / 20:
            low = max(0, at - chance.randint(0, 300))
            yield written[low : end - chance.randint(0, min(end - low - 1, 100))]
        at = end


def made_up(
    workspaces: Sequence[Workspace], begin: datetime, days: int, number: int, chance: random.Random
) -> list[Item]:
    """Clicks of people and bots in these days, and conversions of some, in the order of time."""
    links = {
        workspace.id: [f"lnk_{workspace.id[3:9]}{at:04}" for at in range(3)]
        for workspace in workspaces
    }
    moments = sorted(
        begin + timedelta(seconds=chance.randrange(days * 24 * 3600)) for _ in range(number)
    )
    found: list[Item] = []
    for at in moments:
        workspace, number = chance.choice(workspaces), chance.randrange(3)
        item = click(
            workspace,
            links[workspace.id][number],
            at,
            # One of them goes to another campaign at noon, and one has none.
            campaign=(None, "lcmp_autumn", f"lcmp_{at.hour // 12}")[number],
            domain=(None, None, "dom_0001")[number],
            country=chance.choice([None, "IL", "NP", "DE"]),
            referrer=chance.choice([None, None, "news.example", "social.example"]),
            ua=chance.choice(list(AGENTS)) or None,
            qr=True if chance.random() < 0.2 else None,
            bot="known_agent" if chance.random() < 0.15 else None,
        )
        if "bot" in item and chance.random() < 0.3:
            item["kind"] = "preview"
        found.append(item)
        if "bot" not in item and chance.random() < 0.05:
            event, later = chance.choice(["signup", "order"]), at + timedelta(minutes=7)
            worth = {"value": chance.randrange(10_000), "currency": chance.choice(["USD", "ILS"])}
            found.append(conversion(item, event, later, **(worth if event == "order" else {})))
    return found
